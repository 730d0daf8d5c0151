/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/histogram.h"

static void a_bound_belongs_to_its_bucket(void **state)
{
    (void)state;
    static const struct {
        uint64_t duration_us;
        size_t bucket;
    } cases[] = {
        { 0, 0 },           { 5, 0 },    { 6, 1 },       { 10, 1 },
        { 1000, 7 },        { 1001, 8 }, { 100000, 13 }, { 100001, HISTOGRAM_BOUNDS },
        { UINT32_MAX, 14 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct histogram histogram = { 0 };
        histogram_add(&histogram, cases[i].duration_us, 3);
        for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
            assert_int_equal(histogram.counts[bucket], bucket == cases[i].bucket ? 3 : 0);
        assert_int_equal(histogram.sum_us, 3 * cases[i].duration_us);
    }
}

static void bounds_ascend(void **state)
{
    (void)state;
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds_us[i - 1] < histogram_bounds_us[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_belongs_to_its_bucket),
        cmocka_unit_test(bounds_ascend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
