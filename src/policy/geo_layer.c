/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_layer.h"

struct layer {
    struct geo_layering *layering;
    const struct prefix_map *base;
    size_t length;
    struct prefix_map_builder *builder;
    struct rule_layer out;
};

/* Prefixes by position in rules.items. */
struct span {
    size_t from, end;
};

/* What is said within a block: the same chain everywhere, or not. */
struct block {
    bool is_uniform;
    uint32_t link;
};

/* ---- chains ---- */

static uint32_t chain_of_prefix(struct geo_layering *layering, const struct compiled_rule *rule)
{
    uint32_t chain = 0;
    for (; rule != NULL; rule = rule->around)
        chain = geo_chain_add(layering->chains, chain, rule->child);
    return chain;
}

/* The rules of the prefixes around an address, then what the shape says of it. */
static uint32_t joined_chain(struct geo_layering *layering, const struct compiled_rule *cover, uint32_t link)
{
    uint64_t pair = (uint64_t)(cover - layering->rules->items) << 32 | link;
    uint32_t joined;
    if (number_table_find(&layering->by_pair, pair, &joined))
        return joined;
    joined = geo_chain_join(layering->chains, chain_of_prefix(layering, cover), link);
    number_table_put(&layering->by_pair, pair, joined);
    size_t length = layering->chains->links[joined].length;
    if (length > layering->longest)
        layering->longest = length;
    return joined;
}

static uint32_t chain_at(struct layer *layer, const struct compiled_rule *cover, uint32_t link)
{
    uint32_t chain = cover != NULL ? joined_chain(layer->layering, cover, link) : link;
    return geo_chain_cut(layer->layering->chains->links, chain, layer->length);
}

/* ---- blocks ---- */

/* Sets the bits of all values that the telling byte has within `at`. */
static void touch(struct rule_layer *layer, const struct prefix *at)
{
    bool is_v6 = at->address.family == ADDRESS_V6;
    unsigned before = is_v6 ? 8 : 0; /* bits in front of the byte */
    unsigned known = at->length > before ? at->length - before : 0;
    unsigned first = known > 0 ? at->address.bytes[is_v6] : 0;
    unsigned count = known >= 8 ? 1 : 256u >> known;
    for (unsigned byte = first; byte < first + count; byte++)
        layer->touched[is_v6][byte / 64] |= UINT64_C(1) << byte % 64;
}

static void emit(struct layer *layer, const struct prefix *at, const struct block *block)
{
    if (!block->is_uniform)
        return;
    prefix_map_builder_add(layer->builder, at, block->link << 8 | at->length);
    touch(&layer->out, at);
}

/* One half of `at`. */
static struct prefix half_of(const struct prefix *at, bool is_upper)
{
    struct prefix half = { at->address, (uint8_t)(at->length + 1) };
    if (is_upper)
        half.address.bytes[at->length / 8] |= (uint8_t)(0x80 >> at->length % 8);
    return half;
}

/* The first prefix in the upper half of `at`; all lie in it and are longer. */
static size_t middle_of(const struct layer *layer, const struct prefix *at, struct span inside)
{
    const struct compiled_rule *items = layer->layering->rules->items;
    while (inside.from < inside.end) {
        size_t middle = inside.from + (inside.end - inside.from) / 2;
        bool is_upper = items[middle].rule.prefix.address.bytes[at->length / 8] & 0x80 >> at->length % 8;
        if (is_upper)
            inside.end = middle;
        else
            inside.from = middle + 1;
    }
    return inside.from;
}

/*
 * Says what the level holds within `at`, and puts all uniform blocks in it into the layer that are not part
 * of a wider one; whether `at` itself is, its caller knows.  A block without prefixes that the shape divides
 * is left to the shape: there the scope is longer than `at`, and so what surrounds `at` does not matter.
 */
static struct block visit(struct layer *layer, const struct prefix *at, struct span inside,
                          const struct compiled_rule *cover)
{
    const struct compiled_rule *items = layer->layering->rules->items;
    if (inside.from < inside.end && items[inside.from].rule.prefix.length == at->length)
        cover = &items[inside.from++];
    if (inside.from == inside.end) {
        uint8_t scope_len;
        uint32_t link = prefix_map_find(layer->base, &at->address, &scope_len);
        if (scope_len <= at->length)
            return (struct block){ true, chain_at(layer, cover, link) };
        if (cover == NULL)
            return (struct block){ .is_uniform = false };
    }
    struct span lower = { inside.from, middle_of(layer, at, inside) }, upper = { lower.end, inside.end };
    struct prefix left_at = half_of(at, false), right_at = half_of(at, true);
    struct block left = visit(layer, &left_at, lower, cover); /* 128 deep at most */
    struct block right = visit(layer, &right_at, upper, cover);
    if (left.is_uniform && right.is_uniform && left.link == right.link)
        return left;
    emit(layer, &left_at, &left);
    emit(layer, &right_at, &right);
    return (struct block){ .is_uniform = false };
}

struct rule_layer geo_layer_new(struct geo_layering *layering, const struct prefix_map *base, size_t length)
{
    const struct geo_rules *rules = layering->rules;
    struct layer layer = { layering, base, length, prefix_map_builder_new(), { .map = NULL } };
    size_t first6 = 0;
    while (first6 < rules->prefix_count && rules->items[first6].rule.prefix.address.family == ADDRESS_V4)
        first6++;
    const struct prefix all4 = { .address.family = ADDRESS_V4 }, all6 = { .address.family = ADDRESS_V6 };
    struct block block = visit(&layer, &all4, (struct span){ 0, first6 }, NULL);
    emit(&layer, &all4, &block);
    block = visit(&layer, &all6, (struct span){ first6, rules->prefix_count }, NULL);
    emit(&layer, &all6, &block);
    layer.out.map = prefix_map_build(layer.builder);
    return layer.out;
}
