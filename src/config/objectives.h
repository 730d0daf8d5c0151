/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/*
 * Failover objectives of services, and what they mean for the checks of the pools that these reach: the
 * tightest wins.  The arithmetic is in config/failover.h.
 */

/** Stages services that did not change, but what they reach did, so that another TTL keeps their objective,
 * or none.  After build_check_graph. */
void objectives_restage(struct build *build);

/** Sets the TTL that keeps the objective; an error if nothing does. */
void objective_apply(struct build *build, struct item *item, struct declared_service *declared);

/* What services want of a pool. */
struct objective {
    uint32_t failover_ms; /* 0: nothing */
    uint32_t ttl_s;       /* of the service that wants that */
    int64_t budget_ms;    /* from a death to the first changed answer */
};

/** Finds what the services, as they are after the change, want of pools.  After build_zones. */
void objectives_spread(struct build *build);
/** Of a pool after that. */
struct objective objective_of(const struct build *build, const struct item *pool);
/** Whether something else is wanted now of a pool that the change leaves alone. */
bool objective_has_moved(const struct build *build, const struct item *pool);
void objectives_free(struct build *build);
