/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns, against a server that says what it is told to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "dns/type.h"
#include "health/dns_message.h"
#include "servers.h"

/* Replies with the query's header and question, these flags, and `answers` behind them. */
struct name_server {
    int fd;
    uint16_t port;
    pthread_t thread;
    uint16_t flags; /* 0: silence */
    const uint8_t *answers;
    size_t size;
    uint16_t count;
    bool is_late; /* a reply with another id goes first */
    _Atomic bool is_stopping;
};

static void *name_server_run(void *context)
{
    struct name_server *server = context;
    uint8_t bytes[1024];
    struct sockaddr_storage from;
    struct pollfd poller = { .fd = server->fd, .events = POLLIN };
    while (!server->is_stopping) {
        socklen_t from_size = sizeof from;
        if (poll(&poller, 1, 20) <= 0)
            continue;
        ssize_t size = recvfrom(server->fd, bytes, 512, 0, (struct sockaddr *)&from, &from_size);
        if (size < 12 || server->flags == 0)
            continue;
        bytes[2] = (uint8_t)(server->flags >> 8);
        bytes[3] = (uint8_t)server->flags;
        bytes[7] = (uint8_t)server->count;
        if (server->size > 0)
            memcpy(bytes + size, server->answers, server->size);
        if (server->is_late) {
            bytes[0] ^= 1;
            sendto(server->fd, bytes, (size_t)size, 0, (struct sockaddr *)&from, from_size);
            bytes[0] ^= 1;
        }
        sendto(server->fd, bytes, (size_t)size + server->size, 0, (struct sockaddr *)&from, from_size);
    }
    return NULL;
}

static void name_server_start(struct name_server *server)
{
    server->fd = listen_on("127.0.44.1", SOCK_DGRAM, &server->port);
    if (pthread_create(&server->thread, NULL, name_server_run, server) != 0)
        abort();
}

static void name_server_stop(struct name_server *server)
{
    server->is_stopping = true;
    pthread_join(server->thread, NULL);
    close(server->fd);
}

#define RR(type, size) "\xc0\x0c\0" type "\0\1\0\0\0\x3c\0" size
static const char a_one[] = RR("\1", "\4") "\xc0\0\2\1";
static const char a_two[] = RR("\1", "\4") "\xc0\0\2\1" RR("\1", "\4") "\xc0\0\2\2";
static const char cname[] = RR("\5", "\6") "\3Web\xc0\x10"; /* web.example.test: c010 is "example.test" */
static const char txt[] = RR("\x10", "\3") "\2ok";

#define ANSWERS(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1

static const struct {
    const char *name;
    uint16_t flags;
    const uint8_t *answers;
    size_t size;
    uint16_t count;
    bool is_late;
    uint16_t type, rcode;
    const char *answer;
    enum health_verdict verdict;
    const char *evidence;
} rows[] = {
    { "any answer", 0x8400, ANSWERS(a_one), 1, false, DNS_A, 0, NULL, HEALTH_UP, "DNS NOERROR, 1 A record" },
    { "a reply to somebody else first", 0x8400, ANSWERS(a_one), 1, true, DNS_A, 0, NULL, HEALTH_UP,
      "DNS NOERROR, 1 A record" },
    { "no answer, none expected", 0x8400, NULL, 0, 0, false, DNS_A, 0, NULL, HEALTH_UP,
      "DNS NOERROR, 0 A records" },
    { "the second of two", 0x8400, ANSWERS(a_two), 2, false, DNS_A, 0, "192.0.2.2", HEALTH_UP,
      "DNS NOERROR, 2 A records" },
    { "another address", 0x8400, ANSWERS(a_one), 1, false, DNS_A, 0, "192.0.2.2", HEALTH_DOWN,
      "DNS reply with 1 other A record, expected 192.0.2.2" },
    { "a compressed name", 0x8400, ANSWERS(cname), 1, false, DNS_CNAME, 0, "WEB.example.test", HEALTH_UP,
      "DNS NOERROR, 1 CNAME record" },
    { "another name", 0x8400, ANSWERS(cname), 1, false, DNS_CNAME, 0, "web2.example.test", HEALTH_DOWN,
      "DNS reply with 1 other CNAME record, expected web2.example.test" },
    { "a text", 0x8400, ANSWERS(txt), 1, false, DNS_TXT, 0, "ok", HEALTH_UP, "DNS NOERROR, 1 TXT record" },
    { "cut short", 0x8600, NULL, 0, 0, false, DNS_A, 0, "192.0.2.2", HEALTH_DOWN,
      "truncated DNS reply without A 192.0.2.2" },
    { "SERVFAIL", 0x8002, NULL, 0, 0, false, DNS_A, 0, NULL, HEALTH_DOWN, "DNS SERVFAIL, expected NOERROR" },
    { "NXDOMAIN as expected", 0x8403, NULL, 0, 0, false, DNS_A, 3, NULL, HEALTH_UP,
      "DNS NXDOMAIN, 0 A records" },
    { "NOERROR instead of NXDOMAIN", 0x8400, ANSWERS(a_one), 1, false, DNS_A, 3, NULL, HEALTH_DOWN,
      "DNS NOERROR, expected NXDOMAIN" },
    { "silence", 0, NULL, 0, 0, false, DNS_A, 0, NULL, HEALTH_DOWN, "no reply within 300ms (DNS reply)" },
};

static struct check *check_dns(uint16_t port, uint16_t type)
{
    struct check *check = check_of(CHECK_DNS, port, 60000, 10000);
    check->query = xstrdup("www.example.test");
    check->query_type = type;
    return check;
}

static void replies_are_judged_with_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        struct name_server server = { .flags = rows[i].flags,
                                      .answers = rows[i].answers,
                                      .size = rows[i].size,
                                      .count = rows[i].count,
                                      .is_late = rows[i].is_late };
        name_server_start(&server);
        bench_open(&bench, 0, NULL);
        struct check *check = check_dns(server.port, rows[i].type);
        check->rcode = rows[i].rcode;
        check->answer = rows[i].answer != NULL ? xstrdup(rows[i].answer) : NULL;
        if (rows[i].flags == 0)
            check->timeout_ms = 300;
        bench_bind(&bench, 1, check, "127.0.44.1");
        struct health_report *report = bench_report(&bench, PATIENCE_MS);
        if (report == NULL || report->verdict != rows[i].verdict ||
            strcmp(report->evidence.text, rows[i].evidence) != 0)
            fail_msg("%s: %s", rows[i].name, report != NULL ? report->evidence.text : "no report");
        assert_true((report->evidence.latency_us > 0) == (rows[i].flags != 0));
        health_report_free(report);
        bench_close(&bench);
        name_server_stop(&server);
    }
}

static void a_port_where_nobody_listens_is_connection_refused(void **state)
{
    (void)state;
    struct bench bench;
    uint16_t port;
    close(listen_on("127.0.44.2", SOCK_DGRAM, &port));
    bench_open(&bench, 0, NULL);
    bench_bind(&bench, 1, check_dns(port, DNS_A), "127.0.44.2");
    assert_string_equal(bench_await(&bench, HEALTH_DOWN).evidence.text, "connection refused");
    bench_close(&bench);
}

static void a_reply_without_a_question_counts_only_as_an_error(void **state)
{
    (void)state;
    struct dns_name name;
    dns_name_parse("example.test", NULL, &name);
    const struct dns_expectation expected = { .id = 7, .name = &name, .type = DNS_A };
    struct dns_reply reply;
    uint8_t bytes[12] = { 0, 7, 0x80, 5 };
    assert_true(dns_message_read_reply(bytes, sizeof bytes, &expected, &reply));
    assert_int_equal(reply.rcode, DNS_REFUSED);
    bytes[3] = 0;
    assert_false(dns_message_read_reply(bytes, sizeof bytes, &expected, &reply));
    bytes[3] = 5, bytes[2] = 0; /* a query */
    assert_false(dns_message_read_reply(bytes, sizeof bytes, &expected, &reply));
    bytes[2] = 0x80, bytes[1] = 8;
    assert_false(dns_message_read_reply(bytes, sizeof bytes, &expected, &reply));
}

static void names_that_point_forward_or_in_circles_end(void **state)
{
    (void)state;
    struct dns_name name;
    dns_name_parse("a", NULL, &name);
    const struct dns_expectation expected = { .id = 7, .name = &name, .type = DNS_A };
    static const uint8_t targets[] = { 12, 19, 20, 21, 200 };
    for (size_t i = 0; i < sizeof targets; i++) {
        uint8_t bytes[] = { 0, 7,    0x84,       0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0,
                            1, 0xc0, targets[i], 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1,   2, 3, 4 };
        struct dns_reply reply;
        assert_true(dns_message_read_reply(bytes, sizeof bytes, &expected, &reply));
        assert_int_equal(reply.answers, targets[i] == 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_judged_with_evidence),
        cmocka_unit_test(a_port_where_nobody_listens_is_connection_refused),
        cmocka_unit_test(a_reply_without_a_question_counts_only_as_an_error),
        cmocka_unit_test(names_that_point_forward_or_in_circles_end),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
