/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/outcome.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    COMPLAIN_EVERY_US = 10000000,
    LATENCY_NEWS_US = 1000, /* the least move of the smoothed latency that is worth a report */
};

void outcome_report(struct target *target)
{
    struct health_report *report = xmemdup(&target->known, sizeof target->known);
    report->letter = (struct letter){ .kind = LETTER_HEALTH_REPORT };
    report->endpoint_slot = target->binding.endpoint_slot;
    report->check_index = target->check_index;
    mailbox_post(target->dispatch->reports, &report->letter);
}

/* ---- evidence ---- */

/* Adds to the text of a finding, as far as it goes. */
__attribute__((format(printf, 2, 3))) static void finding_add(struct finding *finding, const char *format,
                                                              ...)
{
    char more[sizeof finding->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(more, sizeof more, format, arguments);
    va_end(arguments);
    struct finding before = *finding;
    finding_set(finding, before.kind, "%s; %s", before.text, more);
}

static bool certificate_is_near(const struct check *check, int64_t ends_s)
{
    return ends_s != 0 && ends_s * 1000 - clock_wall_ms() < (int64_t)check->warn_before_ms;
}

/* "certificate ends 2026-12-01" while that is near; true if it is. */
static bool finding_warn(const struct check *check, struct finding *finding)
{
    time_t ends = (time_t)finding->certificate_ends_s;
    struct tm tm;
    char date[16];
    if (!certificate_is_near(check, finding->certificate_ends_s) || gmtime_r(&ends, &tm) == NULL)
        return false;
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    finding_add(finding, "certificate ends %s", date);
    return true;
}

static const char *target_name(const struct target *target)
{
    return target->binding.endpoint_name != NULL ? target->binding.endpoint_name : target->peer;
}

static void evidence_set(struct target *target, const struct finding *finding)
{
    struct evidence *evidence = &target->known.evidence;
    static_assert(sizeof evidence->text == sizeof finding->text, "the text is handed on as it is");
    memcpy(evidence->text, finding->text, sizeof evidence->text);
    evidence->certificate_ends_s = finding->certificate_ends_s;
}

/* A certificate comes near its end, or was renewed: the verdict stays, its evidence does not. */
static bool certificate_news(struct target *target, const struct finding *finding, bool is_near)
{
    const struct evidence *evidence = &target->known.evidence;
    if (finding->kind != FINDING_SUCCESS || finding->certificate_ends_s == 0 ||
        target->known.verdict != HEALTH_UP ||
        (is_near == target->is_warned && evidence->certificate_ends_s == finding->certificate_ends_s))
        return false;
    evidence_set(target, finding);
    return true;
}

static void certificate_mark(struct target *target, bool is_near)
{
    target->is_warned = is_near;
    gauge_add(&target->dispatch->counters.certificates_ending, is_near ? 1 : -1);
}

static void certificate_log(struct target *target, const struct finding *finding, bool is_near)
{
    if (is_near == target->is_warned || finding->certificate_ends_s == 0)
        return;
    certificate_mark(target, is_near);
    if (is_near)
        log_warning("health: %s: %s (check %s of %s)", target_name(target), finding->text,
                    target->binding.check->name, target->peer);
}

/* ---- turning ---- */

static void outcome_turn(struct target *target, const struct finding *finding, bool is_up)
{
    struct health_report *known = &target->known;
    known->verdict = is_up ? HEALTH_UP : HEALTH_DOWN;
    known->evidence = (struct evidence){ .since_wall_ms = clock_wall_ms(),
                                         .latency_us = finding->latency_us,
                                         .status = finding->status,
                                         .has_replied = !finding->is_silent };
    evidence_set(target, finding);
    const char *check = target->binding.check->name;
    strncpy(known->evidence.check, check != NULL ? check : "", sizeof known->evidence.check - 1);
    log_notice("health: %s is %s: %s (check %s of %s)", target_name(target), is_up ? "up" : "down",
               finding->text, known->evidence.check, target->peer);
}

/* The endpoint fell once too often: it is not up again before the hold is over. */
static void outcome_hold(struct target *target, struct finding *finding)
{
    const struct check_damping *rules = &target->binding.check->damping;
    uint64_t now_us = clock_monotonic_us();
    char hold[DURATION_TEXT_SIZE];
    if (!damper_fall(&target->damper, rules, now_us))
        return;
    duration_format((target->damper.until_us - now_us) / 1000, hold);
    finding_add(finding, "held down for %s after %u falls", hold, rules->flaps);
    timer_set(&target->dispatch->loop->timers, &target->hold, target->damper.until_us);
}

static void outcome_release(void *owner)
{
    struct target *target = owner;
    struct finding finding = { .kind = FINDING_SUCCESS,
                               .certificate_ends_s = target->known.evidence.certificate_ends_s };
    if (!verdict_is_up(&target->verdict))
        return; /* down anyway; the next rise counts */
    finding_set(&finding, FINDING_SUCCESS, "good again, and the hold is over");
    outcome_turn(target, &finding, true);
    outcome_report(target);
}

/* What the thresholds say, unless it is held down.  True if the verdict that others see has turned. */
static bool outcome_apply(struct target *target, struct finding *finding, bool is_success)
{
    if (!verdict_note(&target->verdict, is_success))
        return false;
    if (damper_holds(&target->damper, clock_monotonic_us()))
        return false; /* seen as down all the time */
    if (!is_success && target->known.verdict == HEALTH_UP)
        outcome_hold(target, finding);
    outcome_turn(target, finding, is_success);
    return true;
}

/* ---- figures ---- */

static uint64_t outcome_age_most_us(const struct check *check)
{
    uint64_t ten_ms = (uint64_t)check->interval_ms * 10;
    return (ten_ms > LATENCY_AGE_LEAST_MS ? ten_ms : LATENCY_AGE_LEAST_MS) * 1000;
}

static void outcome_note_times(struct target *target, const struct finding *finding)
{
    const struct check *check = target->binding.check;
    uint64_t now_us = clock_monotonic_us();
    if (finding->kind == FINDING_SUCCESS)
        times_note(&target->times, finding, now_us);
    times_age(&target->times, now_us, outcome_age_most_us(check));
    if (target->check_index == 0)
        time_board_put(target->dispatch->board, target->binding.endpoint_slot, &target->times,
                       (enum latency_of)check->latency_of);
}

static uint32_t outcome_samples(const struct target *target)
{
    uint32_t samples = target->times.of[target->binding.check->latency_of].samples;
    return samples < LATENCY_CHECKS_LEAST ? samples : LATENCY_CHECKS_LEAST;
}

static uint32_t outcome_settle_ms(const struct target *target)
{
    uint64_t settle_ms =
        (uint64_t)verdict_results_needed(&target->verdict) * target->binding.check->interval_ms;
    return settle_ms < UINT32_MAX ? (uint32_t)settle_ms : UINT32_MAX;
}

/* A tenth of what is near is noise: thousands of endpoints in the same room would report all the time. */
static bool latency_has_moved(const struct health_report *known, uint64_t now_us, uint32_t samples)
{
    uint64_t reported_us = known->latency_us;
    bool was_enough = known->latency_samples >= LATENCY_CHECKS_LEAST;
    if (was_enough != (samples >= LATENCY_CHECKS_LEAST))
        return true;
    uint64_t apart_us = reported_us > now_us ? reported_us - now_us : now_us - reported_us;
    return apart_us * 10 > reported_us && (apart_us >= LATENCY_NEWS_US || reported_us == 0);
}

/* ---- one result ---- */

/* Once in a while is enough: there is one cause for all of them. */
static void dispatch_complain(struct dispatch *dispatch, const struct target *target, const char *words)
{
    uint64_t now_us = clock_monotonic_us();
    if (dispatch->complained_us != 0 && now_us - dispatch->complained_us < COMPLAIN_EVERY_US)
        return;
    dispatch->complained_us = now_us;
    log_warning("health: %s cannot be checked from here: %s", target->peer, words);
}

void outcome_start(struct target *target)
{
    const struct check *check = target->binding.check;
    verdict_start(&target->verdict, check->rise, check->fall);
    target->hold = (struct timer){ .ring = outcome_release, .owner = target };
}

void outcome_restore(struct target *target, const struct known_verdict *known)
{
    verdict_restore(&target->verdict, known->verdict == HEALTH_UP);
    target->known.verdict = known->verdict;
    target->known.evidence = known->evidence;
    target->known.has_replied = known->evidence.has_replied;
    if (certificate_is_near(target->binding.check, known->evidence.certificate_ends_s))
        certificate_mark(target, true);
}

void outcome_note(struct target *target, const struct finding *from)
{
    struct checker_counters *counters = &target->dispatch->counters;
    struct finding finding = *from;
    bool is_success = finding.kind == FINDING_SUCCESS;
    if (finding.kind == FINDING_NONE || (finding.kind == FINDING_UNUSABLE && target->verdict.is_known)) {
        counter_add(&counters->unmeasured);
        dispatch_complain(target->dispatch, target, finding.text);
        return;
    }
    counter_add(is_success ? &counters->succeeded : &counters->failed);
    if (is_success)
        target->known.good_us = clock_monotonic_us();
    if (target->binding.check->confirm && verdict_must_confirm(&target->verdict, is_success)) {
        target_recheck(target);
        return;
    }
    bool is_near = is_success && finding_warn(target->binding.check, &finding);
    outcome_note_times(target, &finding);
    bool has_turned = outcome_apply(target, &finding, is_success);
    bool is_news = !has_turned && certificate_news(target, &finding, is_near);
    if (is_success)
        certificate_log(target, &finding, is_near);
    struct health_report *known = &target->known;
    uint32_t settle_ms = outcome_settle_ms(target), samples = outcome_samples(target);
    uint32_t latency_us = times_mean_us(&target->times, (enum latency_of)target->binding.check->latency_of);
    bool has_moved = latency_has_moved(known, latency_us, samples);
    if (!has_turned && !is_news && !has_moved && settle_ms == known->settle_ms &&
        known->has_replied == !finding.is_silent)
        return;
    known->has_replied = !finding.is_silent;
    known->settle_ms = settle_ms;
    known->latency_us = latency_us;
    known->latency_samples = samples;
    outcome_report(target);
}
