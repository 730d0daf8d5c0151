/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Endpoints that are host names, with a name server of our own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

enum { RCODE_NOERROR = 0, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_SILENCE = 255 };

/* Answers A queries for any name with one address, everything else with NODATA. */
struct name_server {
    int fd;
    char csv[32]; /* as checker_settings wants it */
    pthread_t thread;
    _Atomic unsigned rcode, ttl_s, queries;
    _Atomic uint32_t address; /* network byte order */
    _Atomic bool is_stopping;
};

static size_t name_server_reply(struct name_server *server, uint8_t *message, size_t size)
{
    size_t end = 12; /* of the question */
    while (end < size && message[end] != 0)
        end += message[end] + 1u;
    end += 5;
    if (end > size || server->rcode == RCODE_SILENCE)
        return 0;
    bool has_answer = server->rcode == RCODE_NOERROR && message[end - 3] == 1;
    message[2] = 0x84 | (message[2] & 1); /* QR, AA */
    message[3] = (uint8_t)server->rcode;
    memset(message + 6, 0, 6);
    if (!has_answer)
        return end;
    message[7] = 1;
    const uint8_t head[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, (uint8_t)server->ttl_s, 0, 4 };
    uint32_t address = server->address;
    memcpy(message + end, head, sizeof head);
    memcpy(message + end + sizeof head, &address, 4);
    return end + sizeof head + 4;
}

static void *name_server_run(void *context)
{
    struct name_server *server = context;
    uint8_t message[1024];
    struct pollfd poller = { .fd = server->fd, .events = POLLIN };
    while (!server->is_stopping) {
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        if (poll(&poller, 1, 20) <= 0)
            continue;
        ssize_t size = recvfrom(server->fd, message, 512, 0, (struct sockaddr *)&from, &from_size);
        server->queries++;
        size_t reply = size > 12 ? name_server_reply(server, message, (size_t)size) : 0;
        if (reply > 0)
            sendto(server->fd, message, reply, 0, (struct sockaddr *)&from, from_size);
    }
    return NULL;
}

static void name_server_start(struct name_server *server, unsigned rcode, unsigned ttl_s, const char *address)
{
    uint16_t port;
    *server = (struct name_server){ .rcode = rcode, .ttl_s = ttl_s, .address = inet_addr(address) };
    server->fd = listen_on("127.0.43.53", SOCK_DGRAM, &port);
    snprintf(server->csv, sizeof server->csv, "127.0.43.53:%u", port);
    pthread_create(&server->thread, NULL, name_server_run, server);
}

static void name_server_stop(struct name_server *server)
{
    server->is_stopping = true;
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static char heard[4096];

static void serve_and_remember(struct server *server, int fd)
{
    if (hear_request(server, fd, heard, sizeof heard))
        say(fd, ok, sizeof ok - 1);
}

static void a_host_name_is_resolved_and_named_in_the_request(void **state)
{
    (void)state;
    struct name_server names;
    struct bench bench;
    name_server_start(&names, RCODE_NOERROR, 60, "127.0.43.1");
    bench_open(&bench, 0, names.csv);
    struct server *server = server_start("127.0.43.1", serve_and_remember, ok);
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 50, 2000), "web.example.test.");
    struct check *by_target = check_of(CHECK_TCP, server->port, 50, 2000);
    by_target->target_host = xstrdup("web.example.test");
    bench_bind(&bench, 2, by_target, "192.0.2.1");
    bool is_up[3] = { false };
    while (!is_up[1] || !is_up[2])
        is_up[bench_await(&bench, HEALTH_UP).endpoint_slot] = true;
    char *host = xasprintf("\r\nHost: web.example.test:%u\r\n", server->port);
    bench_until(checker_counters(bench.checker)->succeeded > 10);
    assert_int_equal(names.queries, 2); /* A and AAAA, once for both and for as long as the TTL says */
    bench_close(&bench);
    server_stop(server);
    assert_non_null(strstr(heard, host));
    free(host);
    name_server_stop(&names);
}

static void a_literal_target_host_needs_no_name_server(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, "127.0.43.54:9");
    struct server *server = server_start("127.0.43.2", serve_text, ok);
    struct check *check = check_of(CHECK_HTTP, server->port, 60000, 2000);
    check->target_host = xstrdup("127.0.43.2");
    bench_bind(&bench, 1, check, "192.0.2.1");
    bench_await(&bench, HEALTH_UP);
    bench_close(&bench);
    server_stop(server);
}

static void a_changed_address_is_followed_when_the_ttl_is_over(void **state)
{
    (void)state;
    struct name_server names;
    struct bench bench;
    name_server_start(&names, RCODE_NOERROR, 1, "127.0.43.3");
    bench_open(&bench, 0, names.csv);
    struct server *server = server_start("127.0.43.3", serve_text, ok);
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 50, 2000), "web.example.test");
    bench_await(&bench, HEALTH_UP);
    names.address = inet_addr("127.0.43.4"); /* nobody listens there */
    struct health_report down = bench_await(&bench, HEALTH_DOWN);
    assert_string_equal(down.evidence.text, "connection refused");
    names.rcode = RCODE_NXDOMAIN;
    names.address = inet_addr("127.0.43.3");
    unsigned asked = names.queries;
    bench_until(names.queries >= asked + 4);
    names.rcode = RCODE_NOERROR;
    bench_await(&bench, HEALTH_UP);
    bench_close(&bench);
    server_stop(server);
    name_server_stop(&names);
}

static void what_does_not_resolve_is_down_and_says_why(void **state)
{
    (void)state;
    static const struct {
        unsigned rcode;
        const char *evidence;
    } rows[] = {
        { RCODE_NXDOMAIN, "name web.example.test does not resolve: NXDOMAIN" },
        { RCODE_SERVFAIL,
          "name web.example.test does not resolve: name servers fail (SERVFAIL, REFUSED or unreachable)" },
        { RCODE_SILENCE, "name web.example.test does not resolve: no reply from the name servers" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name_server names;
        struct bench bench;
        name_server_start(&names, rows[i].rcode, 1, "127.0.43.5");
        bench_open(&bench, 0, names.csv);
        bench_bind(&bench, 1, check_of(CHECK_TCP, 80, 50, 2000), "web.example.test");
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        assert_string_equal(report.evidence.text, rows[i].evidence);
        bench_close(&bench);
        name_server_stop(&names);
    }
}

static void addresses_stay_while_the_name_server_is_ill(void **state)
{
    (void)state;
    struct name_server names;
    struct bench bench;
    name_server_start(&names, RCODE_NOERROR, 1, "127.0.43.6");
    bench_open(&bench, 0, names.csv);
    struct server *server = server_start("127.0.43.6", serve_text, ok);
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 50, 2000), "web.example.test");
    bench_await(&bench, HEALTH_UP);
    names.rcode = RCODE_SERVFAIL;
    unsigned asked = names.queries;
    bench_until(names.queries >= asked + 4);
    uint64_t succeeded = checker_counters(bench.checker)->succeeded;
    bench_until(checker_counters(bench.checker)->succeeded > succeeded + 4);
    assert_int_equal(checker_counters(bench.checker)->failed, 0);
    bench_close(&bench);
    server_stop(server);
    name_server_stop(&names);
}

/* The changed check is another binding, and nobody but it uses the name; nor does the slot matter. */
static void a_changed_check_finds_the_addresses_that_were_known(void **state)
{
    (void)state;
    struct name_server names;
    struct bench bench;
    name_server_start(&names, RCODE_NOERROR, 1, "127.0.43.8");
    bench_open(&bench, 0, names.csv);
    struct server *server = server_start("127.0.43.8", serve_text, ok);
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 50, 2000), "web.example.test");
    bench_await(&bench, HEALTH_UP);
    names.rcode = RCODE_SERVFAIL;
    bench_bind(&bench, 1, check_of(CHECK_HTTP, server->port, 60, 2000), "web.example.test");
    bench_await(&bench, HEALTH_UP);
    unsigned asked = names.queries;
    bench_until(names.queries >= asked + 4); /* what the name server says now changes nothing */
    checker_bind(bench.checker, 1, NULL, 0);
    bench_bind(&bench, 2, check_of(CHECK_HTTP, server->port, 60, 2000), "web.example.test.");
    bench_await(&bench, HEALTH_UP);
    assert_int_equal(checker_counters(bench.checker)->failed, 0);
    bench_close(&bench);
    server_stop(server);
    name_server_stop(&names);
}

static void a_binding_may_go_while_its_name_is_asked_for(void **state)
{
    (void)state;
    struct name_server names;
    struct bench bench;
    name_server_start(&names, RCODE_SILENCE, 1, "127.0.43.7");
    bench_open(&bench, 0, names.csv);
    bench_bind(&bench, 1, check_of(CHECK_TCP, 80, 50, 2000), "web.example.test");
    bench_until(names.queries > 0);
    checker_bind(bench.checker, 1, NULL, 0);
    bench_until(checker_counters(bench.checker)->bindings == 0);
    bench_bind(&bench, 1, check_of(CHECK_TCP, 80, 50, 2000), "web.example.test");
    bench_until(checker_counters(bench.checker)->bindings == 1);
    bench_close(&bench);
    name_server_stop(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_name_is_resolved_and_named_in_the_request),
        cmocka_unit_test(a_literal_target_host_needs_no_name_server),
        cmocka_unit_test(a_changed_address_is_followed_when_the_ttl_is_over),
        cmocka_unit_test(what_does_not_resolve_is_down_and_says_why),
        cmocka_unit_test(addresses_stay_while_the_name_server_is_ill),
        cmocka_unit_test(a_changed_check_finds_the_addresses_that_were_known),
        cmocka_unit_test(a_binding_may_go_while_its_name_is_asked_for),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
