/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/target.h"

#include "base/clock.h"
#include "base/memory.h"
#include "health/binding.h"
#include "health/outcome.h"
#include "health/push.h"

#include <stdlib.h>
#include <string.h>

enum {
    PROBES_MOST = 4, /* under way for one target: timeouts may exceed intervals; or fall, if more */
    /* A fresh daemon knows soon, but thousands of connections in one burst would measure the burst. */
    FIRST_DELAY_MOST_US = 5000,
    FIRST_DELAY_EACH_US = 100,
};

static uint64_t target_interval_us(const struct target *target)
{
    uint32_t interval_ms = target->binding.check->interval_ms;
    return (uint64_t)(interval_ms > 0 ? interval_ms : 1) * 1000;
}

/* The next start is an interval after this one at the latest: so many bad results after a death there are so
 * many intervals gone at most.  Jitter only brings it forward. */
static void target_set_due(struct target *target, uint64_t now_us)
{
    uint64_t interval_us = target_interval_us(target);
    uint64_t jitter_us = interval_us * target->binding.check->jitter_percent / 100;
    if (jitter_us > 0)
        jitter_us = rng_next(&target->dispatch->rng) % jitter_us;
    target->tick_us += interval_us - jitter_us;
    if (target->tick_us <= now_us) /* the machine slept: missed starts are not made up for */
        target->tick_us += ((now_us - target->tick_us) / interval_us + 1) * interval_us;
    timer_set(&target->dispatch->loop->timers, &target->due, target->tick_us);
}

/* Each result that `fall` asks for may be on its way at once. */
static bool target_is_busy(const struct target *target)
{
    unsigned fall = target->binding.check->fall;
    return target->running_count >= (fall > PROBES_MOST ? fall : PROBES_MOST);
}

static void target_due(void *owner)
{
    struct target *target = owner;
    target_set_due(target, clock_monotonic_us());
    if (target->name.name != NULL && !name_is_settled(&target->name))
        target->is_unresolved = true;
    else if (target->queue != NULL || target_is_busy(target))
        counter_add(&target->dispatch->counters.skipped);
    else
        dispatch_queue(target->dispatch, target);
}

void target_recheck(struct target *target)
{
    if (target->queue == NULL && !target_is_busy(target)) /* else a result comes soon anyway */
        dispatch_queue(target->dispatch, target);
}

static void target_name_settled(void *owner)
{
    struct target *target = owner;
    if (target->is_unresolved && target->queue == NULL)
        dispatch_queue(target->dispatch, target);
    target->is_unresolved = false;
}

static void target_find_peer(struct target *target)
{
    const struct check_binding *binding = &target->binding;
    const char *host = binding->check->target_host;
    char literal[ADDRESS_TEXT_SIZE];
    if (host == NULL && binding->address.family != ADDRESS_NONE)
        target->address = binding->address;
    else if (host == NULL)
        host = binding->hostname != NULL ? binding->hostname : "";
    else if (!address_parse(host, &target->address))
        target->address.family = ADDRESS_NONE;
    if (target->address.family != ADDRESS_NONE) {
        address_format(&target->address, literal);
        target->peer = xstrdup(literal);
        return;
    }
    size_t size = strlen(host);
    target->peer = xstrndup(host, size > 1 && host[size - 1] == '.' ? size - 1 : size);
    target->name = (struct name_use){ .settled = target_name_settled, .owner = target };
    name_acquire(target->dispatch->resolver, target->peer, &target->name);
}

static uint64_t target_first_delay_us(const struct target *target)
{
    uint64_t interval_us = target_interval_us(target);
    uint64_t most_us = FIRST_DELAY_EACH_US * (uint64_t)target->dispatch->counters.bindings;
    if (most_us < FIRST_DELAY_MOST_US)
        most_us = FIRST_DELAY_MOST_US;
    return rng_next(&target->dispatch->rng) % (most_us < interval_us ? most_us : interval_us);
}

/* The first start is now; the others get a phase of their own, so that thousands bound at once spread. */
static void target_start_measuring(struct target *target)
{
    const struct check *check = target->binding.check;
    uint64_t now_us = clock_monotonic_us();
    target->port = check->port != 0 ? check->port : probe_types[check->type]->default_port;
    target_find_peer(target);
    target->due = (struct timer){ .ring = target_due, .owner = target };
    target->tick_us = now_us - rng_next(&target->dispatch->rng) % target_interval_us(target);
    timer_set(&target->dispatch->loop->timers, &target->due, now_us + target_first_delay_us(target));
}

static void target_start_listening(struct target *target)
{
    target->peer = xstrdup("reports");
    push_start(target);
}

struct target *target_new(struct dispatch *dispatch, const struct check_binding *binding,
                          uint16_t check_index)
{
    struct target *target = xcalloc(1, sizeof *target);
    target->dispatch = dispatch;
    target->binding = binding_copy(binding);
    target->check_index = check_index;
    outcome_start(target);
    gauge_add(&dispatch->counters.bindings, 1);
    if (target->binding.check->type == CHECK_PUSH)
        target_start_listening(target);
    else
        target_start_measuring(target);
    return target;
}

void target_restore(struct target *target, const struct known_verdict *known)
{
    if (target->binding.check->type == CHECK_PUSH)
        push_restore(target, known);
    if (known->verdict == HEALTH_UP || known->verdict == HEALTH_DOWN)
        outcome_restore(target, known);
}

static void target_drop_running(struct target *target)
{
    while (target->running != NULL) {
        struct probe *probe = target->running;
        target->running = probe->next;
        timer_cancel(&target->dispatch->loop->timers, &probe->deadline);
        probe->type->stop(probe);
        site_leave(&target->dispatch->sites, probe->site);
        probe->type->free(probe);
        gauge_add(&target->dispatch->counters.in_flight, -1);
    }
}

void target_free(struct target *target)
{
    queue_remove(target);
    if (target->check_index == 0)
        time_board_clear(target->dispatch->board, target->binding.endpoint_slot);
    target_drop_running(target);
    if (target->idle != NULL)
        target->idle->type->free(target->idle);
    timer_cancel(&target->dispatch->loop->timers, &target->due);
    timer_cancel(&target->dispatch->loop->timers, &target->hold);
    name_release(&target->name);
    site_release(&target->dispatch->sites, target->site);
    gauge_add(&target->dispatch->counters.bindings, -1);
    if (target->is_warned)
        gauge_add(&target->dispatch->counters.certificates_ending, -1);
    binding_clear(&target->binding);
    free(target->peer);
    free(target);
}

void target_rebind(struct target *target, const struct check_binding *binding, uint16_t check_index)
{
    free(target->binding.endpoint_name); /* the rest is equal; probes hold on to the check they know */
    target->binding.endpoint_name = binding->endpoint_name != NULL ? xstrdup(binding->endpoint_name) : NULL;
    if (target->check_index == check_index)
        return;
    target->check_index = check_index;
    if (target->verdict.is_known)
        outcome_report(target);
}

void probe_end(struct probe *probe, const struct finding *finding)
{
    struct target *target = probe->owner;
    struct probe **place = &target->running;
    while (*place != probe)
        place = &(*place)->next;
    *place = probe->next;
    target->running_count--;
    gauge_add(&target->dispatch->counters.in_flight, -1);
    timer_cancel(&target->dispatch->loop->timers, &probe->deadline);
    probe->type->stop(probe);
    site_leave(&target->dispatch->sites, probe->site);
    if (target->idle == NULL)
        target->idle = probe;
    else
        probe->type->free(probe);
    outcome_note(target, finding);
}

static void probe_expire(void *owner)
{
    struct probe *probe = owner;
    struct finding finding = { 0 };
    probe->type->explain_timeout(probe, &finding);
    probe_end(probe, &finding);
}

static struct probe *target_take_probe(struct target *target)
{
    struct probe *probe = target->idle;
    target->idle = NULL;
    if (probe != NULL)
        return probe;
    const struct check *check = target->binding.check;
    const struct probe_type *type = probe_types[check->type];
    probe = type->new (target->dispatch->shared[check->type], target->dispatch->loop, check, target->peer);
    if (probe->type == NULL)
        probe->type = type;
    probe->check = check;
    probe->owner = target;
    probe->deadline = (struct timer){ .ring = probe_expire, .owner = probe };
    return probe;
}

static bool target_find_address(struct target *target, struct address *out)
{
    *out = target->address;
    return target->name.name == NULL || name_address(&target->name, out);
}

struct site *target_site(struct target *target)
{
    struct address address;
    struct sites *sites = &target->dispatch->sites;
    if (!target_find_address(target, &address))
        return NULL;
    if (target->site != NULL && address_equal(&target->site->address, &address))
        return target->site;
    site_release(sites, target->site);
    target->site = site_acquire(sites, &address);
    return target->site;
}

void target_begin(struct target *target)
{
    struct site *site = target_site(target);
    counter_add(&target->dispatch->counters.started);
    if (site == NULL) {
        struct finding finding = { 0 };
        finding_set(&finding, FINDING_FAILURE, "name %s does not resolve: %s", target->peer,
                    name_problem(&target->name));
        finding.is_silent = true;
        outcome_note(target, &finding);
        return;
    }
    struct probe *probe = target_take_probe(target);
    site_enter(site);
    probe->site = site;
    probe->next = target->running;
    target->running = probe;
    target->running_count++;
    gauge_add(&target->dispatch->counters.in_flight, 1);
    loop_set_timer(target->dispatch->loop, &probe->deadline,
                   (uint64_t)target->binding.check->timeout_ms * 1000);
    probe->type->start(probe, &site->address, target->port);
}
