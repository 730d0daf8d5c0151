/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"
#include "control/effective.h"

/*
 * What a calculated check says, from what is known of its inputs.  So many must be good; one that is not
 * known may yet turn out either way, so the verdict is unknown only while it depends on such.
 *
 *     good ≥ needed: up · good + unknown < needed: down · otherwise: unknown
 */
struct calculation {
    uint8_t verdict;    /* enum health_verdict */
    uint32_t settle_ms; /* the earliest time in which inputs on their way may turn it; 0: none can */
    char text[160];     /* "needs 2 of 3, has 1; db is down: connection refused"; "" while it is unknown */
};

/** `checks` and `observed` are those of the endpoint, by position; all inputs are among them. */
void calculate(const struct check *check, struct check *const *checks, const struct observation *observed,
               size_t count, struct calculation *out);
