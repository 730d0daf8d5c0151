/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_shape.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct shaping {
    const struct geo_rules *rules;
    struct geo_shape *shape;
    struct geo_chains chains;
    struct table *by_key; /* key → compiled_rule */
    bool has_kind[GEO_KINDS];
    uint32_t *of_location; /* chain by index of the location */
    uint32_t of_nowhere;   /* chain of an address without location */
    uint8_t *is_chain;     /* by link: the whole chain of some address */
    size_t level;          /* being made */
};

/* ---- addresses → chains ---- */

/* What the rules say of a location; NULL: of an address that has none. */
static uint32_t chain_of_location(struct shaping *shaping, const struct location *location)
{
    static const struct location nowhere;
    uint32_t chain = 0;
    for (enum geo_rule_kind kind = GEO_ASN; kind < GEO_KINDS; kind++) {
        char key[GEO_KEY_SIZE];
        if (!shaping->has_kind[kind] || !geo_rule_key_of(kind, location != NULL ? location : &nowhere, key))
            continue;
        const struct compiled_rule *rule = table_find(shaping->by_key, key);
        if (rule != NULL)
            chain = geo_chain_add(&shaping->chains, chain, rule->class);
    }
    return chain;
}

static uint32_t chain_at_location(uint32_t location, void *context)
{
    const struct shaping *shaping = context;
    return location == PREFIX_MAP_NONE ? shaping->of_nowhere : shaping->of_location[location];
}

/* Without rules that ask for a location, or without a table of them, one chain for all. */
static struct prefix_map *map_locations(struct shaping *shaping, const struct geo *geo)
{
    bool needs_location = false;
    for (enum geo_rule_kind kind = GEO_ASN; kind < GEO_DEFAULT; kind++)
        needs_location |= shaping->has_kind[kind];
    shaping->of_nowhere = chain_of_location(shaping, NULL);
    if (needs_location && geo != NULL) {
        shaping->of_location = xcalloc(geo->count, sizeof *shaping->of_location);
        for (size_t i = 0; i < geo->count; i++)
            shaping->of_location[i] = chain_of_location(shaping, &geo->locations[i]);
        return prefix_map_translate(geo->map, chain_at_location, shaping);
    }
    struct prefix_map *empty = prefix_map_build(prefix_map_builder_new());
    struct prefix_map *map = prefix_map_translate(empty, chain_at_location, shaping);
    prefix_map_free(empty);
    return map;
}

/* ---- levels ---- */

static uint32_t note_chain(uint32_t chain, void *context)
{
    struct shaping *shaping = context;
    shaping->is_chain[chain] = 1;
    return 0;
}

static uint32_t link_at_level(uint32_t chain, void *context)
{
    const struct shaping *shaping = context;
    return geo_chain_cut(shaping->chains.links, chain, shaping->level + 1);
}

/* How many parts a level divides the addresses into. */
static size_t count_parts(struct shaping *shaping, size_t level)
{
    uint8_t *is_met = xcalloc(shaping->chains.count, 1);
    size_t count = 0;
    shaping->level = level;
    for (uint32_t chain = 0; chain < shaping->chains.count; chain++) {
        if (!shaping->is_chain[chain])
            continue;
        uint32_t link = link_at_level(chain, shaping);
        count += !is_met[link];
        is_met[link] = 1;
    }
    free(is_met);
    return count;
}

/* From the last level, whose map is that of whole chains, to the first; takes `whole`. */
static void make_levels(struct shaping *shaping, struct prefix_map *whole)
{
    struct geo_shape *shape = shaping->shape;
    const struct geo_chains *chains = &shaping->chains;
    shaping->is_chain = xcalloc(chains->count, 1);
    prefix_map_free(prefix_map_translate(whole, note_chain, shaping));
    shape->level_count = 1;
    for (uint32_t chain = 0; chain < chains->count; chain++)
        if (shaping->is_chain[chain] && chains->links[chain].length > shape->level_count)
            shape->level_count = chains->links[chain].length;

    shape->levels = xcalloc(shape->level_count, sizeof *shape->levels);
    shape->levels[shape->level_count - 1] = whole;
    size_t parts_behind = count_parts(shaping, shape->level_count - 1);
    for (size_t level = shape->level_count - 1; level-- > 0;) {
        size_t parts = count_parts(shaping, level);
        shape->levels[level] = parts == parts_behind ? shape->levels[level + 1]
                                                     : prefix_map_translate(whole, link_at_level, shaping);
        parts_behind = parts;
    }
}

struct geo_shape *geo_shape_new(const struct geo_rules *rules, const struct policy_source *source)
{
    struct shaping shaping = { .rules = rules, .shape = xcalloc(1, sizeof(struct geo_shape)) };
    shaping.by_key = table_new();
    for (size_t i = rules->prefix_count; i < rules->count; i++) {
        struct compiled_rule *rule = &rules->items[i];
        table_put(shaping.by_key, rule->rule.key, rule);
        shaping.has_kind[rule->rule.kind] = true;
    }
    geo_chains_init(&shaping.chains);
    make_levels(&shaping, map_locations(&shaping, source->geo));
    shaping.shape->links = shaping.chains.links;
    shaping.shape->link_count = shaping.chains.count;
    geo_chains_close(&shaping.chains);
    table_free(shaping.by_key);
    free(shaping.of_location);
    free(shaping.is_chain);
    return shaping.shape;
}

void geo_shape_free(void *block)
{
    struct geo_shape *shape = block;
    if (shape == NULL)
        return;
    for (size_t level = 0; level < shape->level_count; level++)
        if (level == 0 || shape->levels[level] != shape->levels[level - 1])
            prefix_map_free(shape->levels[level]);
    free(shape->levels);
    free(shape->links);
    free(shape);
}

char *geo_shape_key(const struct geo_rules *rules, const struct policy_source *source)
{
    struct text key = { 0 };
    text_printf(&key, "geo shape %llu", source->geo != NULL ? (unsigned long long)source->geo->number : 0);
    for (size_t i = rules->prefix_count; i < rules->count; i++)
        text_printf(&key, "\n%s\n%u", rules->items[i].rule.key, rules->items[i].class);
    return text_take(&key);
}
