/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "control/effective.h"
#include "health/checker.h"

/* Override over declared over observed. */
static void availability_follows_operators_then_checks(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        int override; /* -1: none */
        size_t checks;
        uint8_t verdicts[2];
        bool is_available, is_held;
    } rows[] = {
        { "nobody checks it", -1, 0, { 0 }, true, false },
        { "not known yet", -1, 1, { HEALTH_UNKNOWN }, true, false },
        { "up", -1, 1, { HEALTH_UP }, true, false },
        { "down", -1, 1, { HEALTH_DOWN }, false, false },
        { "one of two down", -1, 2, { HEALTH_UP, HEALTH_DOWN }, false, false },
        { "both up", -1, 2, { HEALTH_UP, HEALTH_UP }, true, false },
        { "forced up while down", OVERRIDE_UP, 1, { HEALTH_DOWN }, true, false },
        { "forced down while up", OVERRIDE_DOWN, 1, { HEALTH_UP }, false, true },
        { "drained while up", OVERRIDE_DRAIN, 1, { HEALTH_UP }, false, true },
        { "only the weight overridden while down", OVERRIDE_NONE, 1, { HEALTH_DOWN }, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct observation observed[2] = { { .verdict = rows[i].verdicts[0] },
                                           { .verdict = rows[i].verdicts[1] } };
        const struct override override = { .state = (uint8_t)rows[i].override };
        struct endpoint_condition condition;
        effective_condition(3, observed, rows[i].checks, rows[i].override >= 0 ? &override : NULL,
                            &condition);
        if (condition.is_available != rows[i].is_available || condition.is_held != rows[i].is_held)
            fail_msg("%s", rows[i].what);
        assert_int_equal(condition.weight, 3);
    }
}

static void an_overridden_weight_is_the_effective_one(void **unused)
{
    (void)unused;
    const struct override override = { .has_weight = true, .weight = 0 };
    struct endpoint_condition condition;
    effective_condition(7, NULL, 0, &override, &condition);
    assert_int_equal(condition.weight, 0);
    assert_true(condition.is_available);
}

static void a_near_change_caps_the_ttl_in_whole_seconds(void **unused)
{
    (void)unused;
    const struct observation observed[2] = { { .verdict = HEALTH_UP, .settle_ms = 6001 },
                                             { .verdict = HEALTH_UP } };
    const struct override down = { .state = OVERRIDE_DOWN };
    struct endpoint_condition condition;
    effective_condition(1, observed, 2, NULL, &condition);
    assert_int_equal(condition.ttl_cap_s, 7);
    effective_condition(1, observed, 2, &down, &condition);
    assert_int_equal(condition.ttl_cap_s, TTL_CAP_NONE); /* an operator decides: checks will not change it */
}

static void a_latency_of_too_few_samples_counts_as_none(void **unused)
{
    (void)unused;
    struct observation observed = { .latency_us = 7000, .latency_samples = LATENCY_CHECKS_LEAST - 1 };
    struct endpoint_condition condition;
    effective_condition(1, &observed, 1, NULL, &condition);
    assert_int_equal(condition.latency_us, 0);
    observed.latency_samples++;
    effective_condition(1, &observed, 1, NULL, &condition);
    assert_int_equal(condition.latency_us, 7000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(availability_follows_operators_then_checks),
        cmocka_unit_test(an_overridden_weight_is_the_effective_one),
        cmocka_unit_test(a_latency_of_too_few_samples_counts_as_none),
        cmocka_unit_test(a_near_change_caps_the_ttl_in_whole_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
