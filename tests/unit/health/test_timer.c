/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/timer.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 300 };

struct alarm_clock {
    struct timer timer;
    unsigned rings;
    struct timers *timers;
    uint64_t *last_due_us; /* of whoever rang last */
};

static void alarm_ring(void *owner)
{
    struct alarm_clock *clock = owner;
    clock->rings++;
    assert_true(clock->timer.due_us >= *clock->last_due_us);
    *clock->last_due_us = clock->timer.due_us;
}

static void alarm_ring_again_at_once(void *owner)
{
    struct alarm_clock *clock = owner;
    clock->rings++;
    timer_set(clock->timers, &clock->timer, 0);
}

static void an_empty_heap_has_nothing_due(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct timer never = { 0 };
    assert_true(timers_next_us(&timers) == UINT64_MAX);
    timer_cancel(&timers, &never);
    timers_ring(&timers, UINT64_MAX);
    timers_free(&timers);
}

static void a_timer_that_sets_itself_to_now_rings_once_a_turn(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct alarm_clock clock = { .timers = &timers };
    clock.timer = (struct timer){ .ring = alarm_ring_again_at_once, .owner = &clock };
    timer_set(&timers, &clock.timer, 5);
    timers_ring(&timers, 4);
    assert_int_equal(clock.rings, 0);
    timers_ring(&timers, 5);
    timers_ring(&timers, 5);
    assert_int_equal(clock.rings, 2);
    timers_free(&timers);
}

static uint64_t naive_next_us(const struct alarm_clock *clocks, const bool *is_set)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < MANY; i++)
        if (is_set[i] && clocks[i].timer.due_us < next_us)
            next_us = clocks[i].timer.due_us;
    return next_us;
}

static void it_agrees_with_looking_at_all_timers(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    struct timers timers = { 0 };
    static struct alarm_clock clocks[MANY];
    bool is_set[MANY] = { false };
    uint64_t last_due_us = 0, now_us = 1;
    for (size_t i = 0; i < MANY; i++) {
        clocks[i].timer = (struct timer){ .ring = alarm_ring, .owner = &clocks[i] };
        clocks[i].last_due_us = &last_due_us;
    }
    for (int step = 0; step < 50000; step++) {
        size_t which = rng_next(&rng) % MANY;
        switch (rng_next(&rng) % 8) {
        case 0:
            timer_cancel(&timers, &clocks[which].timer);
            is_set[which] = false;
            break;
        case 1: {
            unsigned before[MANY];
            now_us += rng_next(&rng) % 40;
            last_due_us = 0;
            for (size_t i = 0; i < MANY; i++)
                before[i] = clocks[i].rings;
            timers_ring(&timers, now_us);
            for (size_t i = 0; i < MANY; i++) {
                bool is_due = is_set[i] && clocks[i].timer.due_us <= now_us;
                assert_int_equal(clocks[i].rings - before[i], is_due);
                is_set[i] = is_set[i] && !is_due;
            }
            break;
        }
        default:
            timer_set(&timers, &clocks[which].timer, now_us + rng_next(&rng) % 1000);
            is_set[which] = true;
        }
        assert_true(timers_next_us(&timers) == naive_next_us(clocks, is_set));
    }
    timers_free(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_nothing_due),
        cmocka_unit_test(a_timer_that_sets_itself_to_now_rings_once_a_turn),
        cmocka_unit_test(it_agrees_with_looking_at_all_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
