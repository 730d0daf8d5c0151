/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checker against servers of all sorts, good and hostile. */
#include "support/ipv6.h"

#include "bench.h"
#include "servers.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nall is ok\r\n\n";

enum { TIMEOUT_MS = 300 };

static const struct {
    const char *name;
    void (*serve)(struct server *, int);
    const char *text;          /* what the server says */
    const char *body_contains; /* or NULL */
    bool is_up;
    int status;
    const char *evidence; /* its beginning */
} cases[] = {
    { "a good reply", serve_text, ok, NULL, true, 200, "HTTP 200" },
    { "a good reply with the wanted body", serve_text, ok, "is ok", true, 200, "HTTP 200" },
    { "another body", serve_text, ok, "is well", false, 200, "body does not contain \"is well\"" },
    { "the wanted body in a reply without end", serve_text_and_hold,
      "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nall is ok", "is ok", true, 200, "HTTP 200" },
    { "a body until the connection closes", serve_text, "HTTP/1.0 204 No Content\r\n\r\n", NULL, true, 204,
      "HTTP 204" },
    { "a 503", serve_text, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", NULL, false, 503,
      "HTTP 503, expected 200-299" },
    { "a 503 whose body never ends", serve_text_and_hold, "HTTP/1.1 503 No\r\nContent-Length: 99\r\n\r\nx",
      NULL, false, 503, "HTTP 503, expected 200-299" },
    { "a 503 whose headers never end", serve_text_and_hold, "HTTP/1.1 503 No\r\nA: b\r\n", NULL, false, 503,
      "HTTP 503, expected 200-299" },
    { "a redirect", serve_text, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", NULL,
      false, 302, "HTTP 302, expected 200-299; redirects are not followed" },
    { "an early hint before the reply", serve_text,
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL, true, 200,
      "HTTP 200" },
    { "an early hint and nothing more", serve_text_and_hold, "HTTP/1.1 103 Early Hints\r\n\r\n", NULL, false,
      0, "no reply within 300ms (status line)" },
    { "silence", serve_silence, "", NULL, false, 0, "no reply within 300ms (status line)" },
    { "a trickle", serve_trickle, "HTTP/1.1 200 OK\r\nX: y\r\n", NULL, false, 0, "no reply within 300ms" },
    { "half a reply", serve_text_and_hold, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", NULL, false, 200,
      "HTTP 200, but the rest did not come within 300ms" },
    { "a close in the middle of the body", serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", NULL,
      false, 200, "HTTP 200, but connection closed before the end of the body" },
    { "a close in the middle of a chunk", serve_text,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\nabc", NULL, false, 200,
      "HTTP 200, but connection closed before the end of the body" },
    { "a close in the middle of the headers", serve_text, "HTTP/1.1 200 OK\r\nContent-Le", NULL, false, 200,
      "HTTP 200, but connection closed before the end of the headers" },
    { "a 503 closed in the middle of the headers", serve_text, "HTTP/1.1 503 No\r\nA: b\r\n", NULL, false,
      503, "HTTP 503, expected 200-299" },
    { "chunks", serve_text_and_hold,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nis o\r\n2\r\nk.\r\n0\r\nX: y\r\n\r\n",
      "is ok.", true, 200, "HTTP 200" },
    { "a close without a reply", serve_text, "", NULL, false, 0, "connection closed without a reply" },
    { "a reset", serve_reset, "", NULL, false, 0, "connection reset by peer" },
    { "garbage", serve_text, "\x16\x03\x01 what\xff\xfe\r\n\r\n\x01\x02", NULL, false, 0,
      "not an HTTP reply" },
    { "a greeting of another protocol", serve_text, "220 mail.example.test ESMTP\r\n", NULL, false, 0,
      "not an HTTP reply" },
    { "an impossible length", serve_text, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", NULL, false, 200,
      "not an HTTP reply" },
    { "endless headers", serve_flood, "X-Padding: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", NULL,
      false, 200, "HTTP 200, but headers above 64 KiB" },
    { "one endless header", serve_flood, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", NULL,
      false, 200, "HTTP 200, but headers above 64 KiB" },
    { "an endless body", serve_flood, "\r\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
      NULL, true, 200, "HTTP 200" },
    { "an endless body without what is wanted", serve_flood, "\r\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
      "ok", false, 200, "first 64 KiB of the body do not contain \"ok\"" },
};

static void judge_server(size_t i, uint8_t redirects)
{
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.40.1", cases[i].serve, cases[i].text);
    struct check *check = check_of(CHECK_HTTP, server->port, 60000, TIMEOUT_MS);
    check->body_contains = cases[i].body_contains != NULL ? xstrdup(cases[i].body_contains) : NULL;
    check->redirects = redirects;
    bench_bind(&bench, 7, check, "127.0.40.1");
    struct health_report *report = bench_report(&bench, PATIENCE_MS);
    if (report == NULL)
        fail_msg("%s: no report", cases[i].name);
    if ((report->verdict == HEALTH_UP) != cases[i].is_up || report->evidence.status != cases[i].status ||
        strncmp(report->evidence.text, cases[i].evidence, strlen(cases[i].evidence)) != 0 ||
        report->evidence.text[0] == '\0')
        fail_msg("%s: %d, status %d, \"%s\"", cases[i].name, report->verdict, report->evidence.status,
                 report->evidence.text);
    assert_int_equal(report->endpoint_slot, 7);
    assert_int_equal(report->check_index, 0);
    assert_int_equal(report->settle_ms, 0);
    assert_string_equal(report->evidence.check, "web");
    assert_int_equal(report->latency_us > 0, cases[i].is_up);
    assert_true(!cases[i].is_up || report->evidence.latency_us == report->latency_us);
    health_report_free(report);
    server_stop(server);
    bench_close(&bench);
}

/* Our own client, and libcurl, which carries checks that follow redirects. */
static void every_server_is_judged_in_time_with_evidence_whoever_carries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        judge_server(i, 0);
        if (strstr(cases[i].evidence, "redirects") == NULL)
            judge_server(i, 1);
    }
}

static void a_port_where_nobody_listens_is_connection_refused(void **state)
{
    (void)state;
    uint16_t port;
    close(listen_on("127.0.40.2", SOCK_STREAM, &port));
    for (enum check_type type = CHECK_HTTP; type <= CHECK_TCP; type++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        bench_bind(&bench, 1, check_of(type, port, 60000, 1000), "127.0.40.2");
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        assert_string_equal(report.evidence.text, "connection refused");
        assert_int_equal(report.evidence.latency_us, 0);
        bench_close(&bench);
    }
}

/* A full backlog: the kernel drops further SYNs. */
static void a_connect_without_answer_ends_at_the_timeout(void **state)
{
    (void)state;
    uint16_t port;
    int fd = listen_on("127.0.40.3", SOCK_STREAM, &port), guests[8];
    assert_int_equal(listen(fd, 0), 0);
    struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(port) };
    inet_pton(AF_INET, "127.0.40.3", &there.sin_addr);
    for (size_t i = 0; i < 8; i++) {
        guests[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(guests[i], (struct sockaddr *)&there, sizeof there);
    }
    for (enum check_type type = CHECK_HTTP; type <= CHECK_TCP; type++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        bench_bind(&bench, 1, check_of(type, port, 60000, 200), "127.0.40.3");
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        assert_string_equal(report.evidence.text, "no reply within 200ms (connect)");
        bench_close(&bench);
    }
    for (size_t i = 0; i < 8; i++)
        close(guests[i]);
    close(fd);
}

static char heard[4096];

static void serve_and_remember(struct server *server, int fd)
{
    if (hear_request(server, fd, heard, sizeof heard))
        say(fd, ok, sizeof ok - 1);
}

static void the_request_says_what_the_check_says(void **state)
{
    (void)state;
    static const struct {
        const char *path, *method, *host_header, *sni;
        bool is_host_with_port; /* "%s:port" */
        const char *line, *host;
    } rows[] = {
        { "/healthz", "GET", NULL, NULL, true, "GET /healthz HTTP/1.1\r\n", "\r\nHost: 127.0.40.4" },
        { "/a/../b?c=d%20e", "HEAD", "www.example.test", NULL, false, "HEAD /a/../b?c=d%20e HTTP/1.1\r\n",
          "\r\nHost: www.example.test" },
        { "/", "GET", "www.example.test:81", "other.example.test", false, "GET / HTTP/1.1\r\n",
          "\r\nHost: www.example.test:81" },
        { "/", "GET", NULL, "other.example.test", true, "GET / HTTP/1.1\r\n", "\r\nHost: 127.0.40.4" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct server *server = server_start("127.0.40.4", serve_and_remember, ok);
        struct check *check = check_of(CHECK_HTTP, server->port, 60000, 2000);
        free(check->path);
        free(check->method);
        check->path = xstrdup(rows[i].path);
        check->method = xstrdup(rows[i].method);
        check->host_header = rows[i].host_header != NULL ? xstrdup(rows[i].host_header) : NULL;
        check->sni = rows[i].sni != NULL ? xstrdup(rows[i].sni) : NULL;
        bench_bind(&bench, 1, check, "127.0.40.4");
        bench_await(&bench, HEALTH_UP);
        char *host = rows[i].is_host_with_port ? xasprintf("%s:%u\r\n", rows[i].host, server->port)
                                               : xasprintf("%s\r\n", rows[i].host);
        server_stop(server);
        assert_ptr_equal(strstr(heard, rows[i].line), heard);
        assert_non_null(strstr(heard, host));
        assert_non_null(strstr(heard, "\r\nUser-Agent: steerd/"));
        free(host);
        bench_close(&bench);
    }
}

static void an_ipv6_endpoint_is_reached_and_named_in_brackets(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    struct server *server = server_start("::1", serve_and_remember, ok);
    for (enum check_type type = CHECK_HTTP; type <= CHECK_TCP; type += CHECK_TCP - CHECK_HTTP) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        bench_bind(&bench, 1, check_of(type, server->port, 60000, 2000), "::1");
        bench_await(&bench, HEALTH_UP);
        bench_close(&bench);
    }
    char *host = xasprintf("\r\nHost: [::1]:%u\r\n", server->port);
    server_stop(server);
    assert_non_null(strstr(heard, host));
    free(host);
}

static void a_proxy_in_the_environment_is_not_asked(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.40.5:9", 1);
    setenv("all_proxy", "http://127.0.40.5:9", 1);
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.40.6", serve_text, ok);
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 60000, 2000), "127.0.40.6");
    bench_await(&bench, HEALTH_UP);
    bench_close(&bench);
    server_stop(server);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void an_unusable_request_is_said_to_be_one(void **state)
{
    (void)state;
    static const struct {
        const char *path, *host_header, *sni, *evidence;
    } rows[] = {
        { "/", NULL, "bad host/", "unusable host \"bad host/\"" },
        { "/", "a\r\nX: y", NULL, "unusable host_header \"a??X: y\"" },
        { "/\r\nX: y", NULL, NULL, "unusable path \"/??X: y\"" },
        { "/?\nX: y", NULL, NULL, "unusable query \"?X: y\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct check *check = check_of(CHECK_HTTP, 80, 60000, 2000);
        free(check->path);
        check->path = xstrdup(rows[i].path);
        check->host_header = rows[i].host_header != NULL ? xstrdup(rows[i].host_header) : NULL;
        check->sni = rows[i].sni != NULL ? xstrdup(rows[i].sni) : NULL;
        bench_bind(&bench, 1, check, "127.0.40.7");
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        assert_ptr_equal(strstr(report.evidence.text, rows[i].evidence), report.evidence.text);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_is_judged_in_time_with_evidence_whoever_carries),
        cmocka_unit_test(a_port_where_nobody_listens_is_connection_refused),
        cmocka_unit_test(a_connect_without_answer_ends_at_the_timeout),
        cmocka_unit_test(the_request_says_what_the_check_says),
        cmocka_unit_test(an_ipv6_endpoint_is_reached_and_named_in_brackets),
        cmocka_unit_test(a_proxy_in_the_environment_is_not_asked),
        cmocka_unit_test(an_unusable_request_is_said_to_be_one),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
