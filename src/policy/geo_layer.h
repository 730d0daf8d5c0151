/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/geo_chain.h"
#include "policy/geo_rules.h"

#include "base/prefix_map.h"

/*
 * The prefixes of one geo node, laid over one level of its shape: a small map of those addresses only for
 * which the level says something else than the shape does, be it the chain, or no more than the widest prefix
 * around them with the same chain.  Everywhere else the shape's own map is asked, scope included.
 *
 *     shape       eu            | us                | eu
 *     prefix              [pop]
 *     layer       eu,/n  pop,/m  us,/n  (not in it)                  each block with its own scope
 *
 * Values hold the link and the length of the scope.
 */
#define GEO_LAYER_LINKS_MAX (UINT32_C(1) << 24) /* the value of the last one is PREFIX_MAP_NONE */

static inline uint32_t geo_layer_link(uint32_t value)
{
    return value >> 8;
}

static inline uint8_t geo_layer_scope_len(uint32_t value)
{
    return (uint8_t)value;
}

/* Most addresses are far from all prefixes of a node; a bit for each value of one telling byte of the address
 * (the first, of IPv6 the second) says whether the map has anything there, without a look into it. */
struct geo_layer {
    struct prefix_map *map; /* NULL: there are no prefixes */
    uint64_t touched[2][4]; /* IPv4, IPv6 */
};

static inline bool geo_layer_touches(const struct geo_layer *layer, const struct address *address)
{
    bool is_v6 = address->family == ADDRESS_V6;
    uint8_t byte = address->bytes[is_v6];
    return layer->touched[is_v6][byte / 64] >> byte % 64 & 1;
}

/* What the layers of a node are made from. */
struct geo_layering {
    const struct geo_rules *rules;
    struct geo_chains *chains;   /* begins with the links of the shape */
    struct number_table by_pair; /* (prefix, link of the shape) → joined chain */
    size_t longest;              /* of the joined chains so far */
};

/** The layer over `base` in which chains are cut to `length`. */
struct geo_layer geo_layer_new(struct geo_layering *layering, const struct prefix_map *base, size_t length);
