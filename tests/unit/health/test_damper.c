/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/damper.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND UINT64_C(1000000)

static const struct check_damping rules = { .flaps = 3, .within_ms = 60000, .hold_ms = 10000 };

static void so_many_falls_in_time_begin_a_hold(void **state)
{
    (void)state;
    struct damper damper = { 0 };
    assert_false(damper_fall(&damper, &rules, 100 * SECOND));
    assert_false(damper_fall(&damper, &rules, 130 * SECOND));
    assert_false(damper_holds(&damper, 130 * SECOND));
    assert_true(damper_fall(&damper, &rules, 160 * SECOND));
    assert_true(damper_holds(&damper, 160 * SECOND));
    assert_true(damper_holds(&damper, 170 * SECOND - 1));
    assert_false(damper_holds(&damper, 170 * SECOND));
}

static void falls_that_are_too_far_apart_begin_none(void **state)
{
    (void)state;
    struct damper damper = { 0 };
    for (uint64_t at = 100; at < 2000; at += 31)
        assert_false(damper_fall(&damper, &rules, at * SECOND));
}

/* Falls three times from `at_s` on; returns how long it is held. */
static uint64_t flap(struct damper *damper, uint64_t at_s)
{
    for (uint64_t i = 0; i < 2; i++)
        assert_false(damper_fall(damper, &rules, (at_s + i) * SECOND));
    assert_true(damper_fall(damper, &rules, (at_s + 2) * SECOND));
    return damper->until_us / SECOND - at_s - 2;
}

static void the_hold_doubles_up_to_eightfold_and_is_forgiven(void **state)
{
    (void)state;
    static const uint64_t holds_s[] = { 10, 20, 40, 80, 80, 80 };
    struct damper damper = { 0 };
    uint64_t at_s = 100;
    for (size_t i = 0; i < sizeof holds_s / sizeof *holds_s; i++) {
        assert_int_equal(flap(&damper, at_s), holds_s[i]);
        at_s = damper.until_us / SECOND + 50;
    }
    assert_int_equal(flap(&damper, at_s + 60), 10);
}

static void without_rules_nothing_is_held(void **state)
{
    (void)state;
    const struct check_damping none = { 0 }, too_many = { .flaps = DAMPER_FALLS_MAX + 1 };
    struct damper damper = { 0 };
    for (uint64_t at = 1; at < 100; at++) {
        assert_false(damper_fall(&damper, &none, at));
        assert_false(damper_fall(&damper, &too_many, at));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_falls_in_time_begin_a_hold),
        cmocka_unit_test(falls_that_are_too_far_apart_begin_none),
        cmocka_unit_test(the_hold_doubles_up_to_eightfold_and_is_forgiven),
        cmocka_unit_test(without_rules_nothing_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
