/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/node_state.h"

#include "base/memory.h"
#include "policy/node_lists.h"

#include <stdlib.h>
#include <string.h>

#define LISTS (VIEW_COUNT * LIST_COUNT)

static uint16_t count_available(const struct node *node, const struct dataset *dataset,
                                const struct conditions *conditions, enum view view)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        count = (uint16_t)(count + child_is_available(&node->children[i], dataset, conditions, view));
    return count;
}

static uint16_t first_available(const struct node *node, const struct dataset *dataset,
                                const struct conditions *conditions)
{
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (child_is_available(&node->children[i], dataset, conditions, VIEW_HEALTHY))
            return i;
    }
    return UINT16_MAX;
}

uint16_t node_needs(const struct node *node)
{
    if (!node->is_percent)
        return node->min_healthy;
    uint32_t share = ((uint32_t)node->child_count * node->min_healthy + 99) / 100;
    return (uint16_t)(share > 0 ? share : 1);
}

static uint32_t child_ttl_cap_s(const struct child *child, const struct dataset *dataset,
                                const struct conditions *conditions)
{
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *condition = conditions_endpoint(conditions, child->endpoint);
        return condition != NULL ? condition->ttl_cap_s : TTL_CAP_NONE;
    }
    const struct node *node = dataset_node(dataset, child);
    return node != NULL ? conditions_node(conditions, node)->ttl_cap_s : TTL_CAP_NONE;
}

/* What is available below takes so much together, and never more than was stated; 0: nobody knows. */
static uint32_t capacity_of(const struct node *node, const struct dataset *dataset,
                            const struct conditions *conditions)
{
    uint64_t sum = 0;
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (!child_is_available(&node->children[i], dataset, conditions, VIEW_HEALTHY))
            continue;
        uint32_t capacity = child_capacity(&node->children[i], dataset, conditions);
        if (capacity == 0)
            return node->capacity;
        sum += capacity;
    }
    if (node->capacity != 0 && (sum == 0 || sum > node->capacity))
        return node->capacity;
    return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

static bool has_withheld(const struct node *node, const struct conditions *conditions)
{
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (child_withheld(&node->children[i], conditions) > 0)
            return !node->policy->is_weighted; /* there the lists hold it */
    }
    return false;
}

/* Figures that come from below: the shortest TTL cap, the best latency, the favourite. */
static void gather(struct node_state *state, const struct node *node, const struct dataset *dataset,
                   const struct conditions *conditions, uint16_t before)
{
    uint32_t *latency_us = xcalloc(node->child_count, sizeof *latency_us);
    state->ttl_cap_s = TTL_CAP_NONE;
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        uint32_t cap = child_ttl_cap_s(child, dataset, conditions);
        if (cap < state->ttl_cap_s)
            state->ttl_cap_s = cap;
        if (!child_is_available(child, dataset, conditions, VIEW_HEALTHY))
            continue;
        latency_us[i] = child_latency_us(child, dataset, conditions);
        if (latency_us[i] != 0 && (state->latency_us == 0 || latency_us[i] < state->latency_us))
            state->latency_us = latency_us[i];
    }
    state->preferred = UINT16_MAX;
    if (node->policy->prefer != NULL)
        state->preferred = node->policy->prefer(node, latency_us, before);
    free(latency_us);
}

struct node_state *node_state_open(uint16_t child_count)
{
    struct node_state *state = node_lists_none();
    for (enum view view = 0; view < VIEW_COUNT; view++)
        state->is_available[view] = true;
    state->available_count = child_count;
    state->ttl_cap_s = TTL_CAP_NONE;
    state->preferred = UINT16_MAX;
    return state;
}

struct node_state *node_state_new(const struct node *node, const struct dataset *dataset,
                                  const struct conditions *conditions, const struct node_state *before)
{
    bool wants_lists = node->is_over_endpoints || node->policy->is_weighted;
    struct node_state *state = wants_lists ? node_lists_new(node, dataset, conditions) : node_lists_none();
    state->available_count = count_available(node, dataset, conditions, VIEW_HEALTHY);
    state->first_available = first_available(node, dataset, conditions);
    state->is_available[VIEW_HEALTHY] = state->available_count >= node_needs(node);
    state->is_available[VIEW_UNHELD] = count_available(node, dataset, conditions, VIEW_UNHELD) > 0;
    state->is_available[VIEW_EVERYTHING] = true;
    state->capacity = capacity_of(node, dataset, conditions);
    state->has_withheld = has_withheld(node, conditions);
    gather(state, node, dataset, conditions, before != NULL ? before->preferred : UINT16_MAX);
    return state;
}

static bool lists_equal(const struct candidate_list *a, const struct candidate_list *b)
{
    return a->count == b->count &&
           (a->count == 0 || (memcmp(a->index, b->index, a->count * sizeof *a->index) == 0 &&
                              memcmp(a->cumulative, b->cumulative, a->count * sizeof *a->cumulative) == 0));
}

bool node_state_equal(const struct node_state *a, const struct node_state *b)
{
    if (memcmp(a->is_available, b->is_available, sizeof a->is_available) != 0 ||
        a->available_count != b->available_count || a->first_available != b->first_available ||
        a->ttl_cap_s != b->ttl_cap_s || a->latency_us != b->latency_us || a->capacity != b->capacity ||
        a->has_lists != b->has_lists || a->has_withheld != b->has_withheld || a->preferred != b->preferred)
        return false;
    for (int list = 0; list < LISTS; list++) {
        enum view view = (enum view)(list / LIST_COUNT);
        enum list_family family = (enum list_family)(list % LIST_COUNT);
        if (!lists_equal(node_list(a, view, family), node_list(b, view, family)))
            return false;
    }
    return true;
}
