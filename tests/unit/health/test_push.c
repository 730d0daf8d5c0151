/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks whose results come as reports. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

enum { SLOT = 5, LONG_MS = 3600000, SHORT_MS = 60 };

static struct check *push_of(uint32_t ttl_ms, uint16_t rise, uint16_t fall)
{
    struct check *check = check_of(CHECK_PUSH, 0, ttl_ms, 0);
    check->ttl_ms = ttl_ms;
    check->rise = rise;
    check->fall = fall;
    return check;
}

static void bind_push(struct bench *bench, struct check *check, const struct known_verdict *known)
{
    struct check_binding binding = { .check = check, .endpoint_name = (char *)"us/us-1" };
    assert_true(address_parse("192.0.2.1", &binding.address));
    checker_bind_known(bench->checker, SLOT, &binding, known, 1);
    check_release(check);
}

static void say(struct bench *bench, bool is_up, uint32_t ttl_ms, const char *message)
{
    struct check_report report = { .is_up = is_up, .ttl_ms = ttl_ms, .wall_ms = clock_wall_ms() };
    strcpy(report.message, message);
    checker_report(bench->checker, SLOT, 0, &report);
}

static void a_report_is_a_result_at_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bind_push(&bench, push_of(LONG_MS, 1, 1), NULL);
    say(&bench, true, 0, "");
    struct health_report up = bench_await(&bench, HEALTH_UP);
    assert_string_equal(up.evidence.text, "reported up");
    assert_true(up.has_replied);
    say(&bench, false, 0, "disk\nfull");
    struct health_report down = bench_await(&bench, HEALTH_DOWN);
    assert_string_equal(down.evidence.text, "reported down: disk?full");
    assert_true(down.has_replied);
    assert_int_equal(checker_counters(bench.checker)->reports_taken, 2);
    assert_int_equal(checker_counters(bench.checker)->in_flight, 0);
    bench_close(&bench);
}

static void thresholds_hold_for_reports_too(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bind_push(&bench, push_of(LONG_MS, 2, 2), NULL);
    say(&bench, true, 0, "");
    bench_await(&bench, HEALTH_UP);
    say(&bench, false, 0, "once");
    say(&bench, true, 0, "");
    say(&bench, false, 0, "again");
    say(&bench, false, 0, "twice");
    assert_string_equal(bench_await(&bench, HEALTH_DOWN).evidence.text, "reported down: twice");
    bench_close(&bench);
}

static void silence_is_a_failure_after_the_time_to_live(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bind_push(&bench, push_of(LONG_MS, 1, 1), NULL);
    say(&bench, true, SHORT_MS, "");
    bench_await(&bench, HEALTH_UP);
    struct health_report down = bench_await(&bench, HEALTH_DOWN);
    assert_non_null(strstr(down.evidence.text, "no report for "));
    assert_false(down.has_replied);
    say(&bench, true, 0, "");
    assert_string_equal(bench_await(&bench, HEALTH_UP).evidence.text, "reported up");
    bench_close(&bench);
}

static void who_never_reports_is_down_after_the_first_time_to_live(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bind_push(&bench, push_of(SHORT_MS, 1, 1), NULL);
    struct health_report down = bench_await(&bench, HEALTH_DOWN);
    assert_non_null(strstr(down.evidence.text, "no report yet, within "));
    bench_close(&bench);
}

static void a_restored_report_is_waited_for_anew(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    const struct known_verdict known = { .verdict = HEALTH_UP,
                                         .evidence = { .since_wall_ms = 7, .text = "from before" },
                                         .reported_wall_ms = clock_wall_ms() - 75000,
                                         .report_ttl_ms = SHORT_MS };
    uint64_t start_ms = clock_monotonic_ms();
    bind_push(&bench, push_of(LONG_MS, 1, 1), &known);
    struct health_report down = bench_await(&bench, HEALTH_DOWN);
    assert_true(clock_monotonic_ms() - start_ms >= SHORT_MS);
    assert_string_equal(down.evidence.text, "no report for 75s");
    bench_close(&bench);
}

static void a_report_about_another_check_or_endpoint_is_lost(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    const struct check_report report = { .is_up = true };
    bench_bind(&bench, SLOT, check_of(CHECK_TCP, 1, 60000, 100), "127.0.44.1");
    bench_await(&bench, HEALTH_DOWN);
    checker_report(bench.checker, SLOT, 0, &report);
    checker_report(bench.checker, SLOT, 7, &report);
    checker_report(bench.checker, 999999, 0, &report);
    bind_push(&bench, push_of(LONG_MS, 1, 1), NULL); /* comes after them */
    say(&bench, true, 0, "mine");
    assert_string_equal(bench_await(&bench, HEALTH_UP).evidence.text, "reported up: mine");
    assert_int_equal(checker_counters(bench.checker)->reports_taken, 1);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_a_result_at_once),
        cmocka_unit_test(thresholds_hold_for_reports_too),
        cmocka_unit_test(silence_is_a_failure_after_the_time_to_live),
        cmocka_unit_test(who_never_reports_is_down_after_the_first_time_to_live),
        cmocka_unit_test(a_restored_report_is_waited_for_anew),
        cmocka_unit_test(a_report_about_another_check_or_endpoint_is_lost),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
