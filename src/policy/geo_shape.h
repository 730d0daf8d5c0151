/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/geo_chain.h"
#include "policy/geo_rules.h"

#include "base/prefix_map.h"

/*
 * What the common rules of a geo node, which are all but its prefixes, make of the addresses.  Nodes with the
 * same pattern of such rules share one: children are classes (geo_rules.h).
 *
 * Level k maps an address to the link that holds the first k + 1 children of its chain, so its ranges are
 * those within which levels 0 to k say the same: the scope of an answer that was found on level k.  Nearly
 * all queries need level 0 only, which is as small as the configuration allows.  A level that divides the
 * addresses no further than the one before shares its map.
 */
struct geo_shape {
    struct geo_link *links;
    size_t link_count;
    struct prefix_map **levels; /* neighbours may be the same map: then its links are those of the last one */
    size_t level_count;         /* >= 1 */
};

struct geo_shape *geo_shape_new(const struct geo_rules *rules, const struct policy_source *source);
void geo_shape_free(void *shape);

/** A text that is the same for rules whose shapes are the same; the caller frees it. */
char *geo_shape_key(const struct geo_rules *rules, const struct policy_source *source);
