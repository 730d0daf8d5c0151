/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/failover.h"

#include <stddef.h>

enum {
    TIMEOUT_MOST_MS = 1000, /* the defaults of a check */
    TIMEOUT_LEAST_MS = 50,
    INTERVAL_MOST_MS = 3000,
    INTERVAL_LEAST_MS = 100,
    GRAIN_MS = 10, /* derived times are multiples of it */
};

/* How many bad results it takes, calmest first; the next one where the interval would become shorter than
 * that. A confirmed failure is two bad results in a row, so that the second rung asks for three as well. */
static const struct rung {
    uint16_t fall;
    bool confirm;
    uint32_t interval_least_ms;
} rungs[] = {
    { 3, false, 500 },
    { 2, true, 200 },
    { 1, true, INTERVAL_LEAST_MS },
    { 1, false, INTERVAL_LEAST_MS },
};

struct failover_pace failover_pace_of(const struct check *check)
{
    return (struct failover_pace){ check->interval_ms, check->timeout_ms, check->fall, check->confirm };
}

static uint64_t timeouts_of(const struct failover_pace *pace)
{
    return pace->confirm ? 2 : 1;
}

uint64_t failover_detection_ms(const struct failover_pace *pace)
{
    return (uint64_t)pace->fall * pace->interval_ms + timeouts_of(pace) * pace->timeout_ms +
           FAILOVER_SLACK_MS;
}

static int64_t grained(int64_t ms, int64_t most_ms)
{
    return ms < most_ms ? ms - ms % GRAIN_MS : most_ms;
}

/* A quarter of the time may go to one timeout, if the interval leaves that much. */
static int64_t timeout_for(const struct check *check, const struct failover_pace *pace, int64_t left_ms)
{
    int64_t timeout_ms = left_ms / 4;
    if (check->says & CHECK_SAYS_INTERVAL) {
        int64_t rest_ms = (left_ms - (int64_t)pace->fall * pace->interval_ms) / (int64_t)timeouts_of(pace);
        timeout_ms = rest_ms;
    }
    return grained(timeout_ms, TIMEOUT_MOST_MS);
}

/* True if the rung keeps the budget. */
static bool climb(const struct check *check, const struct rung *rung, int64_t budget_ms,
                  struct failover_pace *out)
{
    int64_t left_ms = budget_ms - FAILOVER_SLACK_MS;
    *out = failover_pace_of(check);
    if (!(check->says & CHECK_SAYS_FALL))
        out->fall = rung->fall;
    if (!(check->says & CHECK_SAYS_CONFIRM))
        out->confirm = rung->confirm;
    if (!(check->says & CHECK_SAYS_TIMEOUT)) {
        int64_t timeout_ms = timeout_for(check, out, left_ms);
        if (timeout_ms < TIMEOUT_LEAST_MS)
            return false;
        out->timeout_ms = (uint32_t)timeout_ms;
    }
    if (!(check->says & CHECK_SAYS_INTERVAL)) {
        int64_t rest_ms = left_ms - (int64_t)(timeouts_of(out) * out->timeout_ms);
        int64_t interval_ms = grained(rest_ms / out->fall, INTERVAL_MOST_MS);
        if (interval_ms < rung->interval_least_ms)
            return false;
        out->interval_ms = (uint32_t)interval_ms;
    }
    return (int64_t)failover_detection_ms(out) <= budget_ms;
}

static void take_fastest(const struct check *check, struct failover_pace *out)
{
    *out = failover_pace_of(check);
    if (!(check->says & CHECK_SAYS_FALL))
        out->fall = 1;
    if (!(check->says & CHECK_SAYS_CONFIRM))
        out->confirm = false;
    if (!(check->says & CHECK_SAYS_TIMEOUT))
        out->timeout_ms = TIMEOUT_LEAST_MS;
    if (!(check->says & CHECK_SAYS_INTERVAL))
        out->interval_ms = INTERVAL_LEAST_MS;
}

bool failover_derive(const struct check *check, int64_t budget_ms, struct failover_pace *out)
{
    for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++)
        if (climb(check, &rungs[i], budget_ms, out))
            return true;
    take_fastest(check, out);
    return (int64_t)failover_detection_ms(out) <= budget_ms;
}

int64_t failover_budget_ms(uint32_t objective_ms, int64_t ttl_s)
{
    if (ttl_s < 0) {
        ttl_s = objective_ms / 2000;
        ttl_s = ttl_s > FAILOVER_TTL_MOST_S ? FAILOVER_TTL_MOST_S : ttl_s;
        ttl_s = ttl_s < FAILOVER_TTL_LEAST_S ? FAILOVER_TTL_LEAST_S : ttl_s;
    }
    return (int64_t)objective_ms - ttl_s * 1000;
}

int64_t failover_budget_most_ms(uint32_t objective_ms, int64_t ttl_s)
{
    return (int64_t)objective_ms - (ttl_s < 0 ? FAILOVER_TTL_LEAST_S : ttl_s) * 1000;
}

uint32_t failover_ttl_s(uint32_t objective_ms, uint64_t detection_ms)
{
    uint64_t left_s = detection_ms < objective_ms ? (objective_ms - detection_ms) / 1000 : 0;
    return left_s > FAILOVER_TTL_MOST_S ? FAILOVER_TTL_MOST_S : (uint32_t)left_s;
}

struct check *failover_check(struct check *check, const struct failover_pace *pace)
{
    const struct failover_pace own = failover_pace_of(check);
    if (own.interval_ms == pace->interval_ms && own.timeout_ms == pace->timeout_ms &&
        own.fall == pace->fall && own.confirm == pace->confirm)
        return check_acquire(check);
    struct check *paced = check_copy(check);
    paced->interval_ms = pace->interval_ms;
    paced->timeout_ms = pace->timeout_ms;
    paced->fall = pace->fall;
    paced->confirm = pace->confirm;
    return paced;
}
