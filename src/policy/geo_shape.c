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

/* ---- operators' maps ---- */

struct joining {
    struct geo_chains *chains;
    uint32_t *class_of; /* by index of the name; PREFIX_MAP_NONE: no rule */
};

static uint32_t class_of_name(uint32_t name, void *context)
{
    const struct joining *joining = context;
    return name == PREFIX_MAP_NONE ? PREFIX_MAP_NONE : joining->class_of[name];
}

static uint32_t put_in_front(uint32_t chain, uint32_t class, void *context)
{
    const struct joining *joining = context;
    if (class == PREFIX_MAP_NONE)
        return chain;
    return geo_chain_join(joining->chains, geo_chain_add(joining->chains, 0, (uint16_t) class), chain);
}

/* The rules items[from..end) about one map in front of `whole`, which is taken. */
static struct prefix_map *lay_map(struct shaping *shaping, const struct name_map *map, size_t from,
                                  size_t end, struct prefix_map *whole)
{
    struct joining joining = { .chains = &shaping->chains,
                               .class_of = xcalloc(map->count + 1, sizeof(uint32_t)) };
    memset(joining.class_of, 0xff, map->count * sizeof(uint32_t));
    for (size_t i = from; i < end; i++) {
        const struct compiled_rule *rule = &shaping->rules->items[i];
        uint32_t name;
        if (name_map_find(map, strchr(rule->rule.key, '/') + 1, &name))
            joining.class_of[name] = rule->class;
    }
    struct prefix_map *classes = prefix_map_translate(map->map, class_of_name, &joining);
    struct prefix_map *joined = prefix_map_combine(whole, classes, put_in_front, &joining);
    prefix_map_free(classes);
    prefix_map_free(whole);
    free(joining.class_of);
    return joined;
}

/* Sorted by name the rules about a map are neighbours; the last map goes first, so that the first is in
 * front. */
static struct prefix_map *lay_maps(struct shaping *shaping, const struct policy_source *source,
                                   struct prefix_map *whole)
{
    const struct geo_rules *rules = shaping->rules;
    size_t end = rules->prefix_count;
    while (end < rules->count && rules->items[end].rule.kind == GEO_MAP)
        end++;
    while (end > rules->prefix_count) {
        char name[NAME_SIZE], other[NAME_SIZE];
        size_t from = end - 1;
        name_map_of_rule(rules->items[from].rule.key, name);
        while (from > rules->prefix_count && name_map_of_rule(rules->items[from - 1].rule.key, other) &&
               strcmp(name, other) == 0)
            from--;
        const struct name_map *map = source->map_of != NULL ? source->map_of(source, name) : NULL;
        if (map != NULL)
            whole = lay_map(shaping, map, from, end, whole);
        end = from;
    }
    return whole;
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
    make_levels(&shaping, lay_maps(&shaping, source, map_locations(&shaping, source->geo)));
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
    text_puts(&key, "geo shape ");
    text_put_number(&key, source->geo != NULL ? source->geo->number : 0);
    for (size_t i = rules->prefix_count; i < rules->count; i++) {
        const char *rule = rules->items[i].rule.key;
        char name[NAME_SIZE];
        text_add(&key, "\n", 1);
        text_puts(&key, rule);
        text_add(&key, "\n", 1);
        text_put_number(&key, rules->items[i].class);
        const struct name_map *map = NULL;
        if (name_map_of_rule(rule, name) && source->map_of != NULL)
            map = source->map_of(source, name);
        if (map == NULL)
            continue;
        text_add(&key, " ", 1);
        text_put_number(&key, map->number);
    }
    return text_take(&key);
}
