/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/clients.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define ROOM 64

/* Two workers that share the counts. */
struct fixture {
    struct client_counts *counts;
    struct connections connections[2];
    struct clients clients[2];
};

static void setup(struct fixture *fixture, unsigned most)
{
    fixture->counts = client_counts_new(2 * ROOM);
    for (size_t i = 0; i < 2; i++) {
        assert_true(connections_open(&fixture->connections[i], ROOM));
        clients_open(&fixture->clients[i], fixture->counts, most);
    }
}

static void leave(struct fixture *fixture, size_t worker, struct connection *connection)
{
    clients_leave(&fixture->clients[worker], connection);
    connections_put_back(&fixture->connections[worker], connection);
}

static void teardown(struct fixture *fixture)
{
    for (size_t i = 0; i < 2; i++) {
        while (fixture->connections[i].oldest != NULL)
            leave(fixture, i, fixture->connections[i].oldest);
        clients_close(&fixture->clients[i]);
        connections_close(&fixture->connections[i]);
    }
    client_counts_free(fixture->counts);
}

static struct connection *take(struct fixture *fixture, size_t worker, const char *peer, uint64_t now_ms)
{
    struct connection *connection = connections_take(&fixture->connections[worker], now_ms);
    assert_non_null(connection);
    assert_true(address_parse(peer, &connection->peer));
    return connection;
}

static struct connection *enter(struct fixture *fixture, size_t worker, struct connection *connection)
{
    return clients_enter(&fixture->clients[worker], connection);
}

static void beyond_its_number_a_client_loses_the_one_idle_for_longest(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, 3);
    struct connection *other = take(&fixture, 0, "192.0.2.2", 0), *own[4];
    assert_null(enter(&fixture, 0, other));
    for (uint64_t i = 0; i < 3; i++) {
        own[i] = take(&fixture, 0, "192.0.2.1", 1 + i);
        assert_null(enter(&fixture, 0, own[i]));
    }
    connections_touch(&fixture.connections[0], own[0], 3); /* in the same millisecond as the last */
    own[1]->is_sending = true;                             /* its client waits for a reply */
    own[3] = take(&fixture, 0, "192.0.2.1", 3);
    assert_ptr_equal(enter(&fixture, 0, own[3]), own[2]);
    leave(&fixture, 0, own[2]);
    own[2] = take(&fixture, 0, "192.0.2.1", 12);
    assert_ptr_equal(enter(&fixture, 0, own[2]), own[0]);
    teardown(&fixture);
}

static void workers_count_together_and_close_their_own(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, 2);
    struct connection *first = take(&fixture, 0, "192.0.2.1", 1), *second = take(&fixture, 0, "192.0.2.1", 2),
                      *third = take(&fixture, 1, "192.0.2.1", 3);
    assert_null(enter(&fixture, 0, first));
    assert_null(enter(&fixture, 0, second));
    assert_ptr_equal(enter(&fixture, 1, third), third);
    leave(&fixture, 1, third);
    leave(&fixture, 0, first);
    third = take(&fixture, 1, "192.0.2.1", 4);
    assert_null(enter(&fixture, 1, third));
    teardown(&fixture);
}

static void an_ipv6_network_is_one_client(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, 1);
    struct connection *first = take(&fixture, 0, "2001:db8::1", 1),
                      *second = take(&fixture, 0, "2001:db8::2", 2),
                      *other = take(&fixture, 0, "2001:db8:0:1::1", 3);
    assert_null(enter(&fixture, 0, first));
    assert_ptr_equal(enter(&fixture, 0, second), first);
    assert_null(enter(&fixture, 0, other));
    teardown(&fixture);
}

static void without_a_limit_nobody_is_counted(void **state)
{
    (void)state;
    struct clients clients = { 0 };
    struct connections connections;
    assert_true(connections_open(&connections, ROOM));
    for (uint64_t i = 0; i < ROOM; i++)
        assert_null(clients_enter(&clients, connections_take(&connections, i)));
    while (connections.oldest != NULL) {
        clients_leave(&clients, connections.oldest);
        connections_put_back(&connections, connections.oldest);
    }
    connections_close(&connections);
    clients_close(&clients);
}

/* Some clients come and go: nobody ever has more than is allowed, and nobody with less loses one. */
static void counts_agree_with_naive_ones(void **state)
{
    (void)state;
    enum { CLIENTS = 9, MOST = 5 };
    struct fixture fixture;
    struct rng rng;
    unsigned naive[CLIENTS] = { 0 };
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    setup(&fixture, MOST);
    for (unsigned round = 0; round < 20000; round++) {
        size_t worker = rng_next(&rng) % 2;
        if (rng_next(&rng) % 3 == 0 && fixture.connections[worker].oldest != NULL) {
            struct connection *oldest = fixture.connections[worker].oldest;
            naive[oldest->peer.bytes[3]]--;
            leave(&fixture, worker, oldest);
            continue;
        }
        struct connection *fresh = take(&fixture, worker, "192.0.2.0", round);
        uint8_t client = fresh->peer.bytes[3] = (uint8_t)(rng_next(&rng) % CLIENTS);
        struct connection *surplus = enter(&fixture, worker, fresh);
        naive[client]++;
        assert_int_equal(surplus != NULL, naive[client] > MOST);
        if (surplus != NULL) {
            assert_int_equal(surplus->peer.bytes[3], client);
            leave(&fixture, worker, surplus);
            naive[client]--;
        }
    }
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_its_number_a_client_loses_the_one_idle_for_longest),
        cmocka_unit_test(workers_count_together_and_close_their_own),
        cmocka_unit_test(an_ipv6_network_is_one_client),
        cmocka_unit_test(without_a_limit_nobody_is_counted),
        cmocka_unit_test(counts_agree_with_naive_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
