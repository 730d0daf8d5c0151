/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/door.h"

#include "base/memory.h"
#include "base/rng.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CLIENT_BUCKETS = 1024, V6_CLIENT_BITS = 64 };

/* A ring in the order of their last turn: the quietest is first. */
struct ring {
    struct ring *next, *previous;
};

struct visitor {
    struct ring ring; /* of the strangers, the known or the leaving; first member */
    struct door *door;
    struct visitor *next_in_bucket, **place_in_bucket; /* place NULL: not counted per client */
    struct address client;
    int fd;
    bool is_known, is_leaving;
    enum visit visit;
    uint64_t turned_ms, size; /* bytes of the transfer */
};

struct door {
    pthread_mutex_t mutex;
    struct door_limits limits;
    struct ring strangers, known, leaving; /* leaving: sent away, MHD has yet to see it */
    struct visitor *buckets[CLIENT_BUCKETS];
    uint64_t seed;
    uint64_t leaving_count;
    struct door_counters counters;
};

/* ---- rings ---- */

static void ring_begin(struct ring *ring)
{
    ring->next = ring->previous = ring;
}

static void ring_add_last(struct ring *ring, struct ring *item)
{
    item->next = ring;
    item->previous = ring->previous;
    item->previous->next = item;
    ring->previous = item;
}

static void ring_remove(struct ring *item)
{
    item->next->previous = item->previous;
    item->previous->next = item->next;
}

static void move_to_end(struct visitor *visitor)
{
    struct door *door = visitor->door;
    if (visitor->is_leaving)
        return;
    ring_remove(&visitor->ring);
    ring_add_last(visitor->is_known ? &door->known : &door->strangers, &visitor->ring);
}

/* ---- clients ---- */

static struct visitor **bucket_of(struct door *door, const struct address *client)
{
    uint64_t words[2];
    memcpy(words, client->bytes, sizeof words);
    struct rng mixer = { door->seed ^ words[0] };
    mixer.state = rng_next(&mixer) ^ words[1];
    return &door->buckets[rng_next(&mixer) % CLIENT_BUCKETS];
}

static void join_client(struct visitor *visitor)
{
    struct visitor **bucket = bucket_of(visitor->door, &visitor->client);
    visitor->next_in_bucket = *bucket;
    visitor->place_in_bucket = bucket;
    if (*bucket != NULL)
        (*bucket)->place_in_bucket = &visitor->next_in_bucket;
    *bucket = visitor;
}

static void leave_client(struct visitor *visitor)
{
    if (visitor->place_in_bucket == NULL)
        return;
    *visitor->place_in_bucket = visitor->next_in_bucket;
    if (visitor->next_in_bucket != NULL)
        visitor->next_in_bucket->place_in_bucket = visitor->place_in_bucket;
}

/* ---- sending away ---- */

static void send_away(struct visitor *visitor, uint64_t *counter)
{
    struct door *door = visitor->door;
    (*counter)++;
    door->leaving_count++;
    visitor->is_leaving = true;
    ring_remove(&visitor->ring);
    ring_add_last(&door->leaving, &visitor->ring);
    shutdown(visitor->fd, SHUT_RDWR);
}

/* The known are served to the end, and what control works at cannot be called back. */
static bool can_go(const struct visitor *visitor)
{
    return visitor->visit == VISIT_IDLE || (!visitor->is_known && visitor->visit != VISIT_WORK);
}

static struct visitor *find_in_ring(struct ring *ring, const struct visitor *newcomer)
{
    for (struct ring *at = ring->next; at != ring; at = at->next) {
        struct visitor *visitor = (struct visitor *)at;
        if (visitor != newcomer && can_go(visitor))
            return visitor;
    }
    return NULL;
}

/* NULL: none can go but the newcomer. */
static struct visitor *find_quietest(struct door *door, const struct visitor *newcomer)
{
    struct visitor *stranger = find_in_ring(&door->strangers, newcomer);
    return stranger != NULL ? stranger : find_in_ring(&door->known, newcomer);
}

/* The same among those of the newcomer's client; `count` gets how many these are.  The bucket has the latest
 * first, which is near enough to the order of their turns. */
static struct visitor *find_of_client(struct visitor *newcomer, unsigned *count)
{
    struct visitor *found = NULL;
    *count = 0;
    for (struct visitor *at = newcomer; at != NULL; at = at->next_in_bucket) {
        if (at->is_leaving || !address_equal(&at->client, &newcomer->client))
            continue;
        (*count)++;
        if (at != newcomer && can_go(at) && (found == NULL || !at->is_known || found->is_known))
            found = at;
    }
    return found;
}

static void swap(struct visitor *newcomer, struct visitor *instead)
{
    struct door_counters *counters = &newcomer->door->counters;
    if (instead != NULL)
        send_away(instead, &counters->evicted);
    else
        send_away(newcomer, &counters->refused);
}

static void make_room(struct door *door, struct visitor *newcomer)
{
    unsigned of_client = 0;
    if (newcomer->place_in_bucket != NULL) {
        struct visitor *instead = find_of_client(newcomer, &of_client);
        if (of_client > door->limits.most_per_client) {
            swap(newcomer, instead);
            return;
        }
    }
    if (door->counters.inside - door->leaving_count > door->limits.most)
        swap(newcomer, find_quietest(door, newcomer));
}

/* ---- in and out ---- */

struct door *door_new(const struct door_limits *limits)
{
    struct door *door = xcalloc(1, sizeof *door);
    door->limits = *limits;
    pthread_mutex_init(&door->mutex, NULL);
    ring_begin(&door->strangers);
    ring_begin(&door->known);
    ring_begin(&door->leaving);
    rng_secret(&door->seed, sizeof door->seed);
    return door;
}

void door_free(struct door *door)
{
    if (door == NULL)
        return;
    pthread_mutex_destroy(&door->mutex);
    free(door);
}

struct visitor *door_enter(struct door *door, int fd, const struct address *client, uint64_t now_ms)
{
    struct visitor *visitor = xcalloc(1, sizeof *visitor);
    *visitor = (struct visitor){ .door = door, .fd = fd, .client = *client, .turned_ms = now_ms };
    if (client->family == ADDRESS_V6)
        address_mask(&visitor->client, V6_CLIENT_BITS);
    bool is_counted =
        client->family != ADDRESS_NONE && door->limits.most_per_client != 0 && !address_is_loopback(client);
    pthread_mutex_lock(&door->mutex);
    ring_add_last(&door->strangers, &visitor->ring);
    door->counters.inside++;
    door->counters.came++;
    if (is_counted)
        join_client(visitor);
    make_room(door, visitor);
    pthread_mutex_unlock(&door->mutex);
    return visitor;
}

void door_leave(struct visitor *visitor)
{
    if (visitor == NULL)
        return;
    struct door *door = visitor->door;
    pthread_mutex_lock(&door->mutex);
    ring_remove(&visitor->ring);
    leave_client(visitor);
    door->counters.inside--;
    door->leaving_count -= visitor->is_leaving;
    pthread_mutex_unlock(&door->mutex);
    free(visitor);
}

/* ---- what they do ---- */

void visitor_turn(struct visitor *visitor, enum visit visit, uint64_t size, uint64_t now_ms)
{
    pthread_mutex_lock(&visitor->door->mutex);
    visitor->visit = visit;
    visitor->size = size;
    visitor->turned_ms = now_ms;
    move_to_end(visitor);
    pthread_mutex_unlock(&visitor->door->mutex);
}

void visitor_brought(struct visitor *visitor, uint64_t size)
{
    pthread_mutex_lock(&visitor->door->mutex);
    visitor->size += size;
    pthread_mutex_unlock(&visitor->door->mutex);
}

void visitor_show_token(struct visitor *visitor)
{
    pthread_mutex_lock(&visitor->door->mutex);
    visitor->is_known = true;
    move_to_end(visitor);
    pthread_mutex_unlock(&visitor->door->mutex);
}

/* ---- time ---- */

static bool is_overdue(const struct visitor *visitor, uint64_t now_ms)
{
    const struct door_limits *limits = &visitor->door->limits;
    uint64_t may_take_ms = visitor->is_known ? limits->known_ms : limits->stranger_ms;
    switch (visitor->visit) {
    case VISIT_WORK: return false;
    case VISIT_HEAD: may_take_ms = limits->stranger_ms; break;
    case VISIT_TRANSFER: may_take_ms = limits->transfer_ms + visitor->size / limits->bytes_per_ms; break;
    case VISIT_IDLE: break;
    }
    return now_ms > visitor->turned_ms && now_ms - visitor->turned_ms > may_take_ms;
}

static void sweep_ring(struct ring *ring, uint64_t now_ms)
{
    struct ring *next;
    for (struct ring *at = ring->next; at != ring; at = next) {
        struct visitor *visitor = (struct visitor *)at;
        next = at->next;
        if (is_overdue(visitor, now_ms))
            send_away(visitor, &visitor->door->counters.overdue);
    }
}

void door_sweep(struct door *door, uint64_t now_ms)
{
    pthread_mutex_lock(&door->mutex);
    sweep_ring(&door->strangers, now_ms);
    sweep_ring(&door->known, now_ms);
    pthread_mutex_unlock(&door->mutex);
}

void door_count(struct door *door, struct door_counters *out)
{
    pthread_mutex_lock(&door->mutex);
    *out = door->counters;
    pthread_mutex_unlock(&door->mutex);
}
