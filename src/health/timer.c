/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/timer.h"

#include "base/memory.h"

#include <stdlib.h>

void timers_free(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){ 0 };
}

static void timers_put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

/* Moves up whoever is due after `timer` on the way to the root; returns the place that became free. */
static size_t timers_rise(struct timers *timers, size_t place, const struct timer *timer)
{
    while (place > 1 && timers->heap[place / 2]->due_us > timer->due_us) {
        timers_put(timers, place, timers->heap[place / 2]);
        place /= 2;
    }
    return place;
}

static size_t timers_sink(struct timers *timers, size_t place, const struct timer *timer)
{
    for (size_t child = place * 2; child <= timers->count; child = place * 2) {
        if (child < timers->count && timers->heap[child + 1]->due_us < timers->heap[child]->due_us)
            child++;
        if (timers->heap[child]->due_us >= timer->due_us)
            break;
        timers_put(timers, place, timers->heap[child]);
        place = child;
    }
    return place;
}

/* Settles `timer` at `place` or wherever the order wants it from there. */
static void timers_settle(struct timers *timers, size_t place, struct timer *timer)
{
    place = timers_rise(timers, place, timer);
    place = timers_sink(timers, place, timer);
    timers_put(timers, place, timer);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t due_us)
{
    timer->due_us = due_us;
    if (timer->place == 0) {
        if (timers->count + 1 >= timers->room) {
            timers->room = timers->room == 0 ? 64 : timers->room * 2;
            timers->heap = xrealloc(timers->heap, timers->room, sizeof(struct timer *));
        }
        timer->place = ++timers->count;
    }
    timers_settle(timers, timer->place, timer);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    if (place == 0)
        return;
    timer->place = 0;
    struct timer *last = timers->heap[timers->count--];
    if (last != timer)
        timers_settle(timers, place, last);
}

uint64_t timers_next_us(const struct timers *timers)
{
    return timers->count == 0 ? UINT64_MAX : timers->heap[1]->due_us;
}

void timers_ring(struct timers *timers, uint64_t now_us)
{
    for (size_t most = timers->count; most > 0 && timers_next_us(timers) <= now_us; most--) {
        struct timer *timer = timers->heap[1];
        timer_cancel(timers, timer);
        timer->ring(timer->owner);
    }
}
