/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/clients.h"

#include "base/memory.h"
#include "base/rng.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ROWS        2
#define CHAIN_COUNT 1024 /* of a worker */

struct client_counts {
    uint64_t seed[2]; /* secret: nobody can aim at another's counters */
    uint32_t mask;
    _Atomic uint32_t *rows[ROWS];
};

struct client_counts *client_counts_new(unsigned connections_most)
{
    size_t room = 1024;
    while (room / 4 < connections_most)
        room *= 2;
    struct client_counts *counts = xcalloc(1, sizeof *counts);
    rng_secret(counts->seed, sizeof counts->seed);
    counts->mask = (uint32_t)(room - 1);
    for (size_t row = 0; row < ROWS; row++)
        counts->rows[row] = xcalloc(room, sizeof *counts->rows[row]);
    return counts;
}

void client_counts_free(struct client_counts *counts)
{
    if (counts == NULL)
        return;
    for (size_t row = 0; row < ROWS; row++)
        free((void *)counts->rows[row]);
    free(counts);
}

/* The bits that pick a counter in each row and a chain. */
static uint64_t client_hash(const struct client_counts *counts, const struct address *client)
{
    uint64_t network; /* an IPv4 address has zeros behind */
    memcpy(&network, client->bytes, sizeof network);
    unsigned __int128 product =
        (unsigned __int128)(network ^ counts->seed[0]) * (counts->seed[1] ^ client->family);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static _Atomic uint32_t *counter(const struct client_counts *counts, size_t row, uint64_t hash)
{
    return &counts->rows[row][hash >> (32 * row) & counts->mask];
}

/* Returns the client's connections with this one. */
static unsigned count_in(struct client_counts *counts, uint64_t hash)
{
    unsigned least = UINT32_MAX;
    for (size_t row = 0; row < ROWS; row++) {
        unsigned count = atomic_fetch_add_explicit(counter(counts, row, hash), 1, memory_order_relaxed) + 1;
        least = count < least ? count : least;
    }
    return least;
}

static void count_out(struct client_counts *counts, uint64_t hash)
{
    for (size_t row = 0; row < ROWS; row++)
        atomic_fetch_sub_explicit(counter(counts, row, hash), 1, memory_order_relaxed);
}

void clients_open(struct clients *clients, struct client_counts *counts, unsigned most)
{
    *clients = (struct clients){ .counts = counts, .most = most };
    clients->chains = xcalloc(CHAIN_COUNT, sizeof(struct connection *));
}

void clients_close(struct clients *clients)
{
    free(clients->chains);
    clients->chains = NULL;
}

static struct connection **chain_of(const struct clients *clients, uint64_t hash)
{
    return &clients->chains[hash >> 54];
}

_Static_assert(CHAIN_COUNT == 1 << (64 - 54), "the top bits of a hash pick the chain");

static bool is_better_to_close(const struct connection *a, const struct connection *b)
{
    if (a->is_sending != b->is_sending)
        return b->is_sending; /* its client still waits for a reply */
    return a->activity < b->activity;
}

static struct connection *idlest(struct connection *newest)
{
    struct connection *found = newest;
    for (struct connection *other = newest->client.next; other != NULL; other = other->client.next) {
        bool is_own = other->client.hash == newest->client.hash;
        if (is_own && (found == newest || is_better_to_close(other, found)))
            found = other;
    }
    return found;
}

struct connection *clients_enter(struct clients *clients, struct connection *connection)
{
    struct connection_client *client = &connection->client;
    if (clients->counts == NULL)
        return NULL;
    client->hash = client_hash(clients->counts, &connection->peer);
    struct connection **chain = chain_of(clients, client->hash);
    *client = (struct connection_client){ .hash = client->hash, .next = *chain, .link = chain };
    if (client->next != NULL)
        client->next->client.link = &client->next;
    *chain = connection;
    return count_in(clients->counts, client->hash) > clients->most ? idlest(connection) : NULL;
}

void clients_leave(struct clients *clients, struct connection *connection)
{
    struct connection_client *client = &connection->client;
    if (clients->counts == NULL)
        return;
    *client->link = client->next;
    if (client->next != NULL)
        client->next->client.link = client->link;
    count_out(clients->counts, client->hash);
}
