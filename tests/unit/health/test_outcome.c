/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of results: confirmation, damping. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char no[] = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";

static _Atomic unsigned asked, good, bad; /* after `good` good answers `bad` bad ones, and so on */

static void play(unsigned good_ones, unsigned bad_ones)
{
    asked = 0;
    good = good_ones;
    bad = bad_ones;
}

static void serve_in_turn(struct server *server, int fd)
{
    char request[4096];
    if (!hear_request(server, fd, request, sizeof request))
        return;
    const char *text = asked++ % (good + bad) < good ? ok : no;
    say(fd, text, strlen(text));
}

static void a_failure_that_is_not_confirmed_is_none(void **state)
{
    (void)state;
    for (int confirms = 0; confirms < 2; confirms++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        play(4, 1);
        struct server *server = server_start("127.0.48.1", serve_in_turn, NULL);
        struct check *check = check_of(CHECK_HTTP, server->port, 20, 2000);
        check->fall = 1;
        check->confirm = confirms != 0;
        bench_bind(&bench, 1, check, "127.0.48.1");
        bench_await(&bench, HEALTH_UP);
        if (confirms) {
            bench_until(asked > 40);
            for (struct health_report *report; (report = bench_report(&bench, 0)) != NULL;) {
                assert_int_equal(report->verdict, HEALTH_UP);
                health_report_free(report);
            }
        } else {
            bench_await(&bench, HEALTH_DOWN);
        }
        bench_close(&bench);
        server_stop(server);
    }
}

static void a_confirmed_failure_counts_at_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    play(1, 1000);
    struct server *server = server_start("127.0.48.2", serve_in_turn, NULL);
    struct check *check = check_of(CHECK_HTTP, server->port, 1000, 2000);
    check->fall = 1;
    check->confirm = true;
    check->jitter_percent = 0;
    bench_bind(&bench, 1, check, "127.0.48.2");
    bench_await(&bench, HEALTH_UP);
    bench_await(&bench, HEALTH_DOWN);
    assert_int_equal(asked, 3); /* good, bad, and bad again without an interval between them */
    bench_close(&bench);
    server_stop(server);
}

static void what_flaps_is_held_down_and_let_go(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    play(2, 2);
    struct server *server = server_start("127.0.48.3", serve_in_turn, NULL);
    struct check *check = check_of(CHECK_HTTP, server->port, 20, 2000);
    check->fall = check->rise = 1;
    check->damping = (struct check_damping){ .flaps = 3, .within_ms = 60000, .hold_ms = 1000 };
    bench_bind(&bench, 1, check, "127.0.48.3");
    for (int fall = 1; fall <= 3; fall++) {
        bench_await(&bench, HEALTH_UP);
        const char *text = bench_await(&bench, HEALTH_DOWN).evidence.text;
        assert_true((strstr(text, "; held down for 1s after 3 falls") != NULL) == (fall == 3));
    }
    uint64_t from_ms = clock_monotonic_ms();
    good = 1000000; /* well from now on */
    struct health_report up = bench_await(&bench, HEALTH_UP);
    assert_true(clock_monotonic_ms() - from_ms >= 900);
    assert_string_equal(up.evidence.text, "good again, and the hold is over");
    bench_close(&bench);
    server_stop(server);
}

static void who_goes_while_held_leaves_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    play(1, 1);
    struct server *server = server_start("127.0.48.4", serve_in_turn, NULL);
    struct check *check = check_of(CHECK_HTTP, server->port, 20, 2000);
    check->fall = check->rise = 1;
    check->damping = (struct check_damping){ .flaps = 2, .within_ms = 60000, .hold_ms = 100 };
    bench_bind(&bench, 1, check, "127.0.48.4");
    bench_await(&bench, HEALTH_DOWN);
    bench_await(&bench, HEALTH_UP);
    bench_await(&bench, HEALTH_DOWN);
    checker_bind(bench.checker, 1, NULL, 0);
    bench_until(checker_counters(bench.checker)->bindings == 0);
    usleep(200000);
    bench_close(&bench);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_that_is_not_confirmed_is_none),
        cmocka_unit_test(a_confirmed_failure_counts_at_once),
        cmocka_unit_test(what_flaps_is_held_down_and_let_go),
        cmocka_unit_test(who_goes_while_held_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
