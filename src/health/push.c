/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/push.h"

#include "base/clock.h"
#include "base/duration.h"
#include "health/outcome.h"

static uint64_t push_ttl_us(const struct target *target)
{
    uint32_t ttl_ms = target->push.ttl_ms != 0 ? target->push.ttl_ms : target->binding.check->ttl_ms;
    return (uint64_t)ttl_ms * 1000;
}

static void push_wait(struct target *target)
{
    loop_set_timer(target->dispatch->loop, &target->due, push_ttl_us(target));
}

/* "no report for 31s"; whole seconds, which is how people count them. */
static void push_explain(const struct target *target, struct finding *out)
{
    char text[DURATION_TEXT_SIZE];
    int64_t age_ms = clock_wall_ms() - target->push.heard_wall_ms,
            ttl_ms = (int64_t)push_ttl_us(target) / 1000;
    if (age_ms < ttl_ms)
        age_ms = ttl_ms; /* the clock was set back */
    duration_format((uint64_t)(target->push.heard_wall_ms != 0 ? age_ms : ttl_ms) / 1000 * 1000, text);
    if (target->push.heard_wall_ms != 0)
        finding_set(out, FINDING_FAILURE, "no report for %s", text);
    else
        finding_set(out, FINDING_FAILURE, "no report yet, within %s", text);
    out->is_silent = true;
}

static void push_is_missed(void *owner)
{
    struct target *target = owner;
    struct finding finding = { 0 };
    push_explain(target, &finding);
    push_wait(target);
    counter_add(&target->dispatch->counters.reports_missed);
    outcome_note(target, &finding);
}

void push_start(struct target *target)
{
    target->due = (struct timer){ .ring = push_is_missed, .owner = target };
    push_wait(target);
}

void push_restore(struct target *target, const struct known_verdict *known)
{
    target->push = (struct push){ known->reported_wall_ms, known->report_ttl_ms };
    push_wait(target);
}

void push_take(struct target *target, const struct check_report *report)
{
    struct finding finding = { 0 };
    target->push = (struct push){ report->wall_ms, report->ttl_ms };
    finding_set(&finding, report->is_up ? FINDING_SUCCESS : FINDING_FAILURE, "reported %s%s%s",
                report->is_up ? "up" : "down", report->message[0] != '\0' ? ": " : "", report->message);
    push_wait(target);
    counter_add(&target->dispatch->counters.reports_taken);
    outcome_note(target, &finding);
}
