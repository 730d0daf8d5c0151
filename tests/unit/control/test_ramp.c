/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/clock.h"
#include "control/ramp.h"
#include "policy/policy.h"

#define MINUTE 60000u

/* One endpoint, its pace, and what the world hands to it. */
struct bench {
    struct ramp ramp;
    struct compiled_pace pace;
    struct override override;
    struct endpoint_condition condition;
    uint64_t wake_ms;
};

static void look(struct bench *bench, uint64_t now_ms, enum health_verdict verdict, enum override_state state)
{
    bench->override.state = (uint8_t)state;
    bench->condition = (struct endpoint_condition){
        .weight = 1,
        .verdict = (uint8_t)verdict,
        .is_held = state == OVERRIDE_DOWN || state == OVERRIDE_DRAIN,
        .override = state != OVERRIDE_NONE ? &bench->override : NULL,
    };
    bench->condition.is_available =
        state == OVERRIDE_UP || (!bench->condition.is_held && verdict != HEALTH_DOWN);
    bench->wake_ms = ramp_apply(&bench->ramp, &bench->pace, now_ms, &bench->condition);
}

static void who_was_there_from_the_start_serves_at_once(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .ramp_ms = 5 * MINUTE, .hold_ms = 10 * MINUTE } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 1000, HEALTH_UNKNOWN, OVERRIDE_NONE);
    assert_int_equal(bench.condition.withheld, 0);
    look(&bench, 2000, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(bench.condition.withheld, 0);
    assert_true(bench.condition.is_available);
    assert_int_equal(bench.wake_ms, 0);
}

static void a_new_one_grows_in_even_steps(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .ramp_ms = 5 * MINUTE } };
    ramp_begin(&bench.ramp, true);
    uint64_t now_ms = 77;
    for (unsigned step = 1; step < RAMP_STEPS; step++) {
        look(&bench, now_ms, HEALTH_UP, OVERRIDE_NONE);
        assert_int_equal(bench.condition.withheld, WHOLE - step * WHOLE / RAMP_STEPS);
        look(&bench, now_ms + 5000, HEALTH_UP, OVERRIDE_NONE); /* a look in between changes nothing */
        assert_int_equal(bench.condition.withheld, WHOLE - step * WHOLE / RAMP_STEPS);
        assert_int_equal(bench.wake_ms, now_ms + 5 * MINUTE / RAMP_STEPS);
        now_ms = bench.wake_ms;
    }
    look(&bench, now_ms, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, now_ms + 5 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(bench.condition.withheld, 0);
    assert_int_equal(bench.wake_ms, 0);
}

static void it_begins_anew_after_each_way_out(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .ramp_ms = MINUTE } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 0, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, 10, HEALTH_DOWN, OVERRIDE_NONE);
    look(&bench, 20, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(bench.condition.withheld, WHOLE - WHOLE / RAMP_STEPS);
    look(&bench, 30, HEALTH_UP, OVERRIDE_DRAIN);
    look(&bench, MINUTE, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(bench.condition.withheld, WHOLE - WHOLE / RAMP_STEPS);
}

static void a_recovered_one_is_held_until_it_was_healthy_long_enough(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .ramp_ms = MINUTE, .hold_ms = 10 * MINUTE } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 1, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, 2, HEALTH_DOWN, OVERRIDE_NONE);
    look(&bench, 1000, HEALTH_UP, OVERRIDE_NONE);
    assert_false(bench.condition.is_available);
    assert_int_not_equal(bench.condition.hold_until_wall_ms, 0);
    assert_int_equal(bench.wake_ms, 1000 + 10 * MINUTE);
    look(&bench, 5 * MINUTE, HEALTH_DOWN, OVERRIDE_NONE); /* and again: the time starts over */
    look(&bench, 6 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, 16 * MINUTE - 1, HEALTH_UP, OVERRIDE_NONE);
    assert_false(bench.condition.is_available);
    look(&bench, 16 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    assert_true(bench.condition.is_available);
    assert_int_equal(bench.condition.hold_until_wall_ms, 0);
    assert_int_equal(bench.condition.withheld, WHOLE - WHOLE / RAMP_STEPS); /* then it grows */
}

static void a_manual_hold_ends_when_an_operator_says_up(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .hold_ms = HOLD_MANUAL } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 1, HEALTH_DOWN, OVERRIDE_NONE);
    look(&bench, 2, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, 1000 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    assert_false(bench.condition.is_available);
    assert_true(bench.condition.hold_until_wall_ms == HELD_MANUALLY);
    assert_int_equal(bench.wake_ms, 0);
    look(&bench, 1001 * MINUTE, HEALTH_UP, OVERRIDE_UP);
    assert_true(bench.condition.is_available);
    look(&bench, 1002 * MINUTE, HEALTH_UP, OVERRIDE_NONE); /* and it stays ended when he says nothing more */
    assert_true(bench.condition.is_available);
}

/* What a new process makes of what the last one wrote down at `now_ms`; there it is `later_ms`. */
static struct bench restart(const struct bench *before, uint64_t now_ms, uint64_t later_ms, int64_t passed_ms)
{
    struct bench after = { .pace = before->pace };
    struct store_pace row;
    ramp_remember(&before->ramp, &before->pace, now_ms, &row);
    ramp_begin(&after.ramp, false);
    ramp_restore(&after.ramp, &after.pace, &row, later_ms, clock_wall_ms() + passed_ms);
    return after;
}

static void a_ramp_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .ramp_ms = 5 * MINUTE } };
    ramp_begin(&bench.ramp, true);
    look(&bench, 1000000, HEALTH_UP, OVERRIDE_NONE);
    look(&bench, 1000000 + 2 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    uint16_t withheld = bench.condition.withheld;
    assert_int_equal(withheld, WHOLE - 9 * WHOLE / RAMP_STEPS);
    struct bench after = restart(&bench, 1000000 + 2 * MINUTE + 9000, 500, 3600000); /* of the machine, too */
    look(&after, 500, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(after.condition.withheld, withheld);
    assert_int_equal(after.wake_ms, 500 + 5 * MINUTE / RAMP_STEPS);
    look(&after, 500 + 3 * MINUTE, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(after.condition.withheld, 0);
}

static void a_hold_ends_after_a_restart_when_it_would_have_ended(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .hold_ms = 10 * MINUTE } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 1000, HEALTH_DOWN, OVERRIDE_NONE);
    look(&bench, 2000, HEALTH_UP, OVERRIDE_NONE);
    struct bench after = restart(&bench, 2000, 77, 4 * MINUTE);
    look(&after, 77, HEALTH_UP, OVERRIDE_NONE);
    assert_false(after.condition.is_available);
    assert_true(after.wake_ms > 5 * MINUTE && after.wake_ms <= 77 + 6 * MINUTE);
    after = restart(&bench, 2000, 77, 11 * MINUTE);
    look(&after, 77, HEALTH_UP, OVERRIDE_NONE);
    assert_true(after.condition.is_available);
    after =
        restart(&bench, 2000, 77, -90 * (int64_t)MINUTE); /* the clock was set back: not longer than said */
    look(&after, 77, HEALTH_UP, OVERRIDE_NONE);
    assert_int_equal(after.wake_ms, 77 + 10 * MINUTE);
}

static void a_manual_hold_outlives_restarts_until_an_operator_says_up(void **state)
{
    (void)state;
    struct bench bench = { .pace = { .hold_ms = HOLD_MANUAL } };
    ramp_begin(&bench.ramp, false);
    look(&bench, 1000, HEALTH_DOWN, OVERRIDE_NONE);
    struct bench after = restart(&bench, 1000, 77, 0);
    look(&after, 77, HEALTH_UNKNOWN, OVERRIDE_NONE); /* its verdict was too old to keep */
    assert_false(after.condition.is_available);
    look(&after, 78, HEALTH_UP, OVERRIDE_NONE);
    assert_false(after.condition.is_available);
    after = restart(&after, 100, 77, 0);
    look(&after, 77, HEALTH_UNKNOWN, OVERRIDE_NONE);
    assert_false(after.condition.is_available);
    assert_true(after.condition.hold_until_wall_ms == HELD_MANUALLY);
    look(&after, 78, HEALTH_UP, OVERRIDE_UP);
    assert_true(after.condition.is_available);
    after = restart(&after, 100, 77, 0);
    look(&after, 77, HEALTH_UP, OVERRIDE_NONE);
    assert_true(after.condition.is_available);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_there_from_the_start_serves_at_once),
        cmocka_unit_test(a_new_one_grows_in_even_steps),
        cmocka_unit_test(it_begins_anew_after_each_way_out),
        cmocka_unit_test(a_recovered_one_is_held_until_it_was_healthy_long_enough),
        cmocka_unit_test(a_manual_hold_ends_when_an_operator_says_up),
        cmocka_unit_test(a_ramp_goes_on_after_a_restart),
        cmocka_unit_test(a_hold_ends_after_a_restart_when_it_would_have_ended),
        cmocka_unit_test(a_manual_hold_outlives_restarts_until_an_operator_says_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
