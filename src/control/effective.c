/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/effective.h"

#include "health/checker.h"

/* The observation that decides: one that is down, else one still unknown, else the first. */
static const struct observation *deciding(const struct observation *observed, size_t count)
{
    const struct observation *found = &observed[0];
    for (size_t i = 0; i < count; i++) {
        if (observed[i].verdict == HEALTH_DOWN)
            return &observed[i];
        if (observed[i].verdict == HEALTH_UNKNOWN)
            found = &observed[i];
    }
    return found;
}

static uint32_t ttl_cap_s(const struct observation *observed, size_t count)
{
    uint32_t cap_s = TTL_CAP_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t settle_s = (observed[i].settle_ms + 999) / 1000;
        if (settle_s != 0 && settle_s < cap_s)
            cap_s = settle_s;
    }
    return cap_s;
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
    if (count > 0) {
        const struct observation *decides = deciding(observed, count);
        out->verdict = decides->verdict;
        out->evidence = decides->evidence;
        if (observed[0].latency_samples >= LATENCY_CHECKS_LEAST) /* fewer may be chance and move nothing */
            out->latency_us = observed[0].latency_us;
    }
    out->is_held = state == OVERRIDE_DOWN || state == OVERRIDE_DRAIN;
    out->is_available = state == OVERRIDE_UP || (!out->is_held && out->verdict != HEALTH_DOWN);
    if (state == OVERRIDE_NONE)
        out->ttl_cap_s = ttl_cap_s(observed, count);
}
