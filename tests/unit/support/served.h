/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "support/cmocka_all.h"

#include "base/memory.h"
#include "server/server.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of a small zone, and clients that ask it. */

#define PATIENCE_MS 20000
#ifndef IDLE_MS /* of a TCP connection */
#define IDLE_MS 300
#endif

/* ---- the world: zone "example" with an address at www, and 50,000 bytes of text at big ---- */

static const struct zone *zone;
static struct dataset dataset;
static struct zone_set *zones;

static inline void put(struct zone_edit *edit, const char *owner, uint16_t type, const uint8_t *const *rdatas,
                       const uint16_t *sizes, size_t count)
{
    struct dns_name name;
    assert_true(dns_name_parse(owner, NULL, &name));
    struct dns_rrset *rrset = dns_rrset_new(type, 60, rdatas, sizes, count);
    zone_edit_put(edit, &name, rrset);
    free(rrset);
}

static inline int make_world(void **state)
{
    (void)state;
    static const uint8_t soa[22], ns[] = { 2, 'n', 's', 0 }, a[] = { 192, 0, 2, 1 };
    static uint8_t texts[200][251];
    const uint8_t *rdatas[200];
    uint16_t sizes[200];
    for (size_t i = 0; i < 200; i++) {
        memset(texts[i], (int)i, sizeof texts[i]);
        texts[i][0] = 250;
        rdatas[i] = texts[i];
        sizes[i] = sizeof texts[i];
    }
    struct dns_name apex;
    struct edition edition = { 0 };
    assert_true(dns_name_parse("example", NULL, &apex));
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    put(edit, "example", DNS_SOA, (const uint8_t *const[]){ soa }, (const uint16_t[]){ sizeof soa }, 1);
    put(edit, "example", DNS_NS, (const uint8_t *const[]){ ns }, (const uint16_t[]){ sizeof ns }, 1);
    put(edit, "www.example", DNS_A, (const uint8_t *const[]){ a }, (const uint16_t[]){ sizeof a }, 1);
    put(edit, "big.example", DNS_TXT, rdatas, sizes, 200);
    zone = zone_edit_end(edit);
    zones = zone_set_new(&zone, 1);
    dataset.zones = zones;
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    snapshot->dataset = &dataset;
    snapshot_publish(snapshot, &edition);
    return 0;
}

static inline int end_world(void **state)
{
    (void)state;
    snapshot_shutdown();
    zone_free((void *)zone);
    free(zones);
    return 0;
}

/* ---- a server and its clients ---- */

struct fixture {
    struct server *server;
    struct server_listen listen;
};

static inline int open_socket(int type, const struct address *address, uint16_t port)
{
    struct sockaddr_storage to;
    socklen_t size = address_to_sockaddr(address, port, &to);
    int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
    const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&to, size) != 0)
        fail_msg("connect: %s", strerror(errno));
    return fd;
}

/* A port that is free for both transports just now. */
static inline uint16_t free_port(const struct address *address)
{
    for (;;) {
        struct sockaddr_storage at;
        socklen_t size = address_to_sockaddr(address, 0, &at);
        int tcp = socket(at.ss_family, SOCK_STREAM, 0), udp = socket(at.ss_family, SOCK_DGRAM, 0);
        assert_int_equal(bind(tcp, (const struct sockaddr *)&at, size), 0);
        assert_int_equal(getsockname(tcp, (struct sockaddr *)&at, &size), 0);
        bool is_free = bind(udp, (const struct sockaddr *)&at, size) == 0;
        close(tcp);
        close(udp);
        if (is_free)
            return ntohs(((const struct sockaddr_in *)&at)->sin_port);
    }
}

static inline void open_server(struct fixture *fixture, const char *address, unsigned workers,
                               unsigned connections)
{
    struct error err;
    assert_true(address_parse(address, &fixture->listen.address));
    fixture->listen.port = free_port(&fixture->listen.address);
    const struct server_settings settings = {
        .listens = &fixture->listen,
        .listen_count = 1,
        .worker_count = workers,
        .tcp_connections_most = connections,
        .tcp_idle_ms = IDLE_MS,
        .answer = { .udp_size = 1232 },
    };
    if (!server_open(&settings, &fixture->server, &err))
        fail_msg("%s", err.text);
}

static inline void start(struct fixture *fixture, const char *address, unsigned workers, unsigned connections)
{
    struct error err;
    open_server(fixture, address, workers, connections);
    if (!server_start(fixture->server, &err))
        fail_msg("%s", err.text);
}

static inline int client(const struct fixture *fixture, int type)
{
    return open_socket(type, &fixture->listen.address, fixture->listen.port);
}

/* Writes a query with its length in front; returns both sizes together. */
static inline size_t query(uint8_t *out, uint16_t id, const char *label, uint16_t type)
{
    size_t size = 12 + 1 + strlen(label) + 9 + 4;
    memset(out, 0, 2 + size);
    out[1] = (uint8_t)size;
    out[2] = (uint8_t)(id >> 8);
    out[3] = (uint8_t)id;
    out[7] = 1;
    out[14] = (uint8_t)strlen(label);
    memcpy(out + 15, label, out[14]);
    memcpy(out + 15 + out[14], "\7example\0\0\0\0\1", 13);
    out[size - 1] = (uint8_t)type;
    return 2 + size;
}

static inline void send_bytes(int fd, const uint8_t *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

static inline void receive_bytes(int fd, uint8_t *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(fd, out + done, size - done, 0);
        if (got <= 0)
            fail_msg("received %zu of %zu bytes: %s", done, size, got == 0 ? "closed" : strerror(errno));
        done += (size_t)got;
    }
}

static inline void receive_reply(int fd, uint16_t id)
{
    static uint8_t reply[UINT16_MAX];
    uint8_t length[2];
    receive_bytes(fd, length, 2);
    size_t size = (size_t)(length[0] << 8 | length[1]);
    receive_bytes(fd, reply, size);
    assert_true(size >= 12);
    assert_int_equal(reply[0] << 8 | reply[1], id);
    assert_int_equal(reply[3] & 15, DNS_NOERROR);
    assert_int_equal(reply[7], 200 * (size > 1000) + (size < 1000));
}

static inline bool is_closed_by_server(int fd)
{
    uint8_t byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static inline void ask_udp(int fd, uint16_t id)
{
    uint8_t packet[64], reply[1232];
    size_t size = query(packet, id, "www", DNS_A);
    send_bytes(fd, packet + 2, size - 2);
    ssize_t got = recv(fd, reply, sizeof reply, 0);
    assert_int_equal(got, size - 2 + 16);
    assert_int_equal(reply[0] << 8 | reply[1], id);
    assert_memory_equal(reply + got - 4, "\300\0\2\1", 4);
}

static inline void ask_tcp(int fd, uint16_t id)
{
    uint8_t packet[64];
    send_bytes(fd, packet, query(packet, id, "www", DNS_A));
    receive_reply(fd, id);
}
