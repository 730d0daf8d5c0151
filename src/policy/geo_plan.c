/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_plan.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The links of the shape, in the same places, with children for classes. */
static void adopt_links(const struct geo_shape *shape, const struct geo_rules *rules,
                        struct geo_chains *chains)
{
    geo_chains_init(chains);
    for (size_t i = 1; i < shape->link_count; i++)
        geo_chain_add(chains, shape->links[i].before, rules->child_of_class[shape->links[i].child]);
}

/* The shape's map for a level; behind its last one whole chains do not change any more. */
static const struct prefix_map *map_of_level(const struct geo_shape *shape, size_t level)
{
    return shape->levels[level < shape->level_count ? level : shape->level_count - 1];
}

/* The levels of a node in a block of their own; `count` is at least that of the shape. */
static struct rule_level *lay_prefixes(const struct geo_shape *shape, const struct geo_rules *rules,
                                       struct geo_chains *chains, size_t *count)
{
    struct geo_layering layering = { .rules = rules, .chains = chains };
    struct rule_level last = { .shape = map_of_level(shape, SIZE_MAX) };
    if (rules->prefix_count > 0)
        last.layer = geo_layer_new(&layering, last.shape, SIZE_MAX);
    *count = layering.longest > shape->level_count ? layering.longest : shape->level_count;
    struct rule_level *levels = xcalloc(*count, sizeof *levels);
    for (size_t level = 0; level + 1 < *count; level++) {
        levels[level].shape = map_of_level(shape, level);
        if (rules->prefix_count > 0)
            levels[level].layer = geo_layer_new(&layering, levels[level].shape, level + 1);
    }
    levels[*count - 1] = last;
    number_table_free(&layering.by_pair);
    return levels;
}

/* The first child of each chain. */
static void name_first_children(const struct geo_plan *plan, uint16_t *children)
{
    for (uint32_t link = 0; link < plan->link_count; link++) {
        const struct geo_link *first = &plan->links[geo_chain_cut(plan->links, link, 1)];
        children[link] = first->length > 0 ? first->child : RULE_NO_CHILD;
    }
}

static struct geo_plan *plan_new(const struct geo_shape *shape, const struct geo_rules *rules)
{
    struct geo_chains chains;
    adopt_links(shape, rules, &chains);
    size_t level_count;
    struct rule_level *levels = lay_prefixes(shape, rules, &chains, &level_count);
    size_t head_size = sizeof(struct geo_plan) + level_count * sizeof *levels;
    struct geo_plan *plan =
        xcalloc(1, head_size + chains.count * (sizeof *chains.links + sizeof *plan->first.children));
    struct geo_link *links = (struct geo_link *)((char *)plan + head_size);
    uint16_t *children = (uint16_t *)(links + chains.count);
    plan->level_count = level_count;
    plan->link_count = chains.count;
    plan->links = memcpy(links, chains.links, chains.count * sizeof *links);
    memcpy(plan->levels, levels, level_count * sizeof *levels);
    name_first_children(plan, children);
    plan->first = (struct first_rule){ .level = levels[0], .children = children };
    free(levels);
    free(chains.links);
    geo_chains_close(&chains);
    return plan;
}

bool geo_plan_compile(const struct policy_source *source, void **out, struct error *err)
{
    struct geo_rules rules;
    if (!geo_rules_read(source, &rules, err))
        return false;
    struct geo_shape *own = source->common == NULL ? geo_shape_new(&rules, source) : NULL;
    struct geo_plan *plan = plan_new(own != NULL ? own : source->common, &rules);
    plan->shape = own;
    geo_rules_free(&rules);
    if (plan->link_count >= GEO_LAYER_LINKS_MAX) {
        geo_plan_free(plan);
        return error_set(err, "rules for prefixes and for places meet in more than %u ways: write fewer",
                         (unsigned)GEO_LAYER_LINKS_MAX);
    }
    *out = plan;
    return true;
}

void geo_plan_free(void *block)
{
    struct geo_plan *plan = block;
    if (plan == NULL)
        return;
    for (size_t level = 0; level < plan->level_count; level++)
        prefix_map_free(plan->levels[level].layer.map);
    geo_shape_free(plan->shape);
    free(plan);
}

char *geo_plan_common_key(const struct policy_source *source)
{
    struct error ignored; /* whoever compiles is told */
    struct geo_rules rules;
    if (!geo_rules_read(source, &rules, &ignored))
        return NULL;
    char *key = geo_shape_key(&rules, source);
    geo_rules_free(&rules);
    return key;
}

bool geo_plan_compile_common(const struct policy_source *source, void **shape, struct error *err)
{
    struct geo_rules rules;
    if (!geo_rules_read(source, &rules, err))
        return false;
    *shape = geo_shape_new(&rules, source);
    geo_rules_free(&rules);
    return true;
}
