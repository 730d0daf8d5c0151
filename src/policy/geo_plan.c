/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_plan.h"

#include "base/memory.h"

#include <stdlib.h>

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

static void lay_prefixes(const struct geo_shape *shape, const struct geo_rules *rules,
                         struct geo_chains *chains, struct geo_plan *plan)
{
    struct geo_layering layering = { .rules = rules, .chains = chains };
    const struct prefix_map *whole_base = map_of_level(shape, SIZE_MAX);
    struct prefix_map *whole = geo_layer_new(&layering, whole_base, SIZE_MAX);
    if (layering.longest > plan->level_count) {
        plan->level_count = layering.longest;
        plan->levels = xrealloc(plan->levels, plan->level_count, sizeof *plan->levels);
    }
    size_t last = plan->level_count - 1;
    for (size_t level = 0; level < last; level++) {
        const struct prefix_map *base = map_of_level(shape, level);
        plan->levels[level] = (struct geo_level){ base, geo_layer_new(&layering, base, level + 1) };
    }
    plan->levels[last] = (struct geo_level){ whole_base, whole };
    number_table_free(&layering.by_pair);
}

static struct geo_plan *plan_new(const struct geo_shape *shape, const struct geo_rules *rules)
{
    struct geo_plan *plan = xcalloc(1, sizeof *plan);
    struct geo_chains chains;
    adopt_links(shape, rules, &chains);
    plan->level_count = shape->level_count;
    plan->levels = xcalloc(plan->level_count, sizeof *plan->levels);
    for (size_t level = 0; level < plan->level_count; level++)
        plan->levels[level].shape = map_of_level(shape, level);
    if (rules->prefix_count > 0)
        lay_prefixes(shape, rules, &chains, plan);
    plan->links = xrealloc(chains.links, chains.count, sizeof *chains.links);
    plan->link_count = chains.count;
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
        prefix_map_free(plan->levels[level].layer);
    geo_shape_free(plan->shape);
    free(plan->levels);
    free(plan->links);
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
