/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/stopwatch.h"

static uint64_t counted(const struct histogram *times)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum += times->counts[i];
    return sum;
}

static void one_turn_of_so_many_is_timed_with_all_its_queries(void **state)
{
    (void)state;
    struct stopwatch watch = { 0 };
    struct histogram times = { 0 };
    for (unsigned turn = 0; turn < 10 * STOPWATCH_EVERY; turn++) {
        stopwatch_start(&watch);
        stopwatch_stop(&watch, &times, 7);
    }
    assert_int_equal(counted(&times), 10 * 7);
}

static void turns_that_alternate_are_all_seen(void **state)
{
    (void)state;
    struct stopwatch watch = { 0 };
    struct histogram times = { 0 };
    for (unsigned turn = 0; turn < 20 * STOPWATCH_EVERY; turn++) {
        stopwatch_start(&watch);
        stopwatch_stop(&watch, &times, turn % 2 == 1 ? 1 : 0);
    }
    assert_int_equal(counted(&times), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_turn_of_so_many_is_timed_with_all_its_queries),
        cmocka_unit_test(turns_that_alternate_are_all_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
