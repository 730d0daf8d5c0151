/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"

/*
 * The arithmetic of failover.  From the death of an endpoint until no cache leads to it:
 *
 *     fall × interval + timeout + slack   until the first changed answer; with `confirm` two timeouts
 *   + TTL                                 until the last answer before it has expired
 *
 * "failover": "10s" of a service gives the sum; what its checks and the service do not say themselves is
 * chosen to keep it.
 */

enum {
    FAILOVER_SLACK_MS = 100, /* what starts, threads and publication may be late together */
    FAILOVER_TTL_MOST_S = 30,
    FAILOVER_TTL_LEAST_S = 1,
};

/* How a check is run.  The rest of it has no part in how soon a death is seen. */
struct failover_pace {
    uint32_t interval_ms, timeout_ms;
    uint16_t fall;
    bool confirm;
};

struct failover_pace failover_pace_of(const struct check *check);

/** From a death to the first changed answer, at the latest. */
uint64_t failover_detection_ms(const struct failover_pace *pace);

/**
 * The calmest pace that sees a death within `budget_ms`: the defaults where they do.  What the check says
 * itself (check->says) stays.  False if there is none: `out` is then the fastest.
 */
bool failover_derive(const struct check *check, int64_t budget_ms, struct failover_pace *out);

/** What is left for the checks of an objective if half of it goes to the TTL, as far as that is not said
 * (`ttl_s` < 0). */
int64_t failover_budget_ms(uint32_t objective_ms, int64_t ttl_s);
/** What can be left at most: the TTL gives way. */
int64_t failover_budget_most_ms(uint32_t objective_ms, int64_t ttl_s);
/** The highest TTL, up to the default, that such a detection leaves room for. */
uint32_t failover_ttl_s(uint32_t objective_ms, uint64_t detection_ms);

/** A check that differs in its pace only: a reference to the same one if it does not.  The caller releases
 * it. */
struct check *failover_check(struct check *check, const struct failover_pace *pace);
