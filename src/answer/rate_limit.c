/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/rate_limit.h"

#include "base/memory.h"
#include "base/prefix_map.h"
#include "base/rng.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US    UINT64_C(1000000)
#define LINE_BUCKETS 8     /* of one cache line */
#define LINE_COUNT   65536 /* 4 MiB: half a million kinds of replies owe something at the same time */
#define TRIES        4     /* against other threads at the same bucket: then the reply is sent */

/*
 * A bucket, one word:
 *
 *     63 … 40 | 39 … 0
 *        tag  | when all replies so far are paid for, in µs modulo 2^40
 *
 * Each reply costs an interval, 1/rate seconds, and nobody may owe more than a second of them.  Time wraps
 * every twelve days: what seems to lie further ahead than any debt is long past.
 */
#define TIME_BITS    40
#define TIME_MASK    ((UINT64_C(1) << TIME_BITS) - 1)
#define DEBT_MOST_US (4 * SECOND_US) /* a second, and what the clocks of workers lag behind each other */

struct rate_line {
    _Alignas(64) _Atomic uint64_t buckets[LINE_BUCKETS];
};

struct rate_limiter {
    uint64_t seed[3]; /* secret: nobody can aim at another's bucket */
    uint64_t interval_us, owed_most_us;
    uint64_t mask_v4, mask_v6[2];
    uint32_t slip;
    struct prefix_map *exempt; /* NULL: nobody */
    struct rate_line *lines;
};

static uint64_t leading_ones(unsigned count)
{
    return count == 0 ? 0 : ~UINT64_C(0) << (64 - (count < 64 ? count : 64));
}

static struct prefix_map *map_of(const struct prefix *prefixes, size_t count)
{
    if (count == 0)
        return NULL;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < count; i++)
        prefix_map_builder_add(builder, &prefixes[i], 1);
    return prefix_map_build(builder);
}

struct rate_limiter *rate_limiter_new(const struct rate_limit_settings *settings)
{
    struct rate_limiter *limiter = xcalloc(1, sizeof *limiter);
    rng_secret(limiter->seed, sizeof limiter->seed);
    limiter->interval_us = SECOND_US / settings->responses_per_second;
    limiter->owed_most_us = limiter->interval_us * settings->responses_per_second;
    limiter->mask_v4 = leading_ones(settings->ipv4_prefix);
    limiter->mask_v6[0] = leading_ones(settings->ipv6_prefix);
    limiter->mask_v6[1] = leading_ones(settings->ipv6_prefix > 64 ? settings->ipv6_prefix - 64u : 0);
    limiter->slip = settings->slip;
    limiter->exempt = map_of(settings->exempt, settings->exempt_count);
    limiter->lines = xcalloc_aligned(_Alignof(struct rate_line), LINE_COUNT * sizeof *limiter->lines);
    return limiter;
}

void rate_limiter_free(struct rate_limiter *limiter)
{
    if (limiter == NULL)
        return;
    prefix_map_free(limiter->exempt);
    free(limiter->lines);
    free(limiter);
}

/* ---- where a reply is counted ---- */

static uint64_t read_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t bucket_hash(const struct rate_limiter *limiter, const struct address *source, uint64_t kind)
{
    uint64_t high = read_u64(source->bytes), low = 0;
    if (source->family == ADDRESS_V4) {
        high &= limiter->mask_v4;
    } else {
        high &= limiter->mask_v6[0];
        low = read_u64(source->bytes + 8) & limiter->mask_v6[1];
    }
    uint64_t hash = mix(high ^ limiter->seed[0], low ^ source->family ^ limiter->seed[1]);
    return mix(hash ^ limiter->seed[2], kind ^ limiter->seed[0]);
}

/* ---- buckets ---- */

static uint64_t debt_us(uint64_t bucket, uint64_t now_us)
{
    uint64_t ahead = (bucket - now_us) & TIME_MASK;
    return ahead <= DEBT_MOST_US ? ahead : 0;
}

/* The bucket of that tag, or the one that is forgotten for it; `debt` is what it owes under that tag. */
static _Atomic uint64_t *find_bucket(struct rate_line *line, uint64_t tag, uint64_t now_us, uint64_t *word,
                                     uint64_t *debt)
{
    _Atomic uint64_t *least = NULL;
    uint64_t least_debt = UINT64_MAX;
    *debt = 0;
    for (size_t i = 0; i < LINE_BUCKETS; i++) {
        uint64_t value = atomic_load_explicit(&line->buckets[i], memory_order_relaxed);
        uint64_t owed = debt_us(value, now_us);
        if (value >> TIME_BITS == tag && owed > 0) {
            *word = value;
            *debt = owed;
            return &line->buckets[i];
        }
        if (owed < least_debt) {
            least = &line->buckets[i];
            least_debt = owed;
            *word = value;
        }
    }
    return least;
}

/* Counts the reply; false if it is beyond the rate. */
static bool take(struct rate_limiter *limiter, uint64_t hash, uint64_t now_us)
{
    struct rate_line *line = &limiter->lines[hash % LINE_COUNT];
    uint64_t tag = hash >> TIME_BITS;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint64_t before, debt;
        _Atomic uint64_t *bucket = find_bucket(line, tag, now_us, &before, &debt);
        debt += limiter->interval_us;
        if (debt > limiter->owed_most_us)
            return false;
        uint64_t after = tag << TIME_BITS | ((now_us + debt) & TIME_MASK);
        if (atomic_compare_exchange_strong_explicit(bucket, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed))
            return true;
    }
    return true;
}

enum rate_verdict rate_limiter_judge(struct rate_limiter *limiter, const struct address *source,
                                     uint64_t kind, uint64_t now_us, uint64_t random)
{
    if (limiter->exempt != NULL && prefix_map_find(limiter->exempt, source, NULL) != PREFIX_MAP_NONE)
        return RATE_SEND;
    if (take(limiter, bucket_hash(limiter, source, kind), now_us))
        return RATE_SEND;
    return limiter->slip > 0 && random % limiter->slip == 0 ? RATE_SLIP : RATE_DROP;
}
