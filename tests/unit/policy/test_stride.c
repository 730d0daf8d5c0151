/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/memory.h"
#include "base/rng.h"
#include "policy/turn.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_long(void)
{
    const char *value = getenv("STEERD_TEST_LONG");
    return value != NULL && strcmp(value, "1") == 0;
}

/* What docs/policies.md promises: answers off from n·share, in any n answers in a row. */
static double bound(uint32_t total)
{
    return 2 + log2(total) / 3;
}

static uint32_t step_of(uint32_t total)
{
    return (uint32_t)(((unsigned __int128)stride_of(total) * total + (UINT64_C(1) << 63)) >> 64);
}

static void any_total_tickets_in_a_row_meet_each_point_once(void **state)
{
    (void)state;
    for (uint32_t total = 1; total <= 600; total++) {
        uint8_t *is_met = xcalloc(total, 1);
        uint32_t first = total * 7919;
        for (uint32_t i = 0; i < total; i++) {
            uint32_t point = stride_point(stride_of(total), first + i, total);
            assert_in_range(point, 0, total - 1);
            assert_false(is_met[point]);
            is_met[point] = 1;
        }
        free(is_met);
    }
}

static void a_step_of_one_is_a_rotation(void **state)
{
    (void)state;
    struct rng rng = { .state = 2 };
    assert_int_equal(stride_in_order(1), 0);
    for (int i = 0; i < 200000; i++) {
        uint32_t total = 1 + (uint32_t)(rng_next(&rng) % (i % 2 ? 20 : UINT32_MAX));
        uint32_t ticket = i % 3 ? (uint32_t)rng_next(&rng) : UINT32_MAX - (uint32_t)i;
        assert_int_equal(stride_point(stride_in_order(total), ticket, total), ticket % total);
    }
}

/* Looked for among the sums, or, where all weigh 1, known at once. */
static void whose_turn_it_is_follows_from_the_point(void **state)
{
    (void)state;
    static const uint16_t index[] = { 4, 2, 9 };
    static const uint32_t even[] = { 1, 2, 3 }, uneven[] = { 5, 6, 106 };
    struct candidate_list list = {
        .count = 3, .is_even = true, .index = index, .cumulative = even, .stride = stride_in_order(3)
    };
    for (uint32_t ticket = 0; ticket < 9; ticket++)
        assert_int_equal(turn_of(&list, ticket), index[ticket % 3]);
    list = (struct candidate_list){
        .count = 3, .index = index, .cumulative = uneven, .stride = stride_in_order(106)
    };
    for (uint32_t ticket = 0; ticket < 212; ticket++) {
        uint32_t point = ticket % 106;
        assert_int_equal(turn_of(&list, ticket), point < 5 ? 4 : point < 6 ? 2 : 9);
    }
}

/* The rounding of the stride never shows, up to the last ticket and the largest sum. */
static void points_are_exact_for_all_tickets(void **state)
{
    (void)state;
    static const uint32_t totals[] = { 2, 3, 7, 100, 65535, 1u << 31, 4294836225u, UINT32_MAX };
    struct rng rng = { .state = 1 };
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        uint32_t total = totals[i];
        uint64_t stride = stride_of(total), step = step_of(total);
        for (int n = 0; n < 20000; n++) {
            uint32_t ticket = n < 4 ? UINT32_MAX - (uint32_t)n : (uint32_t)rng_next(&rng);
            uint64_t exact = (uint64_t)((unsigned __int128)ticket * step % total);
            assert_int_equal(stride_point(stride, ticket, total), exact);
        }
    }
}

/*
 * All windows and all shares at once: a window that starts later is the same set of points turned round the
 * circle, so what counts is the worst arc of the circle for the first n points.
 */
static void any_window_of_any_share_stays_within_the_bound(void **state)
{
    (void)state;
    for (uint32_t total = 1; total <= (is_long() ? 160 : 60); total++) {
        uint8_t *is_met = xcalloc(total, 1);
        for (uint32_t n = 1; n <= total; n++) {
            is_met[stride_point(stride_of(total), n - 1, total)] = 1;
            double most = 0, least = 0, met = 0;
            for (uint32_t point = 0; point < total; point++) {
                met += is_met[point];
                double off = met - (double)n * (point + 1) / total;
                most = off > most ? off : most;
                least = off < least ? off : least;
            }
            assert_true(most - least <= bound(total));
        }
        free(is_met);
    }
}

static int compare_points(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static double worst_arc(uint32_t total, uint32_t n)
{
    uint32_t *points = xcalloc(n, sizeof *points);
    for (uint32_t i = 0; i < n; i++)
        points[i] = stride_point(stride_of(total), i, total);
    qsort(points, n, sizeof *points, compare_points);
    double most = 0, least = 0;
    for (uint32_t i = 0; i < n; i++) {
        double before = i - (double)n * points[i] / total;
        least = before < least ? before : least;
        most = before + 1 > most ? before + 1 : most;
    }
    free(points);
    return most - least;
}

static void large_sums_stay_within_the_bound(void **state)
{
    (void)state;
    struct rng rng = { .state = 2 };
    for (int i = 0; i < (is_long() ? 120 : 25); i++) {
        uint32_t total = (uint32_t)(rng_next(&rng) >> (32 + rng_next(&rng) % 22)) + 1;
        uint32_t most = total < 60000 ? total : 60000;
        uint32_t n = 1 + (uint32_t)(rng_next(&rng) % most);
        if (worst_arc(total, n) > bound(total))
            fail_msg("sum %u, %u answers: off by %f", total, n, worst_arc(total, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_total_tickets_in_a_row_meet_each_point_once),
        cmocka_unit_test(points_are_exact_for_all_tickets),
        cmocka_unit_test(a_step_of_one_is_a_rotation),
        cmocka_unit_test(whose_turn_it_is_follows_from_the_point),
        cmocka_unit_test(any_window_of_any_share_stays_within_the_bound),
        cmocka_unit_test(large_sums_stay_within_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
