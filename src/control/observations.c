/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is checked, and what becomes of what the checks say. */
#include "control/world_parts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "control/calculation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bindings ---- */

static void recalculate(struct world *world, struct entry *entry);

static void set_target(struct entry *entry, const struct compiled_endpoint *compiled)
{
    char address[ADDRESS_TEXT_SIZE] = "";
    const struct check_binding *at = NULL; /* a check with a host of its own measures something else */
    for (size_t i = compiled->check_count; i > 0; i--)
        if (compiled->checks[i - 1].check->target_host == NULL)
            at = &compiled->checks[i - 1];
    if (at != NULL && at->hostname == NULL && at->address.family != ADDRESS_NONE)
        address_format(&at->address, address);
    free(entry->target);
    entry->target = xstrdup(at != NULL && at->hostname != NULL ? at->hostname : address);
}

/* What an earlier process knew of a new endpoint.  True if it was heard of then. */
static bool restore_entry(struct world *world, struct entry *entry, const struct compiled_endpoint *compiled,
                          struct known_verdict *known)
{
    bool has_replied = false;
    for (size_t i = 0; i < compiled->check_count; i++) {
        const char *check = entry->checks[i]->name;
        const struct store_verdict *row = restored_find(world->restored, entry->key, check, entry->target);
        const struct store_report *report = restored_report(world->restored, entry->key, check);
        if (report != NULL) {
            known[i].reported_wall_ms = report->wall_ms;
            known[i].report_ttl_ms = report->ttl_ms;
        }
        if (row == NULL)
            continue;
        known[i].verdict = row->verdict;
        known[i].evidence = row->evidence;
        entry->observed[i].verdict = row->verdict;
        entry->observed[i].evidence = xmemdup(&row->evidence, sizeof row->evidence);
        has_replied |= row->evidence.has_replied;
    }
    return has_replied;
}

static uint32_t silence_window_ms(const struct compiled_endpoint *compiled)
{
    uint32_t window_ms = 0;
    for (size_t i = 0; i < compiled->check_count; i++) {
        uint32_t one_ms = compiled->checks[i].check->interval_ms + compiled->checks[i].check->timeout_ms;
        window_ms = one_ms > window_ms ? one_ms : window_ms;
    }
    return window_ms;
}

void world_bind(struct world *world, struct entry *entry, const struct compiled_endpoint *compiled,
                bool is_new)
{
    size_t count = compiled->check_count;
    struct known_verdict *known = count > 0 ? xcalloc(count, sizeof *known) : NULL;
    uint32_t slot = compiled->endpoint->slot;
    set_target(entry, compiled);
    bool has_replied = is_new && world->restored != NULL && restore_entry(world, entry, compiled, known);
    doubt_bind(world->doubt, slot, count, silence_window_ms(compiled), has_replied, clock_monotonic_ms());
    if (world->checker != NULL)
        checker_bind_known(world->checker, slot, compiled->checks, known, count);
    free(known);
    recalculate(world, entry);
}

static void forget_verdicts(struct world *world, const char *key)
{
    const struct store_verdict none = { .endpoint = (char *)(uintptr_t)key, .verdict = HEALTH_UNKNOWN };
    chronicle_verdict(world->chronicle, &none);
}

void world_unbind(struct world *world, const struct entry *entry)
{
    uint32_t slot = entry->endpoint->slot;
    if (entry->check_count > 0)
        forget_verdicts(world, entry->key);
    world_forget_pace(world, entry);
    doubt_bind(world->doubt, slot, 0, 0, false, 0);
    if (world->checker != NULL)
        checker_bind(world->checker, slot, NULL, 0);
}

/* What nobody took is of endpoints that are gone. */
void world_set_restored(struct world *world, struct restored *restored)
{
    const struct store_verdict *row;
    for (size_t at = 0; (row = restored_next(world->restored, &at)) != NULL;) {
        if (!world_has_endpoint(world, row->endpoint))
            forget_verdicts(world, row->endpoint);
    }
    world_forget_gone_paces(world);
    restored_free(world->restored);
    world->restored = restored;
}

/* ---- observations ---- */

static struct entry *entry_of(const struct world *world, const struct health_report *report)
{
    struct entry *entry = world_entry(world, report->endpoint_slot);
    if (entry == NULL || report->check_index >= entry->check_count)
        return NULL; /* it went while the report was on its way */
    return entry;
}

static void write_down(struct world *world, const struct entry *entry, uint8_t before,
                       const struct health_report *report)
{
    const struct store_verdict row = { .endpoint = entry->key,
                                       .target = entry->target,
                                       .verdict = report->verdict,
                                       .evidence = report->evidence };
    chronicle_verdict(world->chronicle, &row);
    if (entry->check_count > 1)
        transitions_check(world->transitions, entry->key, before, report->verdict, &report->evidence);
}

static void believe(struct world *world, struct entry *entry, const struct health_report *report)
{
    struct observation *observed = &entry->observed[report->check_index];
    bool is_news = observed->evidence == NULL ||
                   observed->evidence->since_wall_ms != report->evidence.since_wall_ms ||
                   strcmp(observed->evidence->check, report->evidence.check) != 0 ||
                   strcmp(observed->evidence->text, report->evidence.text) != 0 ||
                   observed->evidence->certificate_ends_s != report->evidence.certificate_ends_s;
    if (is_news && report->verdict != HEALTH_UNKNOWN)
        write_down(world, entry, observed->verdict, report);
    observed->verdict = report->verdict;
    observed->settle_ms = report->settle_ms;
    observed->latency_us = report->latency_us;
    observed->latency_samples = report->latency_samples;
    observed->good_us = report->good_us;
    if (is_news && report->verdict != HEALTH_UNKNOWN) {
        edition_replaced(&world->edition, observed->evidence, NULL);
        observed->evidence = xmemdup(&report->evidence, sizeof report->evidence);
    }
    world_mark_dirty(world, entry);
}

/* Inputs stand in front of what follows from them, so one pass settles all. */
static void recalculate(struct world *world, struct entry *entry)
{
    for (size_t i = 0; i < entry->check_count; i++) {
        const struct check *check = entry->checks[i];
        const struct observation *observed = &entry->observed[i];
        struct calculation found;
        if (check->type != CHECK_CALCULATED)
            continue;
        calculate(check, entry->checks, entry->observed, entry->check_count, &found);
        struct health_report report = { .check_index = (uint16_t)i,
                                        .verdict = found.verdict,
                                        .settle_ms = found.settle_ms };
        bool stays = observed->evidence != NULL && observed->verdict == found.verdict;
        report.evidence.since_wall_ms = stays ? observed->evidence->since_wall_ms : clock_wall_ms();
        snprintf(report.evidence.text, sizeof report.evidence.text, "%s", found.text);
        snprintf(report.evidence.check, sizeof report.evidence.check, "%s", check->name);
        believe(world, entry, &report);
    }
}

void world_observe(struct world *world, const struct health_report *report)
{
    struct entry *entry = entry_of(world, report);
    if (entry != NULL && doubt_take(world->doubt, report, entry->observed[report->check_index].verdict,
                                    clock_monotonic_ms())) {
        believe(world, entry, report);
        recalculate(world, entry);
    }
}

enum doubt_turn world_judge(struct world *world, uint64_t now_ms)
{
    enum doubt_turn turn = doubt_judge(world->doubt, now_ms);
    const struct health_report *report;
    bool is_up;
    while ((report = doubt_next(world->doubt, &is_up)) != NULL) {
        struct entry *entry = entry_of(world, report);
        struct health_report believed = *report;
        if (entry == NULL)
            continue;
        if (is_up) {
            believed.verdict = HEALTH_UP;
            believed.evidence.since_wall_ms = clock_wall_ms();
            snprintf(believed.evidence.text, sizeof believed.evidence.text,
                     "still up: this server suspects itself");
        }
        believe(world, entry, &believed);
        recalculate(world, entry);
    }
    return turn;
}

/* ---- reports that come by themselves ---- */

bool world_takes_report(const struct world *world, const char *key, const char *check, struct error *err)
{
    const struct entry *entry = table_find(world->by_key, key);
    size_t i;
    if (entry == NULL)
        return error_set(err, "there is no endpoint \"%s\"", key);
    if (!entry_find_check(entry, check, &i))
        return error_set(err, "\"%s\" is not under the check \"%s\"", key, check);
    return entry->checks[i]->type == CHECK_PUSH ||
           error_set(err, "the check \"%s\" is of type \"%s\": only \"push\" takes reports", check,
                     check_type_name(entry->checks[i]->type));
}

void world_report(struct world *world, const char *key, const char *check, const struct check_report *report)
{
    const struct entry *entry = table_find(world->by_key, key);
    size_t i;
    if (entry == NULL || !entry_find_check(entry, check, &i))
        return;
    const struct store_report row = { .endpoint = entry->key,
                                      .check = entry->checks[i]->name,
                                      .wall_ms = report->wall_ms,
                                      .ttl_ms = report->ttl_ms };
    chronicle_report(world->chronicle, &row);
    if (world->checker != NULL)
        checker_report(world->checker, entry->endpoint->slot, (uint16_t)i, report);
}
