/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"
#include "snapshot/conditions.h"

/* What the checks last said of one endpoint, one row a binding. */
struct observation {
    uint8_t verdict; /* enum health_verdict */
    uint32_t settle_ms;
    uint32_t latency_us, latency_samples;
    uint64_t good_us;                /* monotonic, of the last good result; 0: none */
    bool is_input;                   /* of a calculated check: it does not decide itself */
    const struct evidence *evidence; /* published with the condition; NULL before the first verdict */
};

/**
 * The one formula: override over declared over observed.  `count` 0 means that nobody checks it.  An endpoint
 * without a verdict yet counts as available, so that a new one is not out before its first result; with
 * several checks all that decide must be up.
 */
void effective_condition(uint32_t declared_weight, const struct observation *observed, size_t count,
                         const struct override *override, struct endpoint_condition *out);
