/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/policy.h"

#include <math.h>
#include <string.h>

/* Of a client's network, in bits. */
#define PREFIX_V4 24
#define PREFIX_V6 56

/* The registry: one line a policy, each in a file of its own. */
#define POLICIES(X) X(round_robin) X(weighted) X(failover) X(geo) X(nearest) X(latency) X(sticky)

#define DECLARE(name) extern const struct policy policy_##name;
POLICIES(DECLARE)

#define ROW(name) &policy_##name,
static const struct policy *const registry[] = { POLICIES(ROW) };

const struct policy *policy_at(size_t index)
{
    return index < sizeof registry / sizeof *registry ? registry[index] : NULL;
}

const struct policy *policy_find(const char *name)
{
    const struct policy *policy;
    for (size_t i = 0; (policy = policy_at(i)) != NULL; i++) {
        if (strcmp(policy->name, name) == 0)
            return policy;
    }
    return NULL;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

uint64_t client_network_hash(const struct client *client, uint8_t *length)
{
    struct address network = client->address;
    uint64_t words[2];
    *length = network.family == ADDRESS_V4 ? PREFIX_V4 : PREFIX_V6;
    if (client->prefix_len < *length)
        *length = client->prefix_len;
    address_mask(&network, *length);
    memcpy(words, network.bytes, sizeof words);
    return mix(mix(network.family, words[0]), words[1]);
}

uint32_t child_weight(const struct child *child, const struct conditions *conditions)
{
    const struct endpoint_condition *condition = NULL;
    if (child->kind == CHILD_ENDPOINT)
        condition = conditions_endpoint(conditions, child->endpoint);
    return condition != NULL ? condition->weight : child->weight;
}

uint32_t child_withheld(const struct child *child, const struct conditions *conditions)
{
    const struct endpoint_condition *condition = NULL;
    if (child->kind == CHILD_ENDPOINT)
        condition = conditions_endpoint(conditions, child->endpoint);
    uint32_t grown = WHOLE - (condition != NULL ? condition->withheld : 0);
    return WHOLE - grown * (100u - child->shed) / 100;
}

uint32_t child_capacity(const struct child *child, const struct dataset *dataset,
                        const struct conditions *conditions)
{
    if (child->kind == CHILD_ENDPOINT)
        return endpoint_more(child->endpoint)->capacity;
    const struct node *node = dataset_node(dataset, child);
    return node != NULL ? conditions_node(conditions, node)->capacity : 0;
}

uint32_t child_latency_us(const struct child *child, const struct dataset *dataset,
                          const struct conditions *conditions)
{
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *condition = conditions_endpoint(conditions, child->endpoint);
        return condition != NULL ? condition->latency_us : 0;
    }
    const struct node *node = dataset_node(dataset, child);
    return node != NULL ? conditions_node(conditions, node)->latency_us : 0;
}

uint32_t candidates_latency_us(const struct candidates *from, uint16_t ordinal)
{
    return child_latency_us(&from->node->children[ordinal], from->dataset, from->conditions);
}

/* Square of the chord between two points on the unit sphere: grows with the distance and is cheap. */
static double chord_squared(const struct coordinates *a, const struct coordinates *b)
{
    const double radian = 3.14159265358979323846 / 180;
    double a_lat = a->latitude * radian, b_lat = b->latitude * radian;
    double turn = cos((a->longitude - b->longitude) * radian);
    return 2 - 2 * (sin(a_lat) * sin(b_lat) + cos(a_lat) * cos(b_lat) * turn);
}

static struct coordinates node_coordinates(const struct candidates *from, const struct node *node,
                                           const struct coordinates *client_at)
{
    struct coordinates best = { .is_known = false };
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        if (!child_is_available(child, from->dataset, from->conditions, from->view))
            continue;
        struct coordinates at = { .is_known = false };
        if (child->kind == CHILD_ENDPOINT) {
            at = endpoint_more(child->endpoint)->at;
        } else {
            const struct node *below = dataset_node(from->dataset, child);
            at = node_coordinates(from, below, client_at); /* depth is bounded by NODE_DEPTH_MAX */
        }
        if (at.is_known &&
            (!best.is_known || chord_squared(&at, client_at) < chord_squared(&best, client_at)))
            best = at;
    }
    return best;
}

struct coordinates candidates_coordinates(const struct candidates *from, uint16_t ordinal,
                                          const struct coordinates *client_at)
{
    const struct child *child = &from->node->children[ordinal];
    if (child->kind == CHILD_ENDPOINT)
        return endpoint_more(child->endpoint)->at;
    return node_coordinates(from, dataset_node(from->dataset, child), client_at);
}
