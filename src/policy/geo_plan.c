/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_plan.h"

#include "base/memory.h"
#include "base/number_table.h"
#include "base/table.h"
#include "policy/geo_rule.h"

#include <stdlib.h>
#include <string.h>

struct compiled_rule {
    struct geo_rule rule;
    uint16_t child;
    const struct compiled_rule *around; /* of a prefix the next shorter one, or NULL */
};

struct compilation {
    struct geo_plan *plan;
    struct compiled_rule *rules; /* prefixes first, in order of address */
    size_t rule_count, prefix_count;
    struct table *by_key; /* key → compiled_rule */
    bool has_kind[GEO_KINDS];
    struct number_table by_link; /* (link before, child) → link */
    struct number_table by_pair; /* (chain of the location, prefix) → chain */
    uint32_t *of_location;       /* chain by index of the location */
    uint32_t of_nowhere;         /* chain of an address without location */
    uint8_t *is_chain;           /* by link: the whole chain of some address */
    size_t level;                /* being made */
};

/* ---- chains ---- */

static uint32_t link_new(struct geo_plan *plan, struct geo_link link)
{
    if (plan->link_count == plan->link_room) {
        plan->link_room = plan->link_room ? plan->link_room * 2 : 64;
        plan->links = xrealloc(plan->links, plan->link_room, sizeof *plan->links);
    }
    plan->links[plan->link_count] = link;
    return (uint32_t)plan->link_count++;
}

/* The chain with `child` behind it, unless it has it already. */
static uint32_t chain_add(struct compilation *compilation, uint32_t chain, uint16_t child)
{
    const struct geo_link *links = compilation->plan->links;
    for (uint32_t at = chain; at != 0; at = links[at].before)
        if (links[at].child == child)
            return chain;
    uint64_t key = (uint64_t)chain << 16 | child;
    uint32_t link;
    if (number_table_find(&compilation->by_link, key, &link))
        return link;
    uint16_t length = (uint16_t)(links[chain].length + 1);
    link = link_new(compilation->plan, (struct geo_link){ chain, child, length });
    number_table_put(&compilation->by_link, key, link);
    return link;
}

/* `chain` and behind it those of `more`, in order. */
static uint32_t chain_join(struct compilation *compilation, uint32_t chain, uint32_t more)
{
    if (more == 0)
        return chain;
    chain = chain_join(compilation, chain, compilation->plan->links[more].before); /* <= GEO_KINDS deep */
    return chain_add(compilation, chain, compilation->plan->links[more].child);
}

/* What the rules other than prefixes say of a location; NULL: of an address that has none. */
static uint32_t chain_of_location(struct compilation *compilation, const struct location *location)
{
    static const struct location nowhere;
    uint32_t chain = 0;
    for (enum geo_rule_kind kind = GEO_ASN; kind < GEO_KINDS; kind++) {
        char key[GEO_KEY_SIZE];
        if (!compilation->has_kind[kind] ||
            !geo_rule_key_of(kind, location != NULL ? location : &nowhere, key))
            continue;
        const struct compiled_rule *rule = table_find(compilation->by_key, key);
        if (rule != NULL)
            chain = chain_add(compilation, chain, rule->child);
    }
    return chain;
}

static uint32_t chain_of_prefix(struct compilation *compilation, const struct compiled_rule *rule)
{
    uint32_t chain = 0;
    for (; rule != NULL; rule = rule->around)
        chain = chain_add(compilation, chain, rule->child);
    return chain;
}

/* ---- rules ---- */

static int rule_compare(const void *left, const void *right)
{
    const struct geo_rule *a = &((const struct compiled_rule *)left)->rule;
    const struct geo_rule *b = &((const struct compiled_rule *)right)->rule;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind != GEO_PREFIX)
        return 0;
    int order = a->prefix.address.family - b->prefix.address.family;
    if (order == 0)
        order = memcmp(a->prefix.address.bytes, b->prefix.address.bytes, 16);
    return order != 0 ? order : a->prefix.length - b->prefix.length;
}

/* In order of address, the prefix around another one stands before it, and so do all around that one. */
static void nest_prefixes(struct compilation *compilation)
{
    const struct compiled_rule *around = NULL;
    for (size_t i = 0; i < compilation->prefix_count; i++) {
        struct compiled_rule *rule = &compilation->rules[i];
        while (around != NULL && !prefix_contains(&around->rule.prefix, &rule->rule.prefix.address))
            around = around->around;
        rule->around = around;
        around = rule;
    }
}

static bool read_rules(struct compilation *compilation, const struct policy_source *source, struct error *err)
{
    compilation->rules = xcalloc(source->count, sizeof *compilation->rules);
    for (size_t i = 0; i < source->count; i++) {
        if (source->rules[i].key == NULL)
            continue;
        struct compiled_rule *rule = &compilation->rules[compilation->rule_count++];
        rule->child = source->rules[i].child;
        if (!geo_rule_parse(source->rules[i].key, &rule->rule, err))
            return false;
        compilation->has_kind[rule->rule.kind] = true;
        compilation->prefix_count += rule->rule.kind == GEO_PREFIX;
    }
    qsort(compilation->rules, compilation->rule_count, sizeof *compilation->rules, rule_compare);
    for (size_t i = 0; i < compilation->rule_count; i++) {
        struct compiled_rule *rule = &compilation->rules[i];
        if (table_put(compilation->by_key, rule->rule.key, rule) != NULL)
            return error_set(err, "two rules are about \"%s\": leave one of them out", rule->rule.key);
    }
    nest_prefixes(compilation);
    return true;
}

/* ---- maps ---- */

static uint32_t chain_at_location(uint32_t location, void *context)
{
    const struct compilation *compilation = context;
    return location == PREFIX_MAP_NONE ? compilation->of_nowhere : compilation->of_location[location];
}

/* Addresses → chains by location; without rules that ask for it, one chain for all. */
static struct prefix_map *map_locations(struct compilation *compilation, const struct geo *geo)
{
    bool needs_location = false;
    for (enum geo_rule_kind kind = GEO_ASN; kind < GEO_DEFAULT; kind++)
        needs_location |= compilation->has_kind[kind];
    compilation->of_nowhere = chain_of_location(compilation, NULL);
    if (needs_location && geo != NULL) {
        compilation->of_location = xcalloc(geo->count, sizeof *compilation->of_location);
        for (size_t i = 0; i < geo->count; i++)
            compilation->of_location[i] = chain_of_location(compilation, &geo->locations[i]);
        return prefix_map_translate(geo->map, chain_at_location, compilation);
    }
    struct prefix_map *empty = prefix_map_build(prefix_map_builder_new());
    struct prefix_map *map = prefix_map_translate(empty, chain_at_location, compilation);
    prefix_map_free(empty);
    return map;
}

static uint32_t join_prefix(uint32_t chain, uint32_t prefix, void *context)
{
    struct compilation *compilation = context;
    if (prefix == PREFIX_MAP_NONE)
        return chain;
    uint64_t pair = (uint64_t)chain << 32 | prefix;
    uint32_t joined;
    if (!number_table_find(&compilation->by_pair, pair, &joined)) {
        joined = chain_of_prefix(compilation, &compilation->rules[prefix]);
        joined = chain_join(compilation, joined, chain);
        number_table_put(&compilation->by_pair, pair, joined);
    }
    return joined;
}

/* Addresses → chains. */
static struct prefix_map *map_chains(struct compilation *compilation, const struct geo *geo)
{
    struct prefix_map *locations = map_locations(compilation, geo);
    if (compilation->prefix_count == 0)
        return locations;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < compilation->prefix_count; i++)
        prefix_map_builder_add(builder, &compilation->rules[i].rule.prefix, (uint32_t)i);
    struct prefix_map *prefixes = prefix_map_build(builder);
    struct prefix_map *chains = prefix_map_combine(locations, prefixes, join_prefix, compilation);
    prefix_map_free(prefixes);
    prefix_map_free(locations);
    return chains;
}

/* ---- levels ---- */

static uint32_t note_chain(uint32_t chain, void *context)
{
    struct compilation *compilation = context;
    compilation->is_chain[chain] = 1;
    return 0;
}

static uint32_t link_at_level(uint32_t chain, void *context)
{
    const struct compilation *compilation = context;
    const struct geo_link *links = compilation->plan->links;
    while (links[chain].length > compilation->level + 1)
        chain = links[chain].before;
    return chain;
}

/* How many parts a level divides the addresses into. */
static size_t count_parts(struct compilation *compilation, size_t level)
{
    uint8_t *is_met = xcalloc(compilation->plan->link_count, 1);
    size_t count = 0;
    compilation->level = level;
    for (uint32_t chain = 0; chain < compilation->plan->link_count; chain++) {
        if (!compilation->is_chain[chain])
            continue;
        uint32_t link = link_at_level(chain, compilation);
        count += !is_met[link];
        is_met[link] = 1;
    }
    free(is_met);
    return count;
}

/* From the last level, whose map is that of whole chains, to the first; takes `chains`. */
static void make_levels(struct compilation *compilation, struct prefix_map *chains)
{
    struct geo_plan *plan = compilation->plan;
    compilation->is_chain = xcalloc(plan->link_count, 1);
    prefix_map_free(prefix_map_translate(chains, note_chain, compilation));
    plan->level_count = 1;
    for (uint32_t chain = 0; chain < plan->link_count; chain++)
        if (compilation->is_chain[chain] && plan->links[chain].length > plan->level_count)
            plan->level_count = plan->links[chain].length;

    plan->levels = xcalloc(plan->level_count, sizeof *plan->levels);
    plan->levels[plan->level_count - 1] = chains;
    size_t parts_behind = count_parts(compilation, plan->level_count - 1);
    for (size_t level = plan->level_count - 1; level-- > 0;) {
        size_t parts = count_parts(compilation, level);
        plan->levels[level] = parts == parts_behind
                                  ? plan->levels[level + 1]
                                  : prefix_map_translate(chains, link_at_level, compilation);
        parts_behind = parts;
    }
}

bool geo_plan_compile(const struct policy_source *source, void **out, struct error *err)
{
    struct compilation compilation = { .plan = xcalloc(1, sizeof *compilation.plan), .by_key = table_new() };
    bool is_good = read_rules(&compilation, source, err);
    if (is_good) {
        link_new(compilation.plan, (struct geo_link){ 0 });
        make_levels(&compilation, map_chains(&compilation, source->geo));
        *out = compilation.plan;
    } else {
        geo_plan_free(compilation.plan);
    }
    free(compilation.rules);
    table_free(compilation.by_key);
    number_table_free(&compilation.by_link);
    number_table_free(&compilation.by_pair);
    free(compilation.of_location);
    free(compilation.is_chain);
    return is_good;
}

void geo_plan_free(void *block)
{
    struct geo_plan *plan = block;
    if (plan == NULL)
        return;
    for (size_t level = 0; level < plan->level_count; level++)
        if (level == 0 || plan->levels[level] != plan->levels[level - 1])
            prefix_map_free(plan->levels[level]);
    free(plan->levels);
    free(plan->links);
    free(plan);
}
