/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/forest.h"

#include "answer/steer.h"
#include "dns/type.h"
#include "policy/stride.h"
#include "snapshot/service.h"

#include <math.h>

/*
 * The whole decision once more: slow, obvious, from what is declared and what is true of each endpoint.  It
 * knows no slots, no states, no lists, no plans; it recurses, filters and sorts.
 */
enum { POINTS_MOST = 4 * (PLACES + NODES * CHILDREN_MOST), QTYPES = 3 };

struct chain {
    uint16_t child[CHILDREN_MOST];
    size_t length;
};

struct reference {
    const struct forest *forest;
    struct address points[POINTS_MOST]; /* the location or a rule may change at one of them, nowhere else */
    size_t point_count;
    struct chain *chains[NODES]; /* by node id and point: what geo rules say there */
    uint16_t favourite[NODES];   /* of latency nodes */
    uint32_t tickets[NODES][QTYPES], gifts[NODES][QTYPES];
    /* of the question */
    const struct steering *steering;
    uint64_t random, client_hash;
    struct decision decision;
    enum view view;
    uint32_t cap_s;
    bool has_met_down, has_unresolved;
};

/* ---- places ---- */

static inline uint32_t naive_location(const struct forest *forest, const struct address *at)
{
    uint32_t found = PREFIX_MAP_NONE;
    int longest = -1;
    for (int i = 0; i < PLACES; i++) {
        if (prefix_contains(&forest->places[i], at) && forest->places[i].length >= longest) {
            longest = forest->places[i].length;
            found = forest->place_location[i];
        }
    }
    return found;
}

static inline bool naive_rule_is_about(const struct forest_rule *rule, int kind,
                                       const struct location *location)
{
    struct geo_rule parsed;
    struct error err;
    char key[GEO_KEY_SIZE];
    static const struct location nowhere;
    if (!geo_rule_parse(rule->key, &parsed, &err) || (int)parsed.kind != kind)
        return false;
    return kind == GEO_DEFAULT ||
           (geo_rule_key_of(parsed.kind, location != NULL ? location : &nowhere, key) &&
            strcmp(key, parsed.key) == 0);
}

static inline void chain_append(struct chain *chain, uint16_t child)
{
    for (size_t i = 0; i < chain->length; i++)
        if (chain->child[i] == child)
            return;
    chain->child[chain->length++] = child;
}

static inline struct chain naive_chain(const struct forest *forest, uint32_t id, const struct address *at)
{
    struct chain chain = { .length = 0 };
    const struct forest_rule *rules = forest->rules[id];
    for (int length = 128; length >= 0; length--)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (rules[i].prefix.address.family != ADDRESS_NONE && rules[i].prefix.length == length &&
                prefix_contains(&rules[i].prefix, at))
                chain_append(&chain, rules[i].child);
    uint32_t index = naive_location(forest, at);
    const struct location *location = index < LOCATIONS ? &forest_locations[index] : NULL;
    for (int kind = GEO_ASN; kind < GEO_KINDS; kind++)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (rules[i].prefix.address.family == ADDRESS_NONE &&
                naive_rule_is_about(&rules[i], kind, location))
                chain_append(&chain, rules[i].child);
    return chain;
}

static inline void step_address(struct address *address, int by)
{
    for (int i = address->family == ADDRESS_V4 ? 3 : 15; i >= 0; i--) {
        address->bytes[i] = (uint8_t)(address->bytes[i] + by);
        if (address->bytes[i] != (by > 0 ? 0 : 255))
            return;
    }
}

static inline void add_points(struct reference *reference, const struct prefix *prefix)
{
    struct address first = prefix->address, last = prefix->address;
    for (int bit = prefix->length; bit < address_bits(&last); bit++)
        last.bytes[bit / 8] = (uint8_t)(last.bytes[bit / 8] | 0x80 >> bit % 8);
    struct address points[4] = { first, first, last, last };
    step_address(&points[1], -1);
    step_address(&points[3], 1);
    for (int i = 0; i < 4; i++)
        reference->points[reference->point_count++] = points[i];
}

static inline uint8_t common_bits(const struct address *a, const struct address *b)
{
    uint8_t bits = 0;
    while (bits < address_bits(a) && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & 0x80 >> bits % 8) == 0)
        bits++;
    return bits;
}

/* The widest prefix around the client without one of the points that differ. */
static inline uint8_t naive_scope(const struct reference *reference, const struct address *client,
                                  bool (*differs)(const struct reference *, size_t point, const void *),
                                  const void *context)
{
    uint8_t scope = 0;
    for (size_t i = 0; i < reference->point_count; i++) {
        const struct address *point = &reference->points[i];
        if (point->family != client->family || !differs(reference, i, context))
            continue;
        uint8_t bits = (uint8_t)(common_bits(point, client) + 1);
        if (bits > scope)
            scope = bits;
    }
    return scope > address_bits(client) ? address_bits(client) : scope;
}

/* ---- health ---- */

static inline const struct endpoint_condition *fact_of(const struct reference *reference,
                                                       const struct endpoint *endpoint)
{
    if (endpoint->slot == SLOT_NONE)
        return NULL;
    return paged_get(&reference->forest->tree.conditions.endpoints, endpoint->slot);
}

static inline const struct node *node_below(const struct reference *reference, const struct child *child)
{
    return reference->forest->tree.nodes[child->shared];
}

static inline bool naive_has(const struct reference *reference, const struct child *child, enum view view)
{
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        if (fact == NULL || view == VIEW_EVERYTHING)
            return true;
        return view == VIEW_UNHELD ? !fact->is_held : fact->is_available;
    }
    const struct node *node = node_below(reference, child);
    unsigned count = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        count += naive_has(reference, &node->children[i], view);
    if (view == VIEW_EVERYTHING)
        return true;
    if (view == VIEW_UNHELD)
        return count > 0;
    return node->is_percent ? count > 0 && count * 100 >= (unsigned)node->min_healthy * node->child_count
                            : count >= node->min_healthy;
}

static inline uint32_t naive_cap(const struct reference *reference, const struct child *child)
{
    uint32_t cap_s = TTL_CAP_NONE;
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        return fact != NULL ? fact->ttl_cap_s : cap_s;
    }
    const struct node *node = node_below(reference, child);
    for (uint16_t i = 0; i < node->child_count; i++) {
        uint32_t below = naive_cap(reference, &node->children[i]);
        if (below < cap_s)
            cap_s = below;
    }
    return cap_s;
}

static inline uint32_t naive_latency(const struct reference *reference, const struct child *child)
{
    uint32_t best = 0;
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        return fact != NULL ? fact->latency_us : 0;
    }
    const struct node *node = node_below(reference, child);
    for (uint16_t i = 0; i < node->child_count; i++) {
        uint32_t below = naive_latency(reference, &node->children[i]);
        if (naive_has(reference, &node->children[i], VIEW_HEALTHY) && below != 0 &&
            (best == 0 || below < best))
            best = below;
    }
    return best;
}

static inline uint32_t naive_weight(const struct reference *reference, const struct child *child)
{
    const struct endpoint_condition *fact =
        child->kind == CHILD_ENDPOINT ? fact_of(reference, child->endpoint) : NULL;
    return fact != NULL ? fact->weight : child->weight;
}

/* After each change: the favourite stays unless it lost its figure or another beats it by the margin. */
static inline void reference_settle(struct reference *reference)
{
    for (uint32_t id = 0; id < NODES; id++) {
        const struct node *node = reference->forest->tree.nodes[id];
        uint32_t figure[CHILDREN_MOST], margin;
        uint16_t best = UINT16_MAX, before = reference->favourite[id];
        for (uint16_t i = 0; i < node->child_count; i++) {
            bool has = naive_has(reference, &node->children[i], VIEW_HEALTHY);
            figure[i] = has ? naive_latency(reference, &node->children[i]) : 0;
            if (figure[i] != 0 && (best == UINT16_MAX || figure[i] < figure[best]))
                best = i;
        }
        if (best != UINT16_MAX && before != UINT16_MAX && figure[before] != 0) {
            margin = figure[before] / 10 > 1000 ? figure[before] / 10 : 1000;
            if (figure[best] + margin >= figure[before])
                best = before;
        }
        reference->favourite[id] = best;
    }
}
