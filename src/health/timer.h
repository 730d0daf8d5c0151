/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Many timers of one thread in a binary heap: setting and cancelling cost log(n), looking at the next
 * one nothing.  A timer is a member of what it belongs to; it rings once.  Times are clock_monotonic_us.
 */
struct timer {
    uint64_t due_us;
    size_t place;              /* in the heap, from 1; 0: not set */
    void (*ring)(void *owner); /* may set or cancel any timer */
    void *owner;
};

struct timers {
    struct timer **heap; /* heap[1..count]; no parent is due after its child */
    size_t count, room;
};

void timers_free(struct timers *timers);

/** Sets the timer, or moves it if it was set. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t due_us);
void timer_cancel(struct timers *timers, struct timer *timer); /* no-op if it is not set */

/** When the next one rings; UINT64_MAX if none is set. */
uint64_t timers_next_us(const struct timers *timers);

/** Rings what is due, earliest first; at most as many as were set, so a timer that sets itself to now ends
 *  no loop. */
void timers_ring(struct timers *timers, uint64_t now_us);
