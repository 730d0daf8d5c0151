/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "support/tree.h"

#include "base/rng.h"
#include "policy/geo_rule.h"
#include "snapshot/geo.h"

/*
 * A random world for the whole decision: places, endpoints, trees of every policy over them, what is true of
 * them now, and whom to ask for.  The engine sees it compiled; the reference reads the declarations below.
 */
enum { PLACES = 24, ENDPOINTS = 20, NODES = 24, CHILDREN_MOST = 12, DEPTH_MOST = 5 };

struct forest_rule {
    struct prefix prefix; /* family NONE: `key` is about the location */
    char key[GEO_KEY_SIZE];
    uint16_t child;
};

struct forest {
    struct tree tree;
    struct rng rng;
    struct prefix places[PLACES];
    uint32_t place_location[PLACES];
    struct geo geo;
    struct endpoint *endpoints[ENDPOINTS];
    uint8_t name_families[ENDPOINTS]; /* of those with a hostname: of which there are addresses */
    bool has_names;
    struct forest_rule rules[NODES][CHILDREN_MOST]; /* of geo nodes, by node id */
    size_t rule_count[NODES];
    unsigned height[NODES];
    void *plans[NODES];
};

static const struct location forest_locations[] = {
    { .continent = "EU",
      .country = "DE",
      .subdivision = "DE-BE",
      .city = "Berlin",
      .asn = 64500,
      .at = { 0, 12.7F, true } },
    { .continent = "EU", .country = "DE", .asn = 64501, .at = { 0, 40.7F, true } },
    { .continent = "EU", .country = "FR", .city = "Paris", .at = { 0, -80.7F, true } },
    { .continent = "NA",
      .country = "US",
      .subdivision = "US-TX",
      .city = "Paris",
      .asn = 64500,
      .at = { 0, 160.7F, true } },
    { .continent = "NA",
      .country = "US",
      .subdivision = "US-CA",
      .city = "Berlin",
      .at = { 0, -120.7F, true } },
    { .continent = "AS", .at = { 0, 100.7F, true } },
    { .asn = 64501 },
};
enum { LOCATIONS = sizeof forest_locations / sizeof *forest_locations };

static inline uint32_t forest_below(struct forest *forest, uint32_t bound)
{
    return (uint32_t)(rng_next(&forest->rng) % bound);
}

static inline bool forest_chance(struct forest *forest, uint32_t percent)
{
    return forest_below(forest, 100) < percent;
}

/* A small part of either address space, so that prefixes overlap and clients meet them. */
static inline struct address forest_address(struct forest *forest)
{
    struct address address = { .family = forest_chance(forest, 60) ? ADDRESS_V4 : ADDRESS_V6 };
    address.bytes[0] = address.family == ADDRESS_V4 ? 20 : 0x24;
    address.bytes[1] = (uint8_t)(forest_below(forest, 4) << 5);
    address.bytes[2] = (uint8_t)(forest_below(forest, 8) << 3);
    address.bytes[3] = (uint8_t)forest_below(forest, 256);
    for (int i = 4; address.family == ADDRESS_V6 && i < 16; i++)
        address.bytes[i] = (uint8_t)forest_below(forest, 256);
    return address;
}

static inline struct prefix forest_prefix(struct forest *forest)
{
    struct prefix prefix = { .address = forest_address(forest) };
    prefix.length = (uint8_t)(7 + forest_below(forest, 24));
    address_mask(&prefix.address, prefix.length);
    return prefix;
}

static inline void forest_geo(struct forest *forest)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (int i = 0; i < PLACES; i++) {
        forest->places[i] = forest_prefix(forest);
        forest->place_location[i] = forest_below(forest, LOCATIONS);
        prefix_map_builder_add(builder, &forest->places[i], forest->place_location[i]);
    }
    forest->geo.map = prefix_map_build(builder);
    forest->geo.locations = xmemdup(forest_locations, sizeof forest_locations);
    forest->geo.count = LOCATIONS;
    forest->tree.dataset.geo = &forest->geo;
}

/* Its hostname has other addresses now, or none. */
static inline void forest_resolve(struct forest *forest, int endpoint)
{
    uint8_t families = (uint8_t)forest_below(forest, 4);
    const struct resolved resolved = { .count_v4 = (families & FAMILY_V4) != 0,
                                       .count_v6 = (families & FAMILY_V6) != 0 };
    forest->name_families[endpoint] = families;
    tree_set(&forest->tree.conditions.names, &forest->tree, (uint32_t)endpoint + 1,
             forest_chance(forest, 10) && families == 0
                 ? NULL
                 : tree_keep(&forest->tree, xmemdup(&resolved, sizeof resolved)));
}

static inline void forest_endpoints(struct forest *forest)
{
    static const uint8_t families[] = { FAMILY_V4, FAMILY_V6, FAMILY_V4 | FAMILY_V6, FAMILY_V4 | FAMILY_V6,
                                        0 };
    static const uint8_t hostname[] = "\4host\4test";
    uint32_t kinds = forest_chance(forest, 50) ? 5 : 4; /* without hostnames */
    for (int i = 0; i < ENDPOINTS; i++) {
        struct endpoint *endpoint =
            tree_endpoint(&forest->tree, forest_below(forest, 5), families[forest_below(forest, kinds)]);
        if (endpoint->families == 0) {
            tree_more(endpoint)->hostname = hostname;
            endpoint->name_id = (uint32_t)i + 1;
            forest->has_names = true;
        }
        if (forest_chance(forest, 80))
            tree_more(endpoint)->at =
                (struct coordinates){ 0, (float)(4 * (int)forest_below(forest, 90) - 178), true };
        if (forest_chance(forest, 15))
            endpoint->slot = SLOT_NONE;
        forest->endpoints[i] = endpoint;
        if (endpoint_more(endpoint)->hostname != NULL)
            forest_resolve(forest, i);
    }
}

static inline void forest_rule(struct forest *forest, struct forest_rule *rule)
{
    static const char *const keys[] = { "default",       "continent:EU", "continent:NA",      "country:DE",
                                        "country:US",    "country:FR",   "subdivision:US-TX", "city:Paris",
                                        "city:US/Paris", "asn:64500",    "asn:64501" };
    rule->prefix = (struct prefix){ 0 };
    if (forest_chance(forest, 40)) {
        rule->prefix = forest_prefix(forest);
        prefix_format(&rule->prefix, rule->key);
    } else {
        snprintf(rule->key, sizeof rule->key, "%s", keys[forest_below(forest, sizeof keys / sizeof *keys)]);
    }
}

static inline bool forest_has_rule(const struct forest *forest, uint32_t id, const char *key)
{
    for (size_t i = 0; i < forest->rule_count[id]; i++) {
        if (strcmp(forest->rules[id][i].key, key) == 0)
            return true;
    }
    return false;
}

static inline void forest_rules(struct forest *forest, struct node *node)
{
    struct policy_rule source[CHILDREN_MOST];
    size_t count = 0;
    for (uint16_t tries = 0; tries < node->child_count; tries++) {
        struct forest_rule *rule = &forest->rules[node->id][count];
        forest_rule(forest, rule);
        if (forest_has_rule(forest, node->id, rule->key))
            continue;
        rule->child = forest_chance(forest, 20) ? 0 : (uint16_t)count;
        source[count] = (struct policy_rule){ rule->key, rule->child };
        forest->rule_count[node->id] = ++count;
    }
    const struct policy_source from = { .rules = source, .count = count, .geo = &forest->geo };
    struct error err;
    if (!node->policy->compile(&from, &forest->plans[node->id], &err))
        abort();
    node->plan = forest->plans[node->id];
}

static inline void forest_child(struct forest *forest, struct node *node, uint16_t at, bool is_over_endpoints)
{
    static const int8_t biases[] = { 0, 0, 37, -53 };
    struct child *child = &node->children[at];
    uint32_t below = forest_below(forest, node->id + 1);
    if (!is_over_endpoints && node->id > 0 && below < node->id && forest_chance(forest, 85) &&
        forest->height[below] < DEPTH_MOST) {
        tree_hang(node, at, forest->tree.nodes[below], forest_below(forest, 4));
        if (forest->height[node->id] <= forest->height[below])
            forest->height[node->id] = forest->height[below] + 1;
    } else {
        child->kind = CHILD_ENDPOINT;
        child->endpoint = forest->endpoints[forest_below(forest, ENDPOINTS)];
        child->weight = child->endpoint->weight;
    }
    child->bias = biases[forest_below(forest, 4)];
    if (!node->policy->is_weighted && forest_chance(forest, 10))
        child->shed = (uint8_t)(forest_below(forest, 5) * 25);
}

static inline void forest_node(struct forest *forest)
{
    size_t policy_count = 0;
    while (policy_at(policy_count) != NULL)
        policy_count++;
    const struct policy *policy = policy_at(forest_below(forest, (uint32_t)policy_count));
    bool is_over_endpoints = forest->tree.node_count < 6 || forest_chance(forest, 30);
    uint16_t count = (uint16_t)(1 + forest_below(forest, forest_chance(forest, 5) ? CHILDREN_MOST : 5));
    struct node *node = tree_node(&forest->tree, policy->name, count);
    node->answers = (uint16_t)(1 + forest_below(forest, 4));
    if (forest_chance(forest, 30))
        node->min_healthy = (uint16_t)(1 + forest_below(forest, count));
    if (forest_chance(forest, 10)) {
        node->is_percent = true;
        node->min_healthy = (uint16_t)(1 + forest_below(forest, 100));
    }
    node->is_over_endpoints = !policy->is_by_rule;
    for (uint16_t i = 0; i < count; i++) {
        forest_child(forest, node, i, is_over_endpoints);
        node->is_over_endpoints &= node->children[i].kind == CHILD_ENDPOINT;
    }
    if (policy->is_by_rule)
        forest_rules(forest, node);
}

static inline void forest_open(struct forest *forest, uint64_t seed)
{
    *forest = (struct forest){ .rng = { .state = seed } };
    forest_geo(forest);
    forest_endpoints(forest);
    while (forest->tree.node_count < NODES)
        forest_node(forest);
    tree_refresh_all(&forest->tree);
}

/* Something happens to one endpoint. */
static inline void forest_change(struct forest *forest)
{
    uint32_t at = forest_below(forest, ENDPOINTS);
    const struct endpoint *endpoint = forest->endpoints[at];
    if (endpoint_more(endpoint)->hostname != NULL && forest_chance(forest, 50)) {
        forest_resolve(forest, (int)at);
        tree_refresh_all(&forest->tree);
        return;
    }
    if (endpoint->slot == SLOT_NONE)
        return;
    struct endpoint_condition condition = {
        .weight = forest_chance(forest, 80) ? endpoint->weight : forest_below(forest, 4),
        .latency_us = forest_chance(forest, 60) ? 1000 * (1 + forest_below(forest, 40)) : 0,
        .ttl_cap_s = forest_chance(forest, 80) ? TTL_CAP_NONE : 1 + forest_below(forest, 40),
        .is_held = forest_chance(forest, 15),
    };
    condition.is_available = !condition.is_held && forest_chance(forest, 50);
    tree_condition(&forest->tree, endpoint->slot, condition);
    tree_refresh_all(&forest->tree);
}

static inline void forest_close(struct forest *forest)
{
    for (int i = 0; i < NODES; i++)
        if (forest->plans[i] != NULL)
            policy_find("geo")->plan_free(forest->plans[i]);
    prefix_map_free(forest->geo.map);
    free(forest->geo.locations);
    tree_free(&forest->tree);
}
