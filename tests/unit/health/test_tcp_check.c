/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp: what is said and what must come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

static char heard[256];

/* A mail server: greets, takes one line, answers it. */
static void serve_mail(struct server *server, int fd)
{
    size_t size = 0;
    say(fd, "220 mail ", 9);
    usleep(20000);
    say(fd, "ready\r\n", 7);
    while (size < sizeof heard - 1 && memchr(heard, '\n', size) == NULL) {
        ssize_t got = recv(fd, heard + size, sizeof heard - 1 - size, 0);
        if (got <= 0)
            return;
        size += (size_t)got;
    }
    heard[size] = '\0';
    say(fd, server->text, strlen(server->text));
    hold(server, fd);
}

static void serve_banner(struct server *server, int fd)
{
    say(fd, server->text, strlen(server->text));
    hold(server, fd);
}

static void serve_banner_and_go(struct server *server, int fd)
{
    say(fd, server->text, strlen(server->text));
}

static void serve_chatter(struct server *server, int fd)
{
    while (!server->is_stopping && send(fd, server->text, strlen(server->text), MSG_NOSIGNAL) > 0)
        ;
}

static const struct {
    const char *name;
    void (*serve)(struct server *, int);
    const char *text, *send, *expect;
    enum health_verdict verdict;
    const char *evidence;
} rows[] = {
    { "a banner in two pieces", serve_mail, "221 bye\r\n", NULL, "220 mail ready", HEALTH_UP,
      "got what was expected" },
    { "an answer after the banner", serve_mail, "221 bye\r\n", "QUIT\r\n", "221 ", HEALTH_UP,
      "got what was expected" },
    { "another answer", serve_mail, "500 what\x01?\r\n", "QUIT\r\n", "221 ", HEALTH_DOWN,
      "expected \"221 \", got \"220 mail ready??500 what??\?\?\" in time" },
    { "silence", serve_silence, NULL, "PING\r\n", "+PONG", HEALTH_DOWN, "no reply within 300ms (reply)" },
    { "the wrong words, then the end", serve_banner_and_go, "busy", NULL, "ready", HEALTH_DOWN,
      "expected \"ready\", got \"busy\"" },
    { "the end at once", serve_banner_and_go, "", NULL, "ready", HEALTH_DOWN,
      "connection closed without a reply" },
    { "no end of words", serve_chatter, "0123456789abcdef", NULL, "ready", HEALTH_DOWN,
      "expected \"ready\", got \"0123456789abcdef0123456789abcdef0123456789abcdef01\"" },
    { "something sent and nothing expected", serve_silence, NULL, "PING\r\n", NULL, HEALTH_UP, "connected" },
    { "a banner that nobody expects", serve_banner, "hello", NULL, NULL, HEALTH_UP, "connected" },
};

static void what_comes_back_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct server *server = server_start("127.0.43.1", rows[i].serve, rows[i].text);
        struct check *check = check_of(CHECK_TCP, server->port, 60000, 300);
        if (rows[i].verdict == HEALTH_UP)
            check->timeout_ms = 10000;
        check->send = rows[i].send != NULL ? xstrdup(rows[i].send) : NULL;
        check->expect = rows[i].expect != NULL ? xstrdup(rows[i].expect) : NULL;
        bench_bind(&bench, 1, check, "127.0.43.1");
        struct health_report *report = bench_report(&bench, PATIENCE_MS);
        if (report == NULL || report->verdict != rows[i].verdict ||
            strcmp(report->evidence.text, rows[i].evidence) != 0)
            fail_msg("%s: %s", rows[i].name, report != NULL ? report->evidence.text : "no report");
        health_report_free(report);
        bench_close(&bench);
        server_stop(server);
    }
    assert_string_equal(heard, "QUIT\r\n");
}

static _Atomic uint32_t guest_address;

static void serve_and_look(struct server *server, int fd)
{
    struct sockaddr_in from = { 0 };
    socklen_t size = sizeof from;
    (void)server;
    if (getpeername(fd, (struct sockaddr *)&from, &size) == 0)
        guest_address = ntohl(from.sin_addr.s_addr);
}

static void the_source_address_is_the_one_configured(void **state)
{
    (void)state;
    for (enum check_type type = CHECK_HTTP; type <= CHECK_TCP; type++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct server *server = server_start("127.0.43.2", serve_and_look, "");
        struct check *check = check_of(type, server->port, 60000, 2000);
        address_parse("127.0.43.77", &check->source);
        guest_address = 0;
        bench_bind(&bench, 1, check, "127.0.43.2");
        bench_until(guest_address != 0);
        assert_int_equal(guest_address, 0x7f002b4d);
        bench_close(&bench);
        server_stop(server);
    }
}

static void a_source_address_that_is_not_ours_blames_nobody(void **state)
{
    (void)state;
    static const char *const sources[] = { "192.0.2.1", "2001:db8::1" };
    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct check *check = check_of(i == 0 ? CHECK_TCP : CHECK_HTTP, 1, 50, 1000);
        address_parse(sources[i], &check->source);
        bench_bind(&bench, 1, check, "127.0.43.3");
        bench_until(checker_counters(bench.checker)->unmeasured >= 3);
        assert_int_equal(checker_counters(bench.checker)->failed, 0);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_decides),
        cmocka_unit_test(the_source_address_is_the_one_configured),
        cmocka_unit_test(a_source_address_that_is_not_ours_blames_nobody),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
