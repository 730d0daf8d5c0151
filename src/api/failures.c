/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/failures.h"

#include "base/memory.h"
#include "base/rng.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETS = 1024,
    WAYS = 8,
    FORGET_MS = 600000,
    WAIT_FIRST_MS = 1000,
    WAIT_MOST_MS = 60000,
    V6_CLIENT_BITS = 64,
};

struct failing {
    struct address client; /* family NONE with count 0: free; unix sockets are one client, of no family */
    unsigned count;
    uint64_t last_ms, until_ms;
};

struct failures {
    pthread_mutex_t mutex;
    uint64_t seed, count;
    struct failing sets[SETS][WAYS];
};

struct failures *failures_new(void)
{
    struct failures *failures = xcalloc(1, sizeof *failures);
    pthread_mutex_init(&failures->mutex, NULL);
    rng_secret(&failures->seed, sizeof failures->seed);
    return failures;
}

void failures_free(struct failures *failures)
{
    if (failures == NULL)
        return;
    pthread_mutex_destroy(&failures->mutex);
    free(failures);
}

static struct address client_of(const struct address *address)
{
    struct address client = *address;
    if (client.family == ADDRESS_V6)
        address_mask(&client, V6_CLIENT_BITS);
    return client;
}

static struct failing *set_of(struct failures *failures, const struct address *client)
{
    uint64_t words[2];
    memcpy(words, client->bytes, sizeof words);
    struct rng mixer = { failures->seed ^ words[0] };
    mixer.state = rng_next(&mixer) ^ words[1];
    return failures->sets[rng_next(&mixer) % SETS];
}

static struct failing *find(struct failing *set, const struct address *client, uint64_t now_ms)
{
    for (size_t i = 0; i < WAYS; i++) {
        bool is_fresh = set[i].count > 0 && now_ms - set[i].last_ms < FORGET_MS;
        if (is_fresh && address_equal(&set[i].client, client))
            return &set[i];
    }
    return NULL;
}

/* The place of who has been quiet longest. */
static struct failing *take_place(struct failing *set, const struct address *client)
{
    struct failing *oldest = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].last_ms < oldest->last_ms)
            oldest = &set[i];
    *oldest = (struct failing){ .client = *client };
    return oldest;
}

unsigned failures_wait_s(struct failures *failures, const struct address *address, uint64_t now_ms)
{
    struct address client = client_of(address);
    pthread_mutex_lock(&failures->mutex);
    const struct failing *failing = find(set_of(failures, &client), &client, now_ms);
    uint64_t wait_ms = failing != NULL && failing->until_ms > now_ms ? failing->until_ms - now_ms : 0;
    pthread_mutex_unlock(&failures->mutex);
    return (unsigned)((wait_ms + 999) / 1000);
}

static uint64_t wait_after(unsigned count)
{
    if (count <= FAILURES_FREE)
        return 0;
    unsigned doublings = count - FAILURES_FREE - 1;
    uint64_t wait_ms = doublings < 16 ? (uint64_t)WAIT_FIRST_MS << doublings : WAIT_MOST_MS;
    return wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS;
}

bool failures_note(struct failures *failures, const struct address *address, uint64_t now_ms)
{
    struct address client = client_of(address);
    pthread_mutex_lock(&failures->mutex);
    struct failing *set = set_of(failures, &client), *failing = find(set, &client, now_ms);
    if (failing == NULL)
        failing = take_place(set, &client);
    failures->count++;
    failing->count++;
    failing->last_ms = now_ms;
    failing->until_ms = now_ms + wait_after(failing->count);
    bool is_first = failing->count == FAILURES_FREE + 1;
    pthread_mutex_unlock(&failures->mutex);
    return is_first;
}

uint64_t failures_count(struct failures *failures)
{
    pthread_mutex_lock(&failures->mutex);
    uint64_t count = failures->count;
    pthread_mutex_unlock(&failures->mutex);
    return count;
}
