/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/prefix_map.h"
#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The rules of one geo node, compiled against a table of locations.
 *
 * All rules that match an address make its chain: their children from the most specific to `default`, each
 * once.  Chains with the same beginning share it: a chain is a link to a child behind a shorter chain, and
 * link 0 is the empty one.
 *
 *     1.2.3.0/24, country:DE, default      0 ◀── 1 (pop) ◀── 2 (eu) ◀── 3 (all)
 *     country:DE, default                  0 ◀── 4 (eu) ◀── 5 (all)
 *
 * Level k maps an address to the link that holds the first k + 1 children of its chain, so its ranges are
 * those within which levels 0 to k say the same: the scope of an answer that was found on level k.  Nearly
 * all queries need level 0 only, which is as small as the configuration allows.  A level that divides the
 * addresses no further than the one before shares its map.
 */
struct geo_link {
    uint32_t before;
    uint16_t child;
    uint16_t length; /* of the chain up to here */
};

struct geo_plan {
    struct geo_link *links;
    size_t link_count, link_room;
    struct prefix_map **levels; /* neighbours may be the same map */
    size_t level_count;         /* >= 1 */
};

bool geo_plan_compile(const struct policy_source *source, void **plan, struct error *err);
void geo_plan_free(void *plan);

/** The child that level `level` names for an address whose link there is `link`; false if its chain has
 * ended. */
static inline bool geo_plan_child(const struct geo_plan *plan, size_t level, uint32_t link, uint16_t *child)
{
    while (plan->links[link].length > level + 1) /* the map is that of a later level */
        link = plan->links[link].before;
    *child = plan->links[link].child;
    return plan->links[link].length == level + 1;
}
