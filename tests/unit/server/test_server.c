/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/ipv6.h"
#include "support/served.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

/* ---- behaviours ---- */

static void a_burst_of_queries_is_answered_over_udp(void **state)
{
    (void)state;
    enum { BURST = 200 }; /* as many replies as fit into a client's receive buffer */
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 2, 10);
    int fd = client(&fixture, SOCK_DGRAM);
    bool is_answered[BURST] = { false };
    for (uint16_t id = 0; id < BURST; id++) {
        uint8_t packet[64];
        size_t size = query(packet, id, "www", DNS_A);
        send_bytes(fd, packet + 2, size - 2);
        if (id % 3 == 0) { /* a response, and half a header: no reply */
            packet[4] = 0x80;
            send_bytes(fd, packet + 2, size - 2);
            send_bytes(fd, packet + 2, 6);
        }
    }
    for (unsigned i = 0; i < BURST; i++) {
        uint8_t reply[1232];
        assert_true(recv(fd, reply, sizeof reply, 0) > 12);
        unsigned id = (unsigned)(reply[0] << 8 | reply[1]);
        assert_true(id < BURST && !is_answered[id]);
        is_answered[id] = true;
    }
    uint8_t byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    uint64_t queries = 0;
    for (unsigned i = 0; i < server_worker_count(fixture.server); i++)
        queries += server_counters(fixture.server, i)->queries[TRANSPORT_UDP];
    assert_true(queries >= BURST);
    close(fd);
    server_close(fixture.server);
}

static void replies_leave_from_the_address_that_was_asked(void **state)
{
    (void)state;
    static const struct {
        const char *listen, *asked;
    } cases[] = {
        { "0.0.0.0", "127.0.0.2" }, { "0.0.0.0", "127.0.0.1" }, { "::", "::1" }, { "127.0.0.3", "127.0.0.3" }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;
        struct address asked;
        if (!is_ours(cases[i].listen))
            continue;
        start(&fixture, cases[i].listen, 1, 10);
        assert_true(address_parse(cases[i].asked, &asked));
        int fd =
            open_socket(SOCK_DGRAM, &asked, fixture.listen.port); /* connected: hears this address only */
        ask_udp(fd, 1);
        ask_udp(fd, 2);
        close(fd);
        fd = open_socket(SOCK_STREAM, &asked, fixture.listen.port);
        ask_tcp(fd, 3);
        close(fd);
        server_close(fixture.server);
    }
}

static void queries_in_pieces_and_pipelined_are_answered_over_tcp(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int fd = client(&fixture, SOCK_STREAM);
    uint8_t packets[4 * 64];
    size_t size = 0;
    for (uint16_t id = 1; id <= 4; id++)
        size += query(packets + size, id, id == 3 ? "big" : "www", id == 3 ? DNS_TXT : DNS_A);
    for (size_t i = 0; i < 60; i++)
        send_bytes(fd, packets + i, 1);
    send_bytes(fd, packets + 60, size - 60);
    for (uint16_t id = 1; id <= 4; id++)
        receive_reply(fd, id);
    close(fd);
    server_close(fixture.server);
}

static void a_peer_that_has_sent_all_still_gets_its_replies(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int fd = client(&fixture, SOCK_STREAM);
    uint8_t packet[64];
    for (uint16_t id = 0; id < 200; id++)
        send_bytes(fd, packet, query(packet, id, "big", DNS_TXT));
    shutdown(fd, SHUT_WR);
    for (uint16_t id = 0; id < 200; id++)
        receive_reply(fd, id);
    assert_true(is_closed_by_server(fd));
    close(fd);
    server_close(fixture.server);
}

static void a_message_that_deserves_no_reply_closes_the_connection(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[16];
        size_t size;
    } cases[] = { { { 0, 0 }, 2 }, { { 0, 3, 1, 2, 3 }, 5 }, { { 0, 12, 0, 0, 0x80 }, 14 } };
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = client(&fixture, SOCK_STREAM);
        ask_tcp(fd, 7);
        send_bytes(fd, cases[i].bytes, cases[i].size);
        assert_true(is_closed_by_server(fd));
        close(fd);
    }
    server_close(fixture.server);
}

/* Sends queries for large replies until nobody takes more.  Returns how many went out whole. */
static unsigned flood(int fd)
{
    uint8_t packet[64];
    unsigned count = 0;
    size_t size = query(packet, 0, "big", DNS_TXT);
    for (;;) {
        for (size_t done = 0; done < size;) {
            ssize_t sent = send(fd, packet + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);
            struct pollfd poller = { .fd = fd, .events = POLLOUT };
            if (sent < 0 && poll(&poller, 1, 100) == 0)
                return count;
            done += sent > 0 ? (size_t)sent : 0;
        }
        count++;
    }
}

static void a_client_that_does_not_read_holds_up_nobody(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int deaf = client(&fixture, SOCK_STREAM), other = client(&fixture, SOCK_STREAM);
    setsockopt(deaf, SOL_SOCKET, SO_SNDBUF, &(int){ 16384 }, sizeof(int));
    assert_true(flood(deaf) > 0);
    int udp = client(&fixture, SOCK_DGRAM);
    for (uint16_t id = 0; id < 100; id++) {
        ask_tcp(other, id);
        ask_udp(udp, id);
    }
    close(deaf);
    close(other);
    close(udp);
    server_close(fixture.server);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int fd = client(&fixture, SOCK_STREAM), half = client(&fixture, SOCK_STREAM);
    ask_tcp(fd, 1);
    assert_true(server_tcp_connections(fixture.server, 0) >= 1);
    send_bytes(half, (const uint8_t *)"\0", 1); /* pieces of a message are no activity */
    assert_true(is_closed_by_server(fd));
    assert_true(is_closed_by_server(half));
    assert_int_equal(server_tcp_connections(fixture.server, 0), 0);
    close(fd);
    close(half);
    server_close(fixture.server);
}

static void when_full_the_connection_idle_for_longest_is_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 3);
    int fds[4];
    for (size_t i = 0; i < 3; i++) {
        fds[i] = client(&fixture, SOCK_STREAM);
        ask_tcp(fds[i], 1);
    }
    ask_tcp(fds[0], 2); /* now the second is the oldest */
    fds[3] = client(&fixture, SOCK_STREAM);
    ask_tcp(fds[3], 3);
    assert_true(is_closed_by_server(fds[1]));
    ask_tcp(fds[0], 4);
    ask_tcp(fds[2], 5);
    assert_int_equal(server_tcp_connections(fixture.server, 0), 3);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    server_close(fixture.server);
}

static struct rlimit usual_limit;

static int lift_limit(void **state)
{
    (void)state;
    return setrlimit(RLIMIT_NOFILE, &usual_limit);
}

static void running_out_of_descriptors_only_delays(void **state)
{
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int udp = client(&fixture, SOCK_DGRAM), tcp = client(&fixture, SOCK_STREAM);
    ask_tcp(tcp, 1);
    struct sockaddr_storage to;
    socklen_t size = address_to_sockaddr(&fixture.listen.address, fixture.listen.port, &to);
    int late = socket(AF_INET, SOCK_STREAM, 0), lowest_free = dup(late);
    const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    setsockopt(late, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    close(lowest_free);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual_limit), 0);
    const struct rlimit none = { .rlim_cur = (rlim_t)lowest_free, .rlim_max = usual_limit.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(connect(late, (const struct sockaddr *)&to, size), 0);
    uint8_t packet[64];
    send_bytes(late, packet, query(packet, 9, "www", DNS_A));
    assert_true(is_closed_by_server(tcp)); /* the oldest gave its descriptor */
    ask_udp(udp, 2);
    receive_reply(late, 9);
    lift_limit(state);
    close(udp);
    close(tcp);
    close(late);
    server_close(fixture.server);
}

static void an_address_in_use_is_an_error_that_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    const struct server_settings settings = { .listens = &fixture.listen,
                                              .listen_count = 1,
                                              .worker_count = 1 };
    struct server *second;
    struct error err;
    assert_false(server_open(&settings, &second, &err));
    assert_non_null(strstr(err.text, "listen 127.0.0.1:"));
    assert_non_null(strstr(err.text, "Address already in use (another program listens there)"));
    server_close(fixture.server);
    server_close(NULL);
}

static uint64_t udp_queries(const struct fixture *fixture)
{
    return atomic_load_explicit(&server_counters(fixture->server, 0)->queries[TRANSPORT_UDP],
                                memory_order_relaxed);
}

/* A worker that does not run is one that gets no CPU. */
static void what_a_starved_worker_loses_is_counted(void **state)
{
    (void)state;
    static const int small = 4096;
    enum { SENT = 2000 };
    struct fixture fixture;
    struct error err;
    uint8_t bytes[64];
    size_t count, size = query(bytes, 1, "www", DNS_A);
    open_server(&fixture, "127.0.0.1", 1, 10);
    assert_int_equal(server_receive_dropped(fixture.server, 0), 0);
    int *sockets = server_sockets(fixture.server, &count), fd = client(&fixture, SOCK_DGRAM);
    assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    for (unsigned i = 0; i < SENT; i++)
        send_bytes(fd, bytes + 2, size - 2);
    uint64_t dropped = server_receive_dropped(fixture.server, 0);
    assert_in_range(dropped, 1, SENT - 1);
    assert_true(server_start(fixture.server, &err));
    for (unsigned waited = 0; udp_queries(&fixture) + dropped < SENT && waited < PATIENCE_MS; waited++)
        poll(NULL, 0, 1);
    assert_int_equal(udp_queries(&fixture) + dropped, SENT);
    free(sockets);
    close(fd);
    server_close(fixture.server);
}

/* As systemd hands it over: its address is not to be shared, so both workers read the same socket. */
static void a_socket_that_two_workers_read_is_counted_once(void **state)
{
    (void)state;
    enum { SENT = 1000 };
    struct fixture fixture;
    struct error err;
    struct sockaddr_storage at;
    uint8_t bytes[64];
    size_t size = query(bytes, 1, "www", DNS_A);
    assert_true(address_parse("127.0.0.1", &fixture.listen.address));
    fixture.listen.port = free_port(&fixture.listen.address);
    struct server_socket adopted = { .fd = socket(AF_INET, SOCK_DGRAM, 0),
                                     .type = SOCK_DGRAM,
                                     .at = fixture.listen };
    socklen_t at_size = address_to_sockaddr(&fixture.listen.address, fixture.listen.port, &at);
    assert_int_equal(bind(adopted.fd, (const struct sockaddr *)&at, at_size), 0);
    const struct server_settings settings = { .listens = &fixture.listen,
                                              .listen_count = 1,
                                              .inherited = &adopted,
                                              .inherited_count = 1,
                                              .worker_count = 2,
                                              .tuning = { .receive_buffer = 4096 },
                                              .answer = { .udp_size = 1232 } };
    if (!server_open(&settings, &fixture.server, &err))
        fail_msg("%s", err.text);
    int fd = client(&fixture, SOCK_DGRAM);
    for (unsigned i = 0; i < SENT; i++)
        send_bytes(fd, bytes + 2, size - 2);
    assert_in_range(server_receive_dropped(fixture.server, 0), 1, SENT - 1);
    assert_int_equal(server_receive_dropped(fixture.server, 1), 0);
    close(fd);
    server_close(fixture.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_of_queries_is_answered_over_udp),
        cmocka_unit_test(replies_leave_from_the_address_that_was_asked),
        cmocka_unit_test(queries_in_pieces_and_pipelined_are_answered_over_tcp),
        cmocka_unit_test(a_peer_that_has_sent_all_still_gets_its_replies),
        cmocka_unit_test(a_message_that_deserves_no_reply_closes_the_connection),
        cmocka_unit_test(a_client_that_does_not_read_holds_up_nobody),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(when_full_the_connection_idle_for_longest_is_closed),
        cmocka_unit_test_teardown(running_out_of_descriptors_only_delays, lift_limit),
        cmocka_unit_test(what_a_starved_worker_loses_is_counted),
        cmocka_unit_test(a_socket_that_two_workers_read_is_counted_once),
        cmocka_unit_test(an_address_in_use_is_an_error_that_says_so),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
