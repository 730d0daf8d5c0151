/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/observer.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define PLACES     4096 /* 8 MiB, of which only what is used becomes real */
#define CACHE_LINE 64

struct observer {
    uint32_t file_chance, tap_chance; /* of UINT32_MAX */
    int64_t wall_ms;
    struct rng rng;
    struct answer_counters *counters;
    struct observation *places;
    _Alignas(CACHE_LINE) _Atomic uint64_t put; /* by the worker */
    _Alignas(CACHE_LINE) _Atomic uint64_t got; /* by the logger */
};

struct observer *observer_new(const struct query_log_settings *settings, struct answer_counters *counters)
{
    struct observer *observer = xcalloc_aligned(CACHE_LINE, sizeof *observer);
    observer->file_chance = settings->file != NULL ? settings->file_chance : 0;
    observer->tap_chance = settings->tap != NULL ? settings->tap_chance : 0;
    observer->counters = counters;
    observer->places = xcalloc(PLACES, sizeof *observer->places);
    rng_seed(&observer->rng);
    return observer;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL)
        return;
    free(observer->places);
    free(observer);
}

void observer_begin(struct observer *observer)
{
    observer->wall_ms = clock_wall_ms();
}

static void increase(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static void copy(void *to, size_t room, const void *from, size_t size)
{
    memcpy(to, from, size < room ? size : room);
}

void observer_see(struct observer *observer, enum transport transport, const struct address *client,
                  uint16_t port, const struct message *message)
{
    /* below UINT32_MAX, so that a chance of UINT32_MAX takes all; one draw, so that the smaller sample is
     * part of the larger one */
    uint32_t draw = (uint32_t)(rng_next(&observer->rng) % UINT32_MAX);
    if (draw >= observer->file_chance && draw >= observer->tap_chance)
        return;
    uint64_t put = atomic_load_explicit(&observer->put, memory_order_relaxed);
    if (put - atomic_load_explicit(&observer->got, memory_order_acquire) == PLACES) {
        increase(&observer->counters->log_dropped);
        return;
    }
    struct observation *place = &observer->places[put % PLACES];
    place->wall_ms = observer->wall_ms;
    place->client = *client;
    place->port = port;
    place->transport = (uint8_t)transport;
    place->is_for_file = draw < observer->file_chance;
    place->is_for_tap = draw < observer->tap_chance;
    place->query_size = (uint32_t)message->size;
    place->reply_size = (uint32_t)message->reply_size;
    copy(place->query, sizeof place->query, message->packet, message->size);
    copy(place->reply, sizeof place->reply, message->out, message->reply_size);
    atomic_store_explicit(&observer->put, put + 1, memory_order_release);
    increase(&observer->counters->log_taken);
}

const struct observation *observer_next(const struct observer *observer)
{
    uint64_t got = atomic_load_explicit(&observer->got, memory_order_relaxed);
    if (got == atomic_load_explicit(&observer->put, memory_order_acquire))
        return NULL;
    return &observer->places[got % PLACES];
}

void observer_done(struct observer *observer)
{
    uint64_t got = atomic_load_explicit(&observer->got, memory_order_relaxed);
    atomic_store_explicit(&observer->got, got + 1, memory_order_release);
}
