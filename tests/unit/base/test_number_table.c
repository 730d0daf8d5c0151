/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number_table.h"
#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void an_empty_table_finds_nothing(void **state)
{
    (void)state;
    struct number_table table = { 0 };
    uint32_t value;
    assert_false(number_table_find(&table, 0, &value));
    number_table_free(&table);
}

static void numbers_are_found_after_growth_and_replaced(void **state)
{
    (void)state;
    struct number_table table = { 0 };
    struct rng rng = { .state = 1 };
    uint64_t keys[5000];
    uint32_t value;
    for (uint32_t i = 0; i < 5000; i++) {
        keys[i] = i < 1000 ? i : rng_next(&rng); /* small ones with 0, and wide ones */
        number_table_put(&table, keys[i], i);
    }
    number_table_put(&table, 0, 77);
    assert_int_equal(table.count, 5000);
    assert_true(number_table_find(&table, 0, &value));
    assert_int_equal(value, 77);
    for (uint32_t i = 1; i < 5000; i++) {
        assert_true(number_table_find(&table, keys[i], &value));
        assert_int_equal(value, i);
    }
    assert_false(number_table_find(&table, 1000, &value));
    number_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(numbers_are_found_after_growth_and_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
