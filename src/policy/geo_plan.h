/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/geo_chain.h"
#include "policy/first_rule.h"
#include "policy/geo_layer.h"
#include "policy/geo_shape.h"
#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The rules of one geo node, compiled against a table of locations: the shape of its common rules, which a
 * thousand nodes may share, and over it layers of its own prefixes.  Links are the node's own: those of the
 * shape with classes replaced by children, and behind them those that prefixes make.
 */
/* One block with its links, which stand behind the levels. */
struct geo_plan {
    struct first_rule first; /* what level 0 says */
    const struct geo_link *links;
    size_t link_count;
    struct geo_shape *shape; /* NULL: somebody else's */
    size_t level_count;      /* >= 1 */
    struct rule_level levels[];
};

bool geo_plan_compile(const struct policy_source *source, void **plan, struct error *err);
void geo_plan_free(void *plan);

/** The common part of plans, policy.h. */
char *geo_plan_common_key(const struct policy_source *source);
bool geo_plan_compile_common(const struct policy_source *source, void **shape, struct error *err);

/** True if the level divides the addresses as the one before does. */
static inline bool geo_level_is_as_before(const struct geo_plan *plan, size_t level)
{
    return level > 0 && plan->levels[level].shape == plan->levels[level - 1].shape &&
           plan->levels[level].layer.map == plan->levels[level - 1].layer.map;
}

/** The child that level `level` names for an address whose link there is `link`; false if its chain has
 * ended. */
static inline bool geo_plan_child(const struct geo_plan *plan, size_t level, uint32_t link, uint16_t *child)
{
    link = geo_chain_cut(plan->links, link, level + 1); /* the map may be that of a later level */
    *child = plan->links[link].child;
    return plan->links[link].length == level + 1;
}
