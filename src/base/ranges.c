/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/ranges.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- making a map from prefixes: a sweep over them in order of address ---- */

struct builder_item {
    range_key start;
    uint32_t value;
    uint32_t order; /* of equal prefixes the last added wins */
    uint8_t length;
};

struct builder_list {
    struct builder_item *items;
    size_t count, room;
    bool is_sorted; /* as the walk of a database gives them: nothing to do */
};

struct prefix_map_builder {
    struct builder_list lists[RANGES_FAMILIES];
};

static int item_compare(const void *left, const void *right)
{
    const struct builder_item *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

struct prefix_map_builder *prefix_map_builder_new(void)
{
    struct prefix_map_builder *builder = xcalloc(1, sizeof *builder);
    for (size_t i = 0; i < RANGES_FAMILIES; i++)
        builder->lists[i].is_sorted = true;
    return builder;
}

void prefix_map_builder_free(struct prefix_map_builder *builder)
{
    if (builder == NULL)
        return;
    for (size_t i = 0; i < RANGES_FAMILIES; i++)
        free(builder->lists[i].items);
    free(builder);
}

static range_key key_of(const struct address *address)
{
    uint64_t high, low; /* behind IPv4's four bytes all are zero */
    memcpy(&high, address->bytes, sizeof high);
    memcpy(&low, address->bytes + sizeof high, sizeof low);
    return (range_key)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}

void prefix_map_builder_add(struct prefix_map_builder *builder, const struct prefix *prefix, uint32_t value)
{
    if (prefix->address.family == ADDRESS_NONE)
        return;
    struct builder_list *list = &builder->lists[prefix->address.family == ADDRESS_V4 ? RANGES_V4 : RANGES_V6];
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->items = xrealloc(list->items, list->room, sizeof *list->items);
        memory_fill_soon(list->items, list->room * sizeof *list->items);
    }
    struct builder_item *item = &list->items[list->count];
    *item = (struct builder_item){ .start = key_of(&prefix->address),
                                   .value = value,
                                   .order = (uint32_t)list->count,
                                   .length = prefix->length };
    if (list->count > 0 && item_compare(item - 1, item) > 0)
        list->is_sorted = false;
    list->count++;
}

void ranges_reserve(struct ranges *ranges, size_t count)
{
    ranges->room = count;
    ranges->items = xmalloc_filled_soon(count * sizeof *ranges->items);
}

void ranges_add(struct ranges *ranges, range_key start, uint32_t value)
{
    if (ranges->count > 0 && ranges->items[ranges->count - 1].start == start)
        ranges->count--;
    if (ranges->count > 0 && ranges->items[ranges->count - 1].value == value)
        return;
    if (ranges->count == ranges->room) {
        ranges->room = ranges->room ? ranges->room * 2 : 64;
        ranges->items = xrealloc(ranges->items, ranges->room, sizeof *ranges->items);
    }
    ranges->items[ranges->count++] = (struct range){ .start = start, .value = value };
}

/* The prefixes around the place where the sweep stands, widest first. */
struct sweep {
    struct {
        range_key last; /* address inside */
        uint32_t value;
    } open[130];
    unsigned depth;
    struct ranges *out;
};

/* Closes all that end before `start`: behind each its surrounding prefix goes on. */
static void sweep_close(struct sweep *sweep, range_key start, bool is_end)
{
    while (sweep->depth > 1 && (is_end || sweep->open[sweep->depth - 1].last < start)) {
        range_key last = sweep->open[--sweep->depth].last;
        if (last != ~(range_key)0)
            ranges_add(sweep->out, last + 1, sweep->open[sweep->depth - 1].value);
    }
}

static void sweep_list(struct builder_list *list, struct ranges *out)
{
    if (!list->is_sorted)
        qsort(list->items, list->count, sizeof *list->items, item_compare);
    struct sweep sweep = { .depth = 1, .out = out };
    sweep.open[0].last = ~(range_key)0;
    sweep.open[0].value = PREFIX_MAP_NONE;
    ranges_reserve(out, list->count + list->count / 2);
    ranges_add(out, 0, PREFIX_MAP_NONE);
    for (size_t i = 0; i < list->count; i++) {
        const struct builder_item *item = &list->items[i];
        const struct builder_item *next = item + 1;
        if (i + 1 < list->count && next->start == item->start && next->length == item->length)
            continue; /* the same prefix again: the last one counts, and the stack stays below 130 */
        sweep_close(&sweep, item->start, false);
        range_key host_bits = item->length == 128 ? 0 : ~(range_key)0 >> item->length;
        sweep.open[sweep.depth].last = item->start | host_bits;
        sweep.open[sweep.depth++].value = item->value;
        ranges_add(out, item->start, item->value);
    }
    sweep_close(&sweep, 0, true);
}

struct prefix_map *prefix_map_build(struct prefix_map_builder *builder)
{
    struct ranges ranges[RANGES_FAMILIES] = { 0 };
    for (size_t i = 0; i < RANGES_FAMILIES; i++)
        sweep_list(&builder->lists[i], &ranges[i]);
    prefix_map_builder_free(builder);
    return ranges_pack(ranges);
}

/* ---- making a map from other maps ---- */

struct prefix_map *prefix_map_translate(const struct prefix_map *map,
                                        uint32_t (*translate)(uint32_t value, void *context), void *context)
{
    struct ranges from[RANGES_FAMILIES], to[RANGES_FAMILIES] = { 0 };
    ranges_of_map(map, from);
    for (size_t family = 0; family < RANGES_FAMILIES; family++) {
        ranges_reserve(&to[family], from[family].count);
        for (size_t i = 0; i < from[family].count; i++) {
            const struct range *range = &from[family].items[i];
            ranges_add(&to[family], range->start, translate(range->value, context));
        }
        free(from[family].items);
    }
    return ranges_pack(to);
}

struct prefix_map *prefix_map_combine(const struct prefix_map *a, const struct prefix_map *b,
                                      uint32_t (*combine)(uint32_t a, uint32_t b, void *context),
                                      void *context)
{
    struct ranges left[RANGES_FAMILIES], right[RANGES_FAMILIES], both[RANGES_FAMILIES] = { 0 };
    ranges_of_map(a, left);
    ranges_of_map(b, right);
    for (size_t family = 0; family < RANGES_FAMILIES; family++) {
        const struct ranges *l = &left[family], *r = &right[family];
        ranges_reserve(&both[family], l->count + r->count);
        range_key start = 0; /* of the piece where l[i] and r[j] overlap; both lists start at 0 */
        for (size_t i = 0, j = 0;;) {
            uint32_t value = combine(l->items[i].value, r->items[j].value, context);
            ranges_add(&both[family], start, value);
            bool is_last_left = i + 1 == l->count, is_last_right = j + 1 == r->count;
            if (is_last_left && is_last_right)
                break;
            range_key next_left = is_last_left ? ~(range_key)0 : l->items[i + 1].start;
            range_key next_right = is_last_right ? ~(range_key)0 : r->items[j + 1].start;
            start = next_left < next_right ? next_left : next_right;
            i += !is_last_left && next_left == start;
            j += !is_last_right && next_right == start;
        }
        free(l->items);
        free(r->items);
    }
    return ranges_pack(both);
}
