/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/inlined.h"
#include "base/prefix_map.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * With this every plan of a policy that is by rule begins (policy/policy.h): of each address the child that
 * the most specific rule about it leads to, whether it is available or not.  Nearly all queries need no more,
 * and find it without asking the policy.
 *
 * Rules about places divide the addresses into the ranges of a shape, which thousands of nodes may share.
 * The prefixes of a node of its own lie over that as a layer: a small map of those addresses only for which
 * the node says something else than the shape does, be it the child, or no more than the widest prefix around
 * them with the same child.  Everywhere else the shape is asked, scope included.
 *
 *     shape       eu            | us                | eu
 *     prefix              [pop]
 *     layer       eu,/n  pop,/m  us,/n  (not in it)                  each block with its own scope
 *
 * Values are numbers of rules; those of a layer hold the length of the scope beside it.
 */
#define RULE_NO_CHILD UINT16_MAX

/* Most addresses are far from all prefixes of a node; a bit for each value of one telling byte of the address
 * (the first, of IPv6 the second) says whether the map has anything there, without a look into it. */
struct rule_layer {
    struct prefix_map *map; /* NULL: there are no prefixes */
    uint64_t touched[2][4]; /* IPv4, IPv6 */
};

struct rule_level {
    const struct prefix_map *shape;
    struct rule_layer layer;
};

struct first_rule {
    struct rule_level level;
    const uint16_t *children; /* by the number of the rule; RULE_NO_CHILD: none */
};

static inline bool rule_layer_touches(const struct rule_layer *layer, const struct address *address)
{
    bool is_v6 = address->family == ADDRESS_V6;
    uint8_t byte = address->bytes[is_v6];
    return layer->touched[is_v6][byte / 64] >> byte % 64 & 1;
}

/** The number of the rule about `address`, with the scope; PREFIX_MAP_NONE without an address. */
static INLINED uint32_t rule_level_find(const struct rule_level *level, const struct address *address,
                                        uint8_t *scope_len)
{
    if (level->layer.map != NULL && rule_layer_touches(&level->layer, address)) {
        uint32_t value = prefix_map_find(level->layer.map, address, NULL);
        if (value != PREFIX_MAP_NONE) {
            *scope_len = (uint8_t)value;
            return value >> 8;
        }
    }
    return prefix_map_find(level->shape, address, scope_len);
}

/** The child, with the client prefix that this holds for; RULE_NO_CHILD: no rule is about the address. */
static INLINED uint16_t first_rule_find(const struct first_rule *rules, const struct address *address,
                                        uint8_t *scope_len)
{
    uint32_t rule = rule_level_find(&rules->level, address, scope_len);
    return rule != PREFIX_MAP_NONE ? rules->children[rule] : RULE_NO_CHILD;
}
