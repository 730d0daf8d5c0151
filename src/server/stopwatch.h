/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/clock.h"
#include "base/histogram.h"

/* One turn of so many is timed, so a query costs no clock. Odd: under some loads every second turn is of
 * one kind, and the timed ones must not be of one kind for ever. */
#define STOPWATCH_EVERY 15

/* A worker's, of one transport. */
struct stopwatch {
    unsigned left;     /* turns until the next one that is timed */
    uint64_t began_us; /* 0: this turn is not timed */
};

static inline void stopwatch_start(struct stopwatch *watch)
{
    watch->began_us = 0;
    if (watch->left-- > 0)
        return;
    watch->left = STOPWATCH_EVERY - 1;
    watch->began_us = clock_monotonic_us();
}

/** `count` queries were answered since the start: each waited at most all that time for its reply. */
static inline void stopwatch_stop(const struct stopwatch *watch, struct histogram *times, uint64_t count)
{
    if (watch->began_us != 0 && count > 0)
        histogram_add(times, clock_monotonic_us() - watch->began_us, count);
}
