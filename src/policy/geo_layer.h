/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/first_rule.h"
#include "policy/geo_chain.h"
#include "policy/geo_rules.h"

/* Numbers of rules are links; a layer holds 24 bits of them. */
#define GEO_LAYER_LINKS_MAX (UINT32_C(1) << 24) /* the value of the last one is PREFIX_MAP_NONE */

/* What the layers of a node are made from. */
struct geo_layering {
    const struct geo_rules *rules;
    struct geo_chains *chains;   /* begins with the links of the shape */
    struct number_table by_pair; /* (prefix, link of the shape) → joined chain */
    size_t longest;              /* of the joined chains so far */
};

/** The layer over `base` in which chains are cut to `length`. */
struct rule_layer geo_layer_new(struct geo_layering *layering, const struct prefix_map *base, size_t length);
