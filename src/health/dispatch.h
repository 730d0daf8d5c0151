/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/mailbox.h"
#include "base/rng.h"
#include "health/checker.h"
#include "health/probe.h"
#include "health/resolver.h"
#include "health/time_board.h"

#include <stdatomic.h>

/*
 * What all targets share, and who may start now: targets whose check is due wait in one queue, oldest first,
 * for a place among `concurrent_most`.
 */
struct target;
struct dispatch {
    struct loop *loop;
    struct resolver *resolver;
    struct mailbox *reports;
    struct checker_counters counters;
    struct time_board *board;
    struct rng rng;
    unsigned concurrent_most;
    struct target *first, **end; /* linked by target->queue_next */
    void *shared[CHECK_TYPE_COUNT];
    uint64_t complained_us; /* when our own want of resources was logged last; 0: never */
};

void dispatch_open(struct dispatch *dispatch, struct loop *loop, struct resolver *resolver,
                   const struct checker_settings *settings);
void dispatch_close(struct dispatch *dispatch); /* no target may be left */

void dispatch_queue(struct dispatch *dispatch, struct target *target); /* not in the queue yet */
void dispatch_withdraw(struct dispatch *dispatch,
                       struct target *target); /* no-op if it is not in the queue */

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
