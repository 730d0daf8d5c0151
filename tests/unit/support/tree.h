/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"
#include "policy/node_state.h"
#include "snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A small world made by hand: endpoints with slots, pools as shared nodes, and their conditions.  Everything
 * lives until tree_free.
 */
#define TREE_MOST 64

struct tree {
    struct dataset dataset;
    struct conditions conditions;
    struct edition edition;
    struct node *nodes[TREE_MOST]; /* by id = slot */
    uint32_t node_count;
    uint32_t endpoint_count;
    void *blocks[4096];
    size_t block_count;
};

static inline void *tree_keep(struct tree *tree, void *block)
{
    if (tree->block_count == sizeof tree->blocks / sizeof *tree->blocks)
        abort();
    return tree->blocks[tree->block_count++] = block;
}

static inline void tree_set(struct paged *paged, struct tree *tree, uint32_t slot, const void *element)
{
    struct paged_edit *edit = paged_edit_begin(paged, &tree->edition);
    paged_edit_set(edit, slot, element);
    *paged = paged_edit_end(edit);
}

static inline void tree_condition(struct tree *tree, uint32_t slot, struct endpoint_condition condition)
{
    tree_set(&tree->conditions.endpoints, tree, slot, tree_keep(tree, xmemdup(&condition, sizeof condition)));
}

static inline void tree_set_up(struct tree *tree, uint32_t slot, bool is_up)
{
    const struct endpoint_condition *before = paged_get(&tree->conditions.endpoints, slot);
    struct endpoint_condition next = *before;
    next.is_available = is_up;
    tree_condition(tree, slot, next);
}

/* An endpoint 10.0.0.<n> with its own slot, up; `families` as wanted. */
static inline struct endpoint *tree_endpoint(struct tree *tree, uint32_t weight, uint8_t families)
{
    struct whole_endpoint *whole = tree_keep(tree, xcalloc(1, sizeof *whole));
    struct endpoint *endpoint = &whole->endpoint;
    uint32_t slot = tree->endpoint_count++;
    endpoint->slot = slot;
    endpoint->weight = (uint16_t)weight;
    endpoint->is_whole = true;
    endpoint->families = families;
    endpoint->ipv4[0] = 10;
    endpoint->ipv4[3] = (uint8_t)(slot + 1);
    whole->more.ipv6[15] = (uint8_t)(slot + 1);
    whole->more.name = tree_keep(tree, xasprintf("e%u", slot));
    tree_condition(
        tree, slot,
        (struct endpoint_condition){ .weight = weight, .ttl_cap_s = TTL_CAP_NONE, .is_available = true });
    return endpoint;
}

/* To be changed while nothing is answered. */
static inline struct endpoint_more *tree_more(const struct endpoint *endpoint)
{
    return (struct endpoint_more *)(uintptr_t)endpoint_more(endpoint);
}

static inline void tree_refresh(struct tree *tree, struct node *node)
{
    const struct node_state *before = paged_get(&tree->conditions.nodes, node->slot);
    struct node_state *state = node_state_new(node, &tree->dataset, &tree->conditions, before);
    tree_set(&tree->conditions.nodes, tree, node->slot, tree_keep(tree, state));
}

/* Recomputes all nodes; they were made children first. */
static inline void tree_refresh_all(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->node_count; i++)
        tree_refresh(tree, tree->nodes[i]);
}

static inline struct node *tree_node(struct tree *tree, const char *policy, uint16_t child_count)
{
    struct node *node = tree_keep(tree, xcalloc(1, sizeof *node + child_count * sizeof(struct child)));
    node->policy = policy_find(policy);
    node->id = node->slot = tree->node_count;
    node->child_count = child_count;
    node->answers = node->policy->answers;
    node->min_healthy = 1;
    node->name = tree_keep(tree, xasprintf("n%u", node->id));
    for (uint16_t i = 0; i < child_count; i++)
        node->children[i].weight = 1;
    tree->nodes[tree->node_count++] = node;
    tree_set(&tree->dataset.nodes, tree, node->id, node);
    return node;
}

static inline void tree_hang(struct node *node, uint16_t at, const struct node *child, uint32_t weight)
{
    node->children[at].kind = CHILD_SHARED;
    node->children[at].shared = child->id;
    node->children[at].weight = weight;
}

/* A pool of endpoints with these weights, all of both families. */
static inline struct node *tree_pool(struct tree *tree, const char *policy, const uint32_t *weights,
                                     uint16_t count)
{
    struct node *node = tree_node(tree, policy, count);
    node->is_over_endpoints = !node->policy->is_by_rule;
    for (uint16_t i = 0; i < count; i++) {
        node->children[i].kind = CHILD_ENDPOINT;
        node->children[i].weight = weights[i];
        node->children[i].endpoint = tree_endpoint(tree, weights[i], FAMILY_V4 | FAMILY_V6);
    }
    tree_refresh(tree, node);
    return node;
}

static inline void tree_free(struct tree *tree)
{
    edition_free_replaced(&tree->edition);
    for (size_t i = 0; i < tree->block_count; i++)
        free(tree->blocks[i]);
    paged_free(&tree->conditions.endpoints);
    paged_free(&tree->conditions.nodes);
    paged_free(&tree->conditions.names);
    paged_free(&tree->dataset.nodes);
}
