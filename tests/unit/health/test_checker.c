/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scheduling, thresholds, rebinding, stopping. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

#include <sys/resource.h>

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char no[] = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";

static _Atomic bool is_good;

static void serve_as_told(struct server *server, int fd)
{
    char request[4096];
    const char *text = is_good ? ok : no;
    if (hear_request(server, fd, request, sizeof request))
        say(fd, text, strlen(text));
}

static uint64_t started(const struct bench *bench)
{
    return checker_counters(bench->checker)->started;
}

static uint32_t in_flight(const struct bench *bench)
{
    return checker_counters(bench->checker)->in_flight;
}

static uint32_t bindings(const struct bench *bench)
{
    return checker_counters(bench->checker)->bindings;
}

/* The next report that says something else than a moved latency. */
static struct health_report await_settle(struct bench *bench, uint32_t settle_ms)
{
    for (;;) {
        struct health_report *report = bench_report(bench, PATIENCE_MS);
        assert_non_null(report);
        struct health_report copy = *report;
        health_report_free(report);
        if (copy.settle_ms == settle_ms)
            return copy;
    }
}

static void verdicts_turn_at_the_thresholds_and_say_when_they_come_near(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    is_good = true;
    struct server *server = server_start("127.0.41.1", serve_as_told, NULL);
    int64_t before_ms = clock_wall_ms();
    bench_bind(&bench, 3, check_of(CHECK_HTTP, server->port, 30, 2000), "127.0.41.1");
    struct health_report up = bench_await(&bench, HEALTH_UP);
    assert_int_equal(up.settle_ms, 0);
    assert_true(up.evidence.since_wall_ms >= before_ms && up.evidence.since_wall_ms <= clock_wall_ms());
    is_good = false;
    assert_int_equal(await_settle(&bench, 60).verdict, HEALTH_UP);
    assert_int_equal(await_settle(&bench, 30).verdict, HEALTH_UP);
    struct health_report down = await_settle(&bench, 0);
    assert_int_equal(down.verdict, HEALTH_DOWN);
    assert_int_equal(down.evidence.status, 500);
    assert_string_equal(down.evidence.text, "HTTP 500, expected 200-299");
    assert_true(down.latency_us > 0); /* failed checks do not forget it */
    is_good = true;
    assert_int_equal(await_settle(&bench, 30).verdict, HEALTH_DOWN);
    struct health_report again = await_settle(&bench, 0);
    assert_int_equal(again.verdict, HEALTH_UP);
    assert_string_equal(again.evidence.text, "HTTP 200");
    bench_close(&bench);
    server_stop(server);
}

static void an_equal_binding_goes_on_and_another_one_starts_anew(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    is_good = true;
    struct server *server = server_start("127.0.41.2", serve_as_told, NULL);
    bench_bind(&bench, 3, check_of(CHECK_HTTP, server->port, 60000, 2000), "127.0.41.2");
    bench_await(&bench, HEALTH_UP);
    assert_int_equal(started(&bench), 1);

    struct check *equal = check_of(CHECK_HTTP, server->port, 60000, 2000);
    struct check *other = check_of(CHECK_TCP, server->port, 60000, 2000);
    struct check_binding both[2] = { { .check = other }, { .check = equal } };
    address_parse("127.0.41.2", &both[0].address);
    address_parse("127.0.41.2", &both[1].address);
    checker_bind(bench.checker, 3, both, 2);
    struct health_report moved = { 0 }, fresh = { 0 };
    for (int i = 0; i < 2; i++) {
        struct health_report report = bench_await(&bench, HEALTH_UP);
        *(report.check_index == 1 ? &moved : &fresh) = report;
    }
    assert_string_equal(moved.evidence.text, "HTTP 200");
    assert_string_equal(fresh.evidence.text, "connected");
    bench_until(bindings(&bench) == 2);
    assert_int_equal(started(&bench), 2); /* the old one was not measured again */

    checker_bind(bench.checker, 3, both, 2);
    other->interval_ms = 50000;
    checker_bind(bench.checker, 4, both, 1);
    bench_await(&bench, HEALTH_UP);
    assert_int_equal(started(&bench), 3);
    check_release(equal);
    check_release(other);
    bench_close(&bench);
    server_stop(server);
}

static void removing_a_binding_drops_what_is_under_way(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.41.3", serve_silence, NULL);
    for (enum check_type type = CHECK_HTTP; type <= CHECK_HTTPS; type++) {
        bench_bind(&bench, 3, check_of(type, server->port, 50, 60000), "127.0.41.3");
        bench_until(in_flight(&bench) == 4); /* it starts anew every interval, but not for ever */
        bench_bind(&bench, 3, check_of(type, server->port, 60, 60000), "127.0.41.3");
        bench_until(in_flight(&bench) == 4 && checker_counters(bench.checker)->skipped > 2);
        checker_bind(bench.checker, 3, NULL, 0);
        bench_until(in_flight(&bench) == 0 && bindings(&bench) == 0);
    }
    checker_bind(bench.checker, 999999, NULL, 0);
    assert_null(bench_report(&bench, 0));
    bench_close(&bench);
    server_stop(server);
}

static void stopping_does_not_wait_for_checks_under_way(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.41.4", serve_silence, NULL);
    for (uint32_t slot = 0; slot < 20; slot++)
        bench_bind(&bench, slot, check_of(slot % 3, server->port, 60000, 60000), "127.0.41.4");
    bench_until(started(&bench) >= 20);
    uint64_t before_ms = clock_monotonic_ms();
    bench_close(&bench);
    assert_true(clock_monotonic_ms() - before_ms < 30000);
    server_stop(server);
}

static void a_check_starts_every_interval_also_while_the_last_one_is_under_way(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.41.5", serve_silence, NULL);
    uint64_t before_ms = clock_monotonic_ms();
    bench_bind(&bench, 3, check_of(CHECK_HTTP, server->port, 200, 600), "127.0.41.5");
    struct health_report report = bench_await(&bench, HEALTH_DOWN);
    uint64_t passed_ms = clock_monotonic_ms() - before_ms;
    assert_true(passed_ms >= 600);
    assert_true(started(&bench) >= 3 && started(&bench) <= passed_ms / 200 + 2);
    assert_string_equal(report.evidence.text, "no reply within 600ms (status line)");
    bench_close(&bench);
    server_stop(server);
}

static void overload_queues_checks_and_serves_all(void **state)
{
    (void)state;
    enum { SLOTS = 24, PLACES = 4 };
    struct bench bench;
    bench_open(&bench, PLACES, NULL);
    struct server *server = server_start("127.0.41.6", serve_silence, NULL);
    bool is_known[SLOTS] = { false };
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        bench_bind(&bench, slot, check_of(CHECK_HTTP, server->port, 10, 40), "127.0.41.6");
    for (size_t known = 0; known < SLOTS;) {
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        known += !is_known[report.endpoint_slot];
        is_known[report.endpoint_slot] = true;
        assert_true(in_flight(&bench) <= PLACES);
    }
    assert_true(checker_counters(bench.checker)->skipped > 0);
    checker_bind(bench.checker, 5, NULL, 0); /* most likely out of the queue */
    bench_until(bindings(&bench) == SLOTS - 1);
    bench_close(&bench);
    server_stop(server);
}

static void five_hundred_targets_are_measured_at_their_rate(void **state)
{
    (void)state;
    enum { TARGETS = 500, SERVERS = 10, INTERVAL_MS = 100 };
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *servers[SERVERS];
    for (uint32_t i = 0; i < SERVERS; i++)
        servers[i] = server_start("127.0.41.7", NULL, NULL);
    for (uint32_t slot = 0; slot < TARGETS; slot++) {
        struct check *check = check_of(CHECK_TCP, servers[slot % SERVERS]->port, INTERVAL_MS, 5000);
        check->jitter_percent = slot % 3 * 20;
        bench_bind(&bench, slot, check, "127.0.41.7");
    }
    for (size_t up = 0; up < TARGETS;) {
        struct health_report *report = bench_report(&bench, PATIENCE_MS);
        assert_non_null(report);
        assert_int_equal(report->verdict, HEALTH_UP);
        up += report->evidence.text[0] != '\0' && report->settle_ms == 0 &&
              report->latency_us == report->evidence.latency_us;
        health_report_free(report);
    }
    uint64_t from_ms = clock_monotonic_ms(), from = started(&bench);
    while (clock_monotonic_ms() - from_ms < 1000)
        usleep(1000);
    /* jitter of 0, 20 and 40 % makes intervals of 100, 90 and 80 % in the mean */
    uint64_t expected = TARGETS * (clock_monotonic_ms() - from_ms) * 1120 / 1000 / INTERVAL_MS;
    uint64_t grown = started(&bench) - from + checker_counters(bench.checker)->skipped;
    assert_in_range(grown, expected * 9 / 10 - TARGETS / 2, expected * 11 / 10 + TARGETS / 2);
    assert_int_equal(checker_counters(bench.checker)->failed, 0);
    bench_close(&bench);
    for (uint32_t i = 0; i < SERVERS; i++)
        server_stop(servers[i]);
}

static void our_own_want_of_sockets_takes_nobody_down(void **state)
{
    (void)state;
    struct rlimit before, few = { .rlim_cur = 128 };
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    is_good = true;
    struct server *server = server_start("127.0.41.8", serve_as_told, NULL);
    for (enum check_type type = CHECK_HTTP; type <= CHECK_TCP; type += CHECK_TCP - CHECK_HTTP) {
        struct bench bench;
        int taken[128], count = 0;
        bench_open(&bench, 0, NULL);
        const struct checker_counters *counters = checker_counters(bench.checker);
        bench_bind(&bench, 1, check_of(type, server->port, 20, 2000), "127.0.41.8");
        bench_await(&bench, HEALTH_UP);
        while (counters->unmeasured < 10) { /* again and again: a check that ends gives one back */
            for (int fd; (fd = dup(0)) >= 0;)
                taken[count++] = fd;
            usleep(1000);
        }
        while (count > 0)
            close(taken[--count]);
        uint64_t succeeded = counters->succeeded;
        bench_until(counters->succeeded > succeeded + 3);
        assert_int_equal(counters->failed, 0);
        bench_close(&bench);
    }
    server_stop(server);
    setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_turn_at_the_thresholds_and_say_when_they_come_near),
        cmocka_unit_test(an_equal_binding_goes_on_and_another_one_starts_anew),
        cmocka_unit_test(removing_a_binding_drops_what_is_under_way),
        cmocka_unit_test(stopping_does_not_wait_for_checks_under_way),
        cmocka_unit_test(a_check_starts_every_interval_also_while_the_last_one_is_under_way),
        cmocka_unit_test(overload_queues_checks_and_serves_all),
        cmocka_unit_test(five_hundred_targets_are_measured_at_their_rate),
        cmocka_unit_test(our_own_want_of_sockets_takes_nobody_down),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
