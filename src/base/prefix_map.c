/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/prefix_map.h"

#include "base/inlined.h"
#include "base/memory.h"
#include "base/ranges.h"

#include <stdlib.h>
#include <string.h>

/*
 * One block a map; offsets instead of pointers:
 *
 *     leading bits ──▶ top ──▶ finer: a slice per bucket ──▶ ranges, sorted by start
 *
 * A bucket of `top` owns a slice of `finer` with a power of two entries, about as many as ranges start in it,
 * one for each equal part of the bucket; an entry is the range at the first address of its part.  So dense
 * and empty regions of the address space (IPv6 has both) cost the same few steps, and the index grows with
 * the ranges only.
 *
 * IPv6 ranges are told apart by the upper 64 bits.  Where one network of 64 bits is divided further, which is
 * rare, its entry says which of the `deep` ranges, told apart by the lower 64 bits, divide it.
 */
struct index {
    size_t top_at, finer_at; /* bytes from the start of the block */
    uint32_t count;          /* of ranges, >= 1 */
    uint32_t top_count;      /* buckets: a power of two */
};

struct range4 {
    uint32_t start, value;
};

struct range6 {
    uint64_t start;
    uint32_t value;      /* or the first of its deep ranges */
    uint32_t deep_count; /* 0: not divided; otherwise >= 2 */
};

struct prefix_map {
    size_t bytes;
    size_t range_count;
    struct index v4, v6;
    size_t ranges4_at, ranges6_at, deep_at;
};

enum { V4_TOP_BITS = 8, V6_TOP_BITS = 12 };

static const void *block_at(const struct prefix_map *map, size_t at)
{
    return (const uint8_t *)map + at;
}

/* ---- finding ---- */

/* The entry of `finer` for `key`, which is left-aligned in 64 bits: a fraction of all addresses, of which the
 * product with the number of buckets has the bucket as its whole part, and so on with what is left. */
static inline size_t index_part(const struct prefix_map *map, const struct index *index, uint64_t key)
{
    const uint32_t *top = block_at(map, index->top_at);
    const unsigned __int128 place = (unsigned __int128)key * index->top_count;
    const size_t bucket = (size_t)(place >> 64);
    const uint32_t slice = top[bucket], part_count = top[bucket + 1] - slice;
    return slice + (size_t)(((unsigned __int128)(uint64_t)place * part_count) >> 64);
}

/* The same for a key of 32 bits, of which all numbers fit into 64. */
static inline size_t index_part4(const struct prefix_map *map, const struct index *index, uint32_t key)
{
    const uint32_t *top = block_at(map, index->top_at);
    const uint64_t place = (uint64_t)key * index->top_count;
    const size_t bucket = (size_t)(place >> 32);
    const uint32_t slice = top[bucket], part_count = top[bucket + 1] - slice;
    return slice + (size_t)(((uint64_t)(uint32_t)place * part_count) >> 32);
}

/* The range of a key whose entry is `part` is one of *first .. *last. */
static inline void index_narrow(const struct prefix_map *map, const struct index *index, size_t part,
                                uint32_t *first, uint32_t *last)
{
    const uint32_t *finer = block_at(map, index->finer_at);
    *first = finer[part];
    *last = finer[part + 1]; /* of the next slice, if this is the last part: it starts where this one ends */
}

/* Leading bits that a prefix around `key` needs at least, to leave `other` out. */
static inline uint8_t bits_to_leave_out(uint64_t key, uint64_t other)
{
    return (uint8_t)(__builtin_clzll(key ^ other) + 1);
}

/*
 * The neighbour that has more bits in common with `key` is the nearer one.  Where one is missing, the other
 * end of all addresses stands for it, as 0 - 1 and as 0 behind the last range: a prefix around `key` that
 * leaves out the neighbour that there is leaves out that end, too.
 */
static inline uint8_t scope4(const struct range4 *range, uint32_t key)
{
    uint32_t below = key ^ (range[0].start - 1), above = key ^ range[1].start;
    return (uint8_t)(__builtin_clz(below < above ? below : above) + 1);
}

static inline uint32_t find4(const struct prefix_map *map, uint32_t key, uint8_t *scope_len)
{
    const struct range4 *ranges = block_at(map, map->ranges4_at);
    uint32_t at, last;
    index_narrow(map, &map->v4, index_part4(map, &map->v4, key), &at, &last);
    for (uint32_t count = last - at + 1; count > 1;) {
        uint32_t half = count / 2;
        at = ranges[at + half].start <= key ? at + half : at;
        count -= half;
    }
    if (scope_len != NULL)
        *scope_len = map->v4.count > 1 ? scope4(&ranges[at], key) : 0;
    return ranges[at].value;
}

/* The last of `count` ranges from `at` on that starts at or below `key`; the first one does. */
static inline uint32_t search6(const struct range6 *ranges, uint32_t at, uint32_t count, uint64_t key)
{
    while (count > 1) {
        uint32_t half = count / 2;
        at = ranges[at + half].start <= key ? at + half : at;
        count -= half;
    }
    return at;
}

static inline uint8_t scope6(const struct range6 *ranges, uint32_t at, uint32_t first, uint32_t end,
                             uint64_t key)
{
    uint8_t below = at == first ? 0 : bits_to_leave_out(key, ranges[at].start - 1);
    uint8_t above = at + 1 == end ? 0 : bits_to_leave_out(key, ranges[at + 1].start);
    return below > above ? below : above;
}

static uint32_t find6(const struct prefix_map *map, uint64_t high, uint64_t low, uint8_t *scope_len)
{
    const struct range6 *ranges = block_at(map, map->ranges6_at);
    uint32_t first, last;
    index_narrow(map, &map->v6, index_part(map, &map->v6, high), &first, &last);
    uint32_t at = search6(ranges, first, last - first + 1, high);
    if (ranges[at].deep_count == 0) {
        if (scope_len != NULL)
            *scope_len = scope6(ranges, at, 0, map->v6.count, high);
        return ranges[at].value;
    }
    /* A prefix that reaches beyond this /64 would contain all of it, which is more than one range. */
    const struct range6 *deep = block_at(map, map->deep_at);
    uint32_t deep_first = ranges[at].value, deep_count = ranges[at].deep_count;
    uint32_t deep_at = search6(deep, deep_first, deep_count, low);
    if (scope_len != NULL)
        *scope_len = (uint8_t)(64 + scope6(deep, deep_at, deep_first, deep_first + deep_count, low));
    return deep[deep_at].value;
}

static inline uint64_t read64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap64(value);
}

void prefix_map_fetch(const struct prefix_map *map, const struct address *address, unsigned step)
{
    const bool is_v4 = address->family == ADDRESS_V4;
    const struct index *index = is_v4 ? &map->v4 : &map->v6;
    const uint64_t bits = read64(address->bytes);
    const size_t part =
        is_v4 ? index_part4(map, index, (uint32_t)(bits >> 32)) : index_part(map, index, bits);
    const uint32_t *finer = (const uint32_t *)block_at(map, index->finer_at) + part;
    if (step == 0)
        __builtin_prefetch(finer);
    else if (is_v4)
        __builtin_prefetch((const struct range4 *)block_at(map, map->ranges4_at) + finer[0]);
    else
        __builtin_prefetch((const struct range6 *)block_at(map, map->ranges6_at) + finer[0]);
}

static __attribute__((noinline)) uint32_t find_other(const struct prefix_map *map,
                                                     const struct address *address, uint8_t *scope_len)
{
    if (address->family == ADDRESS_V6)
        return find6(map, read64(address->bytes), read64(address->bytes + 8), scope_len);
    if (scope_len != NULL)
        *scope_len = 0;
    return PREFIX_MAP_NONE;
}

INLINED uint32_t prefix_map_find(const struct prefix_map *map, const struct address *address,
                                 uint8_t *scope_len)
{
    if (address->family == ADDRESS_V4)
        return find4(map, (uint32_t)(read64(address->bytes) >> 32), scope_len);
    return find_other(map, address, scope_len);
}

/* ---- packing ---- */

static unsigned bit_length(size_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* How wide the slice of a bucket with `count` starts is, in bits of the address. */
static unsigned slice_bits(size_t count, unsigned top_bits, unsigned key_bits)
{
    unsigned bits = bit_length(count);
    return bits < key_bits - top_bits ? bits : key_bits - top_bits;
}

/* An index over `keys`, ascending from 0, in two growing steps: how large, then filled in. */
struct index_plan {
    const uint64_t *keys;
    uint32_t count;
    unsigned top_bits, key_bits;
    uint32_t finer_count;
};

static size_t starts_below(const struct index_plan *plan, size_t from, size_t bucket)
{
    size_t end = from;
    while (end < plan->count && (plan->keys[end] >> 1 >> (63 - plan->top_bits)) <= bucket)
        end++;
    return end;
}

static void index_size(struct index_plan *plan, unsigned most_top_bits)
{
    unsigned bits = bit_length(plan->count);
    plan->top_bits = bits < most_top_bits ? bits : most_top_bits;
    for (size_t bucket = 0, at = 0; bucket < (size_t)1 << plan->top_bits; bucket++) {
        size_t end = starts_below(plan, at, bucket);
        plan->finer_count += UINT32_C(1) << slice_bits(end - at, plan->top_bits, plan->key_bits);
        at = end;
    }
}

static void index_fill(const struct index_plan *plan, uint32_t *top, uint32_t *finer)
{
    uint32_t slice = 0, range = 0;
    size_t buckets = (size_t)1 << plan->top_bits;
    for (size_t bucket = 0, at = 0; bucket < buckets; bucket++) {
        size_t end = starts_below(plan, at, bucket);
        unsigned bits = slice_bits(end - at, plan->top_bits, plan->key_bits);
        top[bucket] = slice;
        for (uint64_t part = 0; part < UINT64_C(1) << bits; part++) {
            uint64_t key = plan->top_bits + bits == 0
                               ? 0
                               : ((uint64_t)bucket << bits | part) << (64 - plan->top_bits - bits);
            while (range + 1 < plan->count && plan->keys[range + 1] <= key)
                range++;
            finer[slice++] = range;
        }
        at = end;
    }
    top[buckets] = slice;
    finer[slice] = plan->count - 1;
}

/* IPv6 ranges by upper half, and the division of those networks of 64 bits that are divided. */
struct packed6 {
    struct range6 *ranges, *deep;
    uint32_t count, deep_count;
};

static void pack_deep(struct packed6 *packed, const struct range *first, const struct range *end,
                      uint32_t value_before)
{
    struct range6 *entry = &packed->ranges[packed->count++];
    *entry = (struct range6){ .start = (uint64_t)(first->start >> 64), .value = packed->deep_count };
    if ((uint64_t)first->start != 0)
        packed->deep[packed->deep_count++] = (struct range6){ .value = value_before };
    for (const struct range *range = first; range < end; range++)
        packed->deep[packed->deep_count++] =
            (struct range6){ .start = (uint64_t)range->start, .value = range->value };
    entry->deep_count = packed->deep_count - entry->value;
}

static struct packed6 pack6(const struct ranges *from)
{
    /* Each range makes at most one entry, and one behind a divided network; in it at most one more. */
    struct packed6 packed = { .ranges = xmalloc_filled_soon(from->count * 2 * sizeof *packed.ranges),
                              .deep = xcalloc(from->count * 2, sizeof *packed.deep) };
    const struct range *all_end = from->items + from->count;
    for (const struct range *range = from->items; range < all_end;) {
        uint64_t high = (uint64_t)(range->start >> 64);
        const struct range *end = range + 1;
        while (end < all_end && (uint64_t)(end->start >> 64) == high)
            end++;
        if (end == range + 1 && (uint64_t)range->start == 0) {
            packed.ranges[packed.count++] = (struct range6){ .start = high, .value = range->value };
        } else {
            pack_deep(&packed, range, end, range == from->items ? PREFIX_MAP_NONE : range[-1].value);
            bool is_followed = end < all_end && (uint64_t)(end->start >> 64) == high + 1;
            if (high != UINT64_MAX && !is_followed)
                packed.ranges[packed.count++] = (struct range6){ .start = high + 1, .value = end[-1].value };
        }
        range = end;
    }
    return packed;
}

static uint64_t *keys_of(const struct ranges *v4, const struct packed6 *v6)
{
    size_t count = v4 != NULL ? v4->count : v6->count;
    uint64_t *keys = xmalloc_filled_soon(count * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = v4 != NULL ? (uint64_t)(v4->items[i].start >> 64) : v6->ranges[i].start;
    return keys;
}

/* Says where the next part of the block lies, and makes room for it. */
static size_t place(size_t *bytes, size_t count, size_t size)
{
    size_t at = *bytes;
    *bytes += (count * size + 7) / 8 * 8;
    return at;
}

static void place_index(struct index *index, const struct index_plan *plan, size_t *bytes)
{
    index->count = plan->count;
    index->top_count = UINT32_C(1) << plan->top_bits;
    index->top_at = place(bytes, ((size_t)1 << plan->top_bits) + 1, sizeof(uint32_t));
    index->finer_at = place(bytes, (size_t)plan->finer_count + 1, sizeof(uint32_t));
}

static void fill_block(struct prefix_map *map, const struct ranges *v4, const struct packed6 *v6,
                       const struct index_plan *plan4, const struct index_plan *plan6)
{
    uint8_t *block = (uint8_t *)map;
    index_fill(plan4, (uint32_t *)(block + map->v4.top_at), (uint32_t *)(block + map->v4.finer_at));
    index_fill(plan6, (uint32_t *)(block + map->v6.top_at), (uint32_t *)(block + map->v6.finer_at));
    struct range4 *ranges4 = (struct range4 *)(block + map->ranges4_at);
    for (size_t i = 0; i < v4->count; i++)
        ranges4[i] = (struct range4){ (uint32_t)(v4->items[i].start >> 96), v4->items[i].value };
    memcpy(block + map->ranges6_at, v6->ranges, v6->count * sizeof *v6->ranges);
    memcpy(block + map->deep_at, v6->deep, v6->deep_count * sizeof *v6->deep);
}

struct prefix_map *ranges_pack(struct ranges ranges[RANGES_FAMILIES])
{
    struct ranges *v4 = &ranges[RANGES_V4];
    struct packed6 v6 = pack6(&ranges[RANGES_V6]);
    uint64_t *keys4 = keys_of(v4, NULL), *keys6 = keys_of(NULL, &v6);
    struct index_plan plan4 = { .keys = keys4, .count = (uint32_t)v4->count, .key_bits = 32 };
    struct index_plan plan6 = { .keys = keys6, .count = v6.count, .key_bits = 64 };
    index_size(&plan4, V4_TOP_BITS);
    index_size(&plan6, V6_TOP_BITS);

    struct prefix_map head = { .range_count = v4->count + ranges[RANGES_V6].count };
    head.bytes = sizeof head;
    place_index(&head.v4, &plan4, &head.bytes);
    place_index(&head.v6, &plan6, &head.bytes);
    head.ranges4_at = place(&head.bytes, v4->count + 1, sizeof(struct range4)); /* and one that starts at 0 */
    head.ranges6_at = place(&head.bytes, v6.count, sizeof(struct range6));
    head.deep_at = place(&head.bytes, v6.deep_count, sizeof(struct range6));
    struct prefix_map *map = xcalloc_table(head.bytes);
    *map = head;
    fill_block(map, v4, &v6, &plan4, &plan6);

    free(keys4);
    free(keys6);
    free(v6.ranges);
    free(v6.deep);
    free(v4->items);
    free(ranges[RANGES_V6].items);
    return map;
}

void ranges_of_map(const struct prefix_map *map, struct ranges out[RANGES_FAMILIES])
{
    struct ranges v4 = { 0 }, v6 = { 0 };
    const struct range4 *ranges4 = block_at(map, map->ranges4_at);
    ranges_reserve(&v4, map->v4.count);
    ranges_reserve(&v6, map->range_count - map->v4.count);
    for (uint32_t i = 0; i < map->v4.count; i++)
        ranges_add(&v4, (range_key)ranges4[i].start << 96, ranges4[i].value);
    const struct range6 *ranges6 = block_at(map, map->ranges6_at), *deep = block_at(map, map->deep_at);
    for (uint32_t i = 0; i < map->v6.count; i++) {
        range_key high = (range_key)ranges6[i].start << 64;
        if (ranges6[i].deep_count == 0)
            ranges_add(&v6, high, ranges6[i].value);
        for (uint32_t j = 0; j < ranges6[i].deep_count; j++) {
            const struct range6 *part = &deep[ranges6[i].value + j];
            ranges_add(&v6, high | part->start, part->value);
        }
    }
    out[RANGES_V4] = v4;
    out[RANGES_V6] = v6;
}

struct renumbering {
    uint32_t (*number)(uint32_t value, void *context);
    void *context;
};

static void renumber_one(const struct renumbering *renumbering, uint32_t *value)
{
    if (*value != PREFIX_MAP_NONE)
        *value = renumbering->number(*value, renumbering->context);
}

void prefix_map_renumber(struct prefix_map *map, uint32_t (*number)(uint32_t value, void *context),
                         void *context)
{
    const struct renumbering renumbering = { number, context };
    uint8_t *block = (uint8_t *)map;
    struct range4 *ranges4 = (struct range4 *)(block + map->ranges4_at);
    struct range6 *ranges6 = (struct range6 *)(block + map->ranges6_at),
                  *deep = (struct range6 *)(block + map->deep_at);
    for (uint32_t i = 0; i < map->v4.count; i++)
        renumber_one(&renumbering, &ranges4[i].value);
    for (uint32_t i = 0; i < map->v6.count; i++) {
        struct range6 *range = &ranges6[i];
        if (range->deep_count == 0)
            renumber_one(&renumbering, &range->value);
        for (uint32_t j = 0; j < range->deep_count; j++)
            renumber_one(&renumbering, &deep[range->value + j].value);
    }
}

void prefix_map_free(struct prefix_map *map)
{
    free(map);
}

size_t prefix_map_range_count(const struct prefix_map *map)
{
    return map->range_count;
}

size_t prefix_map_bytes(const struct prefix_map *map)
{
    return map->bytes;
}
