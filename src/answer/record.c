/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/record.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { RING_PLACES = 256, WORDS = (sizeof(struct answer_record) + 7) / 8 };

/* A record under a version that is odd while it is written: who reads looks at it before and after.  The
 * words are atomic, so that a torn read is thrown away and nothing worse. */
struct place {
    _Atomic uint64_t version;
    _Atomic uint64_t words[WORDS];
};

struct record_ring {
    uint64_t next_id; /* the worker's */
    struct place places[RING_PLACES];
};

/* The worker, then a start by lot: an id of an earlier process means nothing to this one. */
struct record_ring *record_ring_new(unsigned worker)
{
    struct record_ring *ring = xcalloc(1, sizeof *ring);
    struct rng rng;
    rng_seed(&rng);
    ring->next_id = (uint64_t)(worker & 0xffff) << 48 | (rng_next(&rng) & 0x7fffffffffff);
    return ring;
}

void record_ring_free(struct record_ring *ring)
{
    free(ring);
}

unsigned record_worker(uint64_t id)
{
    return (unsigned)(id >> 48);
}

uint64_t record_ring_next(struct record_ring *ring, uint8_t text[RECORD_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < RECORD_ID_SIZE; i++)
        text[i] = (uint8_t)digits[ring->next_id >> (60 - 4 * i) & 15];
    return ring->next_id;
}

void record_ring_put(struct record_ring *ring, const struct answer_record *record)
{
    struct place *place = &ring->places[record->id % RING_PLACES];
    uint64_t words[WORDS] = { 0 };
    memcpy(words, record, sizeof *record);
    uint64_t version = atomic_load_explicit(&place->version, memory_order_relaxed);
    atomic_store_explicit(&place->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&place->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&place->version, version + 2, memory_order_release);
    ring->next_id = record->id + 1;
}

bool record_ring_find(const struct record_ring *ring, uint64_t id, struct answer_record *out)
{
    const struct place *place = &ring->places[id % RING_PLACES];
    uint64_t words[WORDS];
    uint64_t before = atomic_load_explicit(&place->version, memory_order_acquire);
    for (size_t i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&place->words[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    uint64_t after = atomic_load_explicit(&place->version, memory_order_relaxed);
    memcpy(out, words, sizeof *out);
    return before == after && before != 0 && before % 2 == 0 && out->id == id;
}
