/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was known before the start, and whether a peer said anything at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

#include <sys/socket.h>

static void bind_known(struct bench *bench, struct check *check, const char *address, uint8_t verdict)
{
    struct check_binding binding = { .check = check, .endpoint_name = (char *)"us/us-1" };
    const struct known_verdict known = { .verdict = verdict,
                                         .evidence = { .since_wall_ms = 7, .text = "from before" } };
    assert_true(address_parse(address, &binding.address));
    checker_bind_known(bench->checker, 0, &binding, &known, 1);
    check_release(check);
}

static struct health_report next_report(struct bench *bench)
{
    struct health_report *report = bench_report(bench, PATIENCE_MS);
    assert_non_null(report);
    struct health_report copy = *report;
    health_report_free(report);
    return copy;
}

static void what_was_up_before_the_start_falls_by_its_threshold_only(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.43.1", serve_silence, NULL);
    uint16_t port = server->port;
    server_stop(server); /* nobody listens there */
    bind_known(&bench, check_of(CHECK_TCP, port, 20, 1000), "127.0.43.1", HEALTH_UP);
    for (unsigned left = 2; left > 0; left--) {
        struct health_report report = next_report(&bench);
        assert_int_equal(report.verdict, HEALTH_UP);
        assert_int_equal(report.settle_ms, 20 * left);
        assert_int_equal(report.evidence.since_wall_ms, 7);
        assert_string_equal(report.evidence.text, "from before");
    }
    struct health_report down = next_report(&bench);
    assert_int_equal(down.verdict, HEALTH_DOWN);
    assert_string_equal(down.evidence.text, "connection refused");
    assert_true(down.has_replied && down.evidence.has_replied);
    bench_close(&bench);
}

static void what_was_down_before_the_start_rises_by_its_threshold_only(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.43.2", serve_silence, NULL);
    bind_known(&bench, check_of(CHECK_TCP, server->port, 20, 1000), "127.0.43.2", HEALTH_DOWN);
    struct health_report rising = next_report(&bench);
    assert_int_equal(rising.verdict, HEALTH_DOWN);
    assert_int_equal(rising.settle_ms, 20);
    bench_await(&bench, HEALTH_UP);
    bench_close(&bench);
    server_stop(server);
}

/* Its queue is full, so the kernel answers no SYN: what vanishing packets look like. */
static uint16_t open_full_listener(const char *text, int fds[4])
{
    struct sockaddr_storage to;
    struct address address;
    assert_true(address_parse(text, &address));
    socklen_t size = address_to_sockaddr(&address, 0, &to);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&to, size), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&to, &size), 0);
    for (int i = 1; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fds[i], (struct sockaddr *)&to, size);
    }
    return ntohs(((struct sockaddr_in *)&to)->sin_port);
}

static void silence_is_told_from_a_bad_reply(void **state)
{
    (void)state;
    int fds[4];
    uint16_t port = open_full_listener("127.0.43.3", fds);
    const enum check_type types[] = { CHECK_TCP, CHECK_HTTP };
    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        bench_bind(&bench, 0, check_of(types[i], port, 100, 80), "127.0.43.3");
        struct health_report down = bench_await(&bench, HEALTH_DOWN);
        assert_false(down.has_replied);
        assert_false(down.evidence.has_replied);
        bench_close(&bench);
    }
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
}

static void who_accepts_and_then_says_nothing_has_replied(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.43.4", serve_silence, NULL);
    bench_bind(&bench, 0, check_of(CHECK_HTTP, server->port, 100, 80), "127.0.43.4");
    assert_true(bench_await(&bench, HEALTH_DOWN).has_replied);
    bench_close(&bench);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_up_before_the_start_falls_by_its_threshold_only),
        cmocka_unit_test(what_was_down_before_the_start_rises_by_its_threshold_only),
        cmocka_unit_test(silence_is_told_from_a_bad_reply),
        cmocka_unit_test(who_accepts_and_then_says_nothing_has_replied),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
