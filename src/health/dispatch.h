/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/mailbox.h"
#include "base/rng.h"
#include "health/checker.h"
#include "health/probe.h"
#include "health/queue.h"
#include "health/resolver.h"
#include "health/site.h"
#include "health/time_board.h"

#include <stdatomic.h>

/*
 * What all targets share, and who may start now: targets whose check is due wait in one queue, oldest first,
 * for a place among `concurrent_most`, or, where many are under way to one address, for one of those to end.
 */
struct target;
struct dispatch {
    struct loop *loop;
    struct resolver *resolver;
    struct mailbox *reports;
    struct checker_counters counters;
    struct time_board *board;
    struct rng rng;
    unsigned concurrent_most, per_address_most;
    struct queue due;
    struct sites sites;
    void *shared[CHECK_TYPE_COUNT];
    uint64_t complained_us; /* when our own want of resources was logged last; 0: never */
};

void dispatch_open(struct dispatch *dispatch, struct loop *loop, struct resolver *resolver,
                   const struct checker_settings *settings);
void dispatch_close(struct dispatch *dispatch); /* no target may be left */

void dispatch_queue(struct dispatch *dispatch, struct target *target); /* not in a queue yet */

/** Starts as many as there are places.  Once per turn of the loop. */
void dispatch_run(struct dispatch *dispatch);

/* Counters have one writer, this thread. */
static inline void counter_add(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static inline void gauge_add(_Atomic uint32_t *gauge, int delta)
{
    uint32_t now = atomic_load_explicit(gauge, memory_order_relaxed);
    atomic_store_explicit(gauge, now + (uint32_t)delta, memory_order_relaxed);
}
