/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http with options: bodies both ways, redirects, connections that serve more than once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char kept[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static char heard[4096];

static void serve_and_remember(struct server *server, int fd)
{
    if (hear_request(server, fd, heard, sizeof heard))
        say(fd, ok, sizeof ok - 1);
}

/* ---- requests and bodies of other kinds ---- */

static void a_post_carries_its_body_and_headers(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.40.8", serve_and_remember, ok);
    struct check *check = check_of(CHECK_HTTP, server->port, 60000, 2000);
    free(check->method);
    check->method = xstrdup("POST");
    check->body = xstrdup("{\"ping\": 1}");
    check->headers = xcalloc(2, sizeof *check->headers);
    check->headers[0] = xstrdup("Content-Type: application/json");
    check->headers[1] = xstrdup("X-Empty: ");
    check->header_count = 2;
    bench_bind(&bench, 1, check, "127.0.40.8");
    bench_await(&bench, HEALTH_UP);
    bench_close(&bench);
    server_stop(server);
    assert_ptr_equal(strstr(heard, "POST /healthz HTTP/1.1\r\n"), heard);
    assert_non_null(strstr(heard, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(heard, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(heard, "\r\nContent-Length: 11\r\n"));
}

static void a_body_is_matched_by_an_expression(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expression;
        enum health_verdict verdict;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nload 0.42", "load 0\\.[0-9]+$", HEALTH_UP },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nload 1.42", "load 0\\.[0-9]+$", HEALTH_DOWN },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "^$", HEALTH_UP },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "x", HEALTH_DOWN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct server *server = server_start("127.0.40.9", serve_text, rows[i].text);
        struct check *check = check_of(CHECK_HTTP, server->port, 60000, 2000);
        check->body_matches = xstrdup(rows[i].expression);
        bench_bind(&bench, 1, check, "127.0.40.9");
        struct health_report report = bench_await(&bench, rows[i].verdict);
        if (rows[i].verdict == HEALTH_DOWN)
            assert_non_null(strstr(report.evidence.text, "body does not match \""));
        bench_close(&bench);
        server_stop(server);
    }
}

static void serve_redirect(struct server *server, int fd)
{
    char request[4096];
    if (!hear_request(server, fd, request, sizeof request))
        return;
    if (strstr(request, "GET /there ") != NULL)
        say(fd, ok, strlen(ok));
    else
        say(fd, server->text, strlen(server->text));
}

static void redirects_are_followed_on_the_endpoint_itself(void **state)
{
    (void)state;
    static const struct {
        const char *location; /* what follows http:// */
        uint8_t redirects;
        enum health_verdict verdict;
        const char *evidence;
    } rows[] = {
        { "elsewhere.example:%u/there", 1, HEALTH_UP, "HTTP 200" },
        { "elsewhere.example:%u/there", 0, HEALTH_DOWN,
          "HTTP 302, expected 200-299; redirects are not followed" },
        { "elsewhere.example:%u/again", 3, HEALTH_DOWN, "HTTP 302, expected 200-299; too many redirects" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        char location[64], text[200];
        bench_open(&bench, 0, NULL);
        struct server *server = server_start("127.0.40.10", serve_redirect, text);
        snprintf(location, sizeof location, rows[i].location, server->port);
        snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: http://%s\r\nContent-Length: 0\r\n\r\n",
                 location);
        struct check *check = check_of(CHECK_HTTP, server->port, 60000, 5000);
        check->redirects = rows[i].redirects;
        bench_bind(&bench, 1, check, "127.0.40.10");
        assert_string_equal(bench_await(&bench, rows[i].verdict).evidence.text, rows[i].evidence);
        bench_close(&bench);
        server_stop(server);
    }
}

/* ---- connections that serve more than once ---- */

static _Atomic unsigned guests, requests;

static void serve_many(struct server *server, int fd)
{
    char request[4096];
    guests++;
    while (hear_request(server, fd, request, sizeof request)) {
        requests++;
        say(fd, server->text, strlen(server->text));
    }
}

static void connections_are_reused_only_where_told(void **state)
{
    (void)state;
    for (int turn = 0; turn < 4; turn++) { /* by our own client and by libcurl */
        int reuses = turn % 2;
        struct bench bench;
        bench_open(&bench, 0, NULL);
        guests = requests = 0;
        struct server *server = server_start("127.0.40.11", serve_many, kept);
        struct check *check = check_of(CHECK_HTTP, server->port, 20, 5000);
        check->reuse_ms = reuses != 0 ? 60000 : 0;
        check->redirects = (uint8_t)(turn / 2);
        bench_bind(&bench, 1, check, "127.0.40.11");
        bench_until(requests >= 10);
        assert_true(reuses != 0 ? guests * 2 <= requests : guests >= 10);
        bench_close(&bench);
        server_stop(server);
    }
}

static void a_connection_too_old_is_replaced(void **state)
{
    (void)state;
    for (uint8_t redirects = 0; redirects < 2; redirects++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        guests = requests = 0;
        struct server *server = server_start("127.0.40.12", serve_many, kept);
        struct check *check = check_of(CHECK_HTTP, server->port, 50, 5000);
        check->reuse_ms = 1000;
        check->redirects = redirects;
        bench_bind(&bench, 1, check, "127.0.40.12");
        bench_until(guests >= 2 && requests > guests);
        assert_int_equal(checker_counters(bench.checker)->failed, 0);
        bench_close(&bench);
        server_stop(server);
    }
}

static void serve_once_then_go(struct server *server, int fd)
{
    guests++;
    serve_text(server, fd);
}

/* Takes the second request and goes without a word. */
static void serve_once_then_go_rudely(struct server *server, int fd)
{
    char request[4096];
    serve_once_then_go(server, fd);
    (void)hear_request(server, fd, request, sizeof request);
}

static void a_reused_connection_that_is_gone_is_no_failure(void **state)
{
    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        guests = 0;
        struct server *server =
            server_start("127.0.40.13", turn % 2 == 0 ? serve_once_then_go : serve_once_then_go_rudely, kept);
        struct check *check = check_of(CHECK_HTTP, server->port, 20, 5000);
        check->reuse_ms = 60000;
        check->redirects = (uint8_t)(turn / 2);
        bench_bind(&bench, 1, check, "127.0.40.13");
        bench_until(guests >= 10);
        assert_int_equal(checker_counters(bench.checker)->failed, 0);
        bench_close(&bench);
        server_stop(server);
    }
}

/* What decides may come before the end of the reply: the connection goes on all the same if it all came at
 * once. */
static void a_reply_that_is_known_early_keeps_its_connection(void **state)
{
    (void)state;
    static const struct {
        const char *text, *body_contains;
        enum health_verdict verdict;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nok and more", "ok", HEALTH_UP },
        { "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno", NULL, HEALTH_DOWN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        guests = requests = 0;
        struct server *server = server_start("127.0.40.14", serve_many, rows[i].text);
        struct check *check = check_of(CHECK_HTTP, server->port, 20, 5000);
        check->reuse_ms = 60000;
        check->body_contains = rows[i].body_contains != NULL ? xstrdup(rows[i].body_contains) : NULL;
        bench_bind(&bench, 1, check, "127.0.40.14");
        bench_await(&bench, rows[i].verdict);
        bench_until(requests >= 10);
        assert_true(guests * 2 <= requests); /* a slow machine may have two checks under way */
        bench_close(&bench);
        server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_carries_its_body_and_headers),
        cmocka_unit_test(a_body_is_matched_by_an_expression),
        cmocka_unit_test(redirects_are_followed_on_the_endpoint_itself),
        cmocka_unit_test(connections_are_reused_only_where_told),
        cmocka_unit_test(a_connection_too_old_is_replaced),
        cmocka_unit_test(a_reused_connection_that_is_gone_is_no_failure),
        cmocka_unit_test(a_reply_that_is_known_early_keeps_its_connection),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
