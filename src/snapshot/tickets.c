/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/tickets.h"

#include "base/inlined.h"
#include "base/memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define CACHE_LINE 64

/* A key is looked for in so many neighbours at most; short of the load limit nearly all stand far nearer. */
#define PROBES_MAX 64

/* Key and count share a cache line: the region starts at one, and a pair is a quarter of it. */
struct pair {
    _Atomic uint64_t key; /* 0: free; set once */
    _Atomic uint32_t count;
    uint32_t unused;
};

static_assert(CACHE_LINE % sizeof(struct pair) == 0, "no pair may straddle two lines");

struct tickets {
    struct pair *pairs; /* in `region`, at a cache line */
    uint64_t mask;
    uint64_t limit;             /* keys entered at most, give or take one a thread: 7/8 of the room */
    _Atomic uint64_t key_count; /* written only when a key is entered */
    void *region;
};

struct tickets *tickets_new(size_t room)
{
    size_t size = PROBES_MAX;
    while (size < room)
        size *= 2;
    struct tickets *tickets = xcalloc(1, sizeof *tickets);
    tickets->region = xcalloc(size + CACHE_LINE / sizeof(struct pair), sizeof(struct pair));
    uintptr_t line = ((uintptr_t)tickets->region + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    tickets->pairs = (struct pair *)line;
    tickets->mask = size - 1;
    tickets->limit = size / 8 * 7;
    return tickets;
}

void tickets_free(struct tickets *tickets)
{
    if (tickets == NULL)
        return;
    free(tickets->region);
    free(tickets);
}

/* Keys are small numbers side by side: spread them (the finalizer of SplitMix64). */
static uint64_t spread(uint64_t key)
{
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
}

void ticket_fetch(const struct tickets *tickets, uint64_t key)
{
    __builtin_prefetch(&tickets->pairs[spread(key) & tickets->mask], 1);
}

/* Enters `key` in a free pair; false if another thread entered a different one meanwhile. */
static bool enter(struct tickets *tickets, struct pair *pair, uint64_t key)
{
    uint64_t seen = 0;
    if (!atomic_compare_exchange_strong_explicit(&pair->key, &seen, key, memory_order_relaxed,
                                                 memory_order_relaxed))
        return seen == key;
    atomic_fetch_add_explicit(&tickets->key_count, 1, memory_order_relaxed);
    return true;
}

/* Among those that stand from `at` on. */
static __attribute__((noinline)) bool take_among(struct tickets *tickets, uint64_t at, uint64_t key,
                                                 uint32_t *ticket)
{
    for (unsigned probe = 0; probe < PROBES_MAX; probe++, at++) {
        struct pair *pair = &tickets->pairs[at & tickets->mask];
        uint64_t seen = atomic_load_explicit(&pair->key, memory_order_relaxed);
        if (seen == 0) {
            if (atomic_load_explicit(&tickets->key_count, memory_order_relaxed) >= tickets->limit)
                break;
            if (enter(tickets, pair, key))
                seen = key;
        }
        if (seen == key) {
            *ticket = atomic_fetch_add_explicit(&pair->count, 1, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

/* Mostly it stands where it is looked for first. */
INLINED bool ticket_next(struct tickets *tickets, uint64_t key, uint32_t *ticket)
{
    const uint64_t at = spread(key);
    struct pair *pair = &tickets->pairs[at & tickets->mask];
    if (atomic_load_explicit(&pair->key, memory_order_relaxed) != key)
        return take_among(tickets, at, key, ticket);
    *ticket = atomic_fetch_add_explicit(&pair->count, 1, memory_order_relaxed);
    return true;
}

uint32_t ticket_take(struct tickets *tickets, uint64_t key, uint64_t random)
{
    uint32_t ticket;
    return ticket_next(tickets, key, &ticket) ? ticket : (uint32_t)random;
}

uint32_t ticket_peek(const struct tickets *tickets, uint64_t key)
{
    uint64_t at = spread(key);
    for (unsigned probe = 0; probe < PROBES_MAX; probe++, at++) {
        const struct pair *pair = &tickets->pairs[at & tickets->mask];
        uint64_t seen = atomic_load_explicit(&pair->key, memory_order_relaxed);
        if (seen == key)
            return atomic_load_explicit(&pair->count, memory_order_relaxed);
        if (seen == 0)
            break;
    }
    return 0;
}
