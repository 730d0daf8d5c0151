/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/ipv6.h"

#include "server/udp.h"

#include "base/memory.h"
#include "server/socket.h"
#include "snapshot/snapshot.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MOST 64 /* a batch */
#define PATIENCE_MS  20000

/* ---- the world: whatever is asked below "example" exists ---- */

static const struct zone *zone;
static struct dataset dataset;

static void put(struct zone_edit *edit, const char *owner, uint16_t type, const uint8_t *rdata, uint16_t size)
{
    struct dns_name name;
    assert_true(dns_name_parse(owner, NULL, &name));
    struct dns_rrset *rrset = dns_rrset_new(type, 60, &rdata, &size, 1);
    zone_edit_put(edit, &name, rrset);
    free(rrset);
}

static int make_world(void **state)
{
    (void)state;
    static const uint8_t soa[22], ns[] = { 2, 'n', 's', 0 }, a[] = { 192, 0, 2, 1 };
    struct dns_name apex;
    struct edition edition = { 0 };
    assert_true(dns_name_parse("example", NULL, &apex));
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    put(edit, "example", DNS_SOA, soa, sizeof soa);
    put(edit, "example", DNS_NS, ns, sizeof ns);
    put(edit, "*.example", DNS_A, a, sizeof a);
    zone = zone_edit_end(edit);
    dataset.zones = zone_set_new(&zone, 1);
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    snapshot->dataset = &dataset;
    snapshot_register_thread();
    snapshot_publish(snapshot, &edition);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    snapshot_shutdown();
    snapshot_unregister_thread();
    zone_free((void *)zone);
    free((void *)dataset.zones);
    return 0;
}

/* ---- a worker's UDP side, turned by hand ---- */

struct worker_side {
    struct answer_settings settings;
    struct answer_counters counters;
    struct answerer answerer;
    struct udp_batch *batch;
};

static struct worker_side *open_side(void)
{
    struct worker_side *side = xcalloc(1, sizeof *side);
    side->settings.udp_size = 1232;
    side->answerer.settings = &side->settings;
    side->answerer.counters = &side->counters;
    rng_seed(&side->answerer.rng);
    side->batch = udp_batch_new(NULL);
    return side;
}

static void close_side(struct worker_side *side)
{
    udp_batch_free(side->batch);
    free(side);
}

static struct udp_socket listen_at(const char *address, uint16_t *port)
{
    struct server_listen listen = { .port = 0 };
    struct error err;
    struct server_socket bound;
    int fd;
    assert_true(address_parse(address, &listen.address));
    assert_true(socket_open_udp(&listen, &fd, &err));
    assert_true(server_socket_of(fd, &bound));
    *port = bound.at.port;
    return (struct udp_socket){ .source = { .kind = EVENT_UDP, .fd = fd },
                                .is_wildcard = listen_is_wildcard(&listen) };
}

static size_t turn(struct worker_side *side, const struct udp_socket *socket)
{
    size_t count = udp_receive(side->batch, socket);
    if (count > 0)
        udp_answer(side->batch, socket, count, &side->answerer);
    return count;
}

/* Turns until `count` datagrams have come; on a busy machine they may not do so at once. */
static void serve(struct worker_side *side, const struct udp_socket *socket, size_t count)
{
    struct pollfd poller = { .fd = socket->source.fd, .events = POLLIN };
    size_t served = 0;
    while (served < count) {
        assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
        served += turn(side, socket);
    }
    assert_int_equal(served, count);
}

/* A client that takes packets from where it sends to only. */
static int connect_to(const char *address, uint16_t port)
{
    struct address to;
    struct sockaddr_storage at;
    assert_true(address_parse(address, &to));
    socklen_t size = address_to_sockaddr(&to, port, &at);
    int fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, size), 0);
    return fd;
}

/* The query with the id `id` for the address of "c<id>.example". */
static size_t make_query(uint16_t id, uint8_t *out)
{
    char label[8];
    size_t length = (size_t)snprintf(label, sizeof label, "c%u", id), at = 12;
    memset(out, 0, 12);
    out[0] = (uint8_t)(id >> 8);
    out[1] = (uint8_t)id;
    out[5] = 1;
    out[at++] = (uint8_t)length;
    memcpy(out + at, label, length);
    at += length;
    memcpy(out + at, "\7example\0\0\1\0\1", 13);
    return at + 13;
}

static void send_query(int client, uint16_t id)
{
    uint8_t query[64];
    size_t size = make_query(id, query);
    assert_int_equal(send(client, query, size, 0), size);
}

static void assert_gets_nothing(int client)
{
    uint8_t reply[512];
    assert_int_equal(recv(client, reply, sizeof reply, MSG_DONTWAIT), -1);
}

static void assert_gets_answer(int client, uint16_t id)
{
    uint8_t query[64], reply[512];
    size_t size = make_query(id, query);
    ssize_t received = recv(client, reply, sizeof reply, 0);
    if (received < 0)
        fail_msg("%u got nothing", id);
    assert_int_equal(received, size + 16);
    assert_memory_equal(reply, query, 2);
    assert_memory_equal(reply + 12, query + 12, size - 12);
    assert_int_equal(reply[7], 1); /* an answer */
    assert_gets_nothing(client);
}

/* ---- what a client may send ---- */

enum kind { GOOD, EMPTY, SHORT, RESPONSE, TOO_LARGE, KINDS };

static void send_kind(int client, enum kind kind, uint16_t id)
{
    uint8_t query[64];
    size_t size = make_query(id, query);
    static uint8_t large[5000];
    switch (kind) {
    case GOOD: break;
    case EMPTY: size = 0; break;
    case SHORT: size = 11; break;
    case RESPONSE: query[2] |= 0x80; break;
    default:
        memcpy(large, query, size);
        assert_int_equal(send(client, large, sizeof large, 0), sizeof large);
        return;
    }
    assert_int_equal(send(client, query, size, 0), size);
}

/* Sends one of each kind in one batch, and says who is answered. */
static void exchange(struct worker_side *side, const struct udp_socket *socket, uint16_t port,
                     const enum kind *kinds, size_t count)
{
    int clients[CLIENTS_MOST];
    uint64_t queries = side->counters.queries[TRANSPORT_UDP], dropped = side->counters.dropped;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        clients[i] = connect_to("127.0.0.1", port);
        send_kind(clients[i], kinds[i], (uint16_t)(100 + i));
        good += kinds[i] == GOOD;
    }
    serve(side, socket, count);
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] == GOOD)
            assert_gets_answer(clients[i], (uint16_t)(100 + i));
        else
            assert_gets_nothing(clients[i]);
        close(clients[i]);
    }
    assert_int_equal(side->counters.queries[TRANSPORT_UDP] - queries, good);
    assert_int_equal(side->counters.dropped - dropped, count - good);
    assert_int_equal(turn(side, socket), 0);
}

/* ---- tests ---- */

static void each_peer_gets_its_own_answer_though_others_get_none(void **state)
{
    (void)state;
    struct worker_side *side = open_side();
    uint16_t port;
    struct udp_socket socket = listen_at("127.0.0.1", &port);
    struct rng rng;
    enum kind kinds[CLIENTS_MOST];
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 60; round++) {
        /* from none that is good to all of them */
        size_t count = 1 + rng_next(&rng) % CLIENTS_MOST, badness = round % 4;
        for (size_t i = 0; i < count; i++) {
            kinds[i] = rng_next(&rng) % 3 < badness ? (enum kind)(1 + rng_next(&rng) % (KINDS - 1)) : GOOD;
            if (kinds[i] == TOO_LARGE && i % 8 > 0) /* the socket has no room for many of them */
                kinds[i] = SHORT;
        }
        exchange(side, &socket, port, kinds, count);
    }
    close(socket.source.fd);
    close_side(side);
}

static void sockets_of_all_kinds_share_the_buffers(void **state)
{
    (void)state;
    static const struct {
        const char *listen, *ask;
    } cases[] = { { "127.0.0.1", "127.0.0.1" },
                  { "0.0.0.0", "127.0.0.2" },
                  { "127.0.0.3", "127.0.0.3" },
                  { "::1", "::1" },
                  { "::", "::1" } };
    enum { CASES_MOST = sizeof cases / sizeof *cases, EACH = 3 };
    const size_t case_count = has_ipv6() ? CASES_MOST : CASES_MOST - 2;
    struct worker_side *side = open_side();
    struct udp_socket sockets[CASES_MOST];
    int clients[CASES_MOST][EACH];
    for (size_t i = 0; i < case_count; i++) {
        uint16_t port;
        sockets[i] = listen_at(cases[i].listen, &port);
        for (size_t k = 0; k < EACH; k++)
            clients[i][k] = connect_to(cases[i].ask, port);
    }
    for (unsigned round = 0; round < 100; round++) {
        size_t which = round * 7 % case_count, count = 1 + round % EACH;
        for (size_t k = 0; k < count; k++)
            send_query(clients[which][k], (uint16_t)(round + k));
        serve(side, &sockets[which], count);
        for (size_t k = 0; k < count; k++)
            assert_gets_answer(clients[which][k], (uint16_t)(round + k));
    }
    for (size_t i = 0; i < case_count; i++) {
        for (size_t k = 0; k < EACH; k++)
            close(clients[i][k]);
        close(sockets[i].source.fd);
    }
    close_side(side);
}

/* A query whose source port is forged to be 0, by a raw socket; false: we may have none. */
static bool send_from_port_0(uint16_t port)
{
    uint8_t packet[sizeof(struct udphdr) + 64] = { 0 };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    size_t size = sizeof(struct udphdr) + make_query(1, packet + sizeof(struct udphdr));
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0)
        return false;
    const struct udphdr header = { .dest = htons(port), .len = htons((uint16_t)size) };
    memcpy(packet, &header, sizeof header);
    assert_int_equal(sendto(fd, packet, size, 0, (const struct sockaddr *)&to, sizeof to), size);
    close(fd);
    return true;
}

static void a_query_from_port_0_is_dropped_among_others(void **state)
{
    (void)state;
    struct worker_side *side = open_side();
    uint16_t port;
    struct udp_socket socket = listen_at("127.0.0.1", &port);
    int before = connect_to("127.0.0.1", port), behind = connect_to("127.0.0.1", port);
    send_query(before, 7);
    bool is_sent = send_from_port_0(port);
    send_query(behind, 8);
    serve(side, &socket, is_sent ? 3 : 2);
    assert_gets_answer(before, 7);
    assert_gets_answer(behind, 8);
    assert_int_equal(side->counters.dropped, is_sent);
    close(before);
    close(behind);
    close(socket.source.fd);
    close_side(side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_peer_gets_its_own_answer_though_others_get_none),
        cmocka_unit_test(sockets_of_all_kinds_share_the_buffers),
        cmocka_unit_test(a_query_from_port_0_is_dropped_among_others),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
