/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/effective.h"

#include "health/checker.h"

/* The observation that decides: one that is down, else one still unknown, else the first; never an input. */
static const struct observation *deciding(const struct observation *observed, size_t count)
{
    const struct observation *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (observed[i].is_input)
            continue;
        if (observed[i].verdict == HEALTH_DOWN)
            return &observed[i];
        if (found == NULL || observed[i].verdict == HEALTH_UNKNOWN)
            found = &observed[i];
    }
    return found;
}

static uint32_t ttl_cap_s(const struct observation *observed, size_t count)
{
    uint32_t cap_s = TTL_CAP_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t settle_s = (observed[i].settle_ms + 999) / 1000;
        if (!observed[i].is_input && settle_s != 0 && settle_s < cap_s)
            cap_s = settle_s;
    }
    return cap_s;
}

/* That of the first check that has one; by fewer samples it may be chance and moves nothing. */
static uint32_t latency_us(const struct observation *observed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (observed[i].latency_us != 0)
            return observed[i].latency_samples >= LATENCY_CHECKS_LEAST ? observed[i].latency_us : 0;
    return 0;
}

static int64_t certificate_ends_s(const struct observation *observed, size_t count)
{
    int64_t first_s = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t ends_s = observed[i].evidence != NULL ? observed[i].evidence->certificate_ends_s : 0;
        if (ends_s != 0 && (first_s == 0 || ends_s < first_s))
            first_s = ends_s;
    }
    return first_s;
}

void effective_condition(uint32_t declared_weight, const struct observation *observed, size_t count,
                         const struct override *override, struct endpoint_condition *out)
{
    enum override_state state = override != NULL ? (enum override_state) override->state : OVERRIDE_NONE;
    *out = (struct endpoint_condition){
        .weight = override != NULL && override->has_weight ? override->weight : declared_weight,
        .verdict = HEALTH_UNCHECKED,
        .ttl_cap_s = TTL_CAP_NONE,
        .override = override,
    };
    const struct observation *decides = deciding(observed, count);
    if (decides != NULL) {
        out->verdict = decides->verdict;
        out->evidence = decides->evidence;
        out->latency_us = latency_us(observed, count);
        out->certificate_ends_s = certificate_ends_s(observed, count);
    }
    out->is_held = state == OVERRIDE_DOWN || state == OVERRIDE_DRAIN;
    out->is_available = state == OVERRIDE_UP || (!out->is_held && out->verdict != HEALTH_DOWN);
    if (state == OVERRIDE_NONE)
        out->ttl_cap_s = ttl_cap_s(observed, count);
}
