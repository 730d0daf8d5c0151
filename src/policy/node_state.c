/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/node_state.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define LISTS (VIEW_COUNT * LIST_COUNT)

/* The lists under construction, each with room for every child. */
struct draft {
    const struct node *node;
    uint16_t count[LISTS];
    uint16_t *index;      /* LISTS × child_count */
    uint32_t *cumulative; /* LISTS × child_count */
    int same_as[LISTS];   /* an earlier list with the same content, or itself */
};

static bool has_family(const struct endpoint *endpoint, enum list_family family)
{
    if (family == LIST_ANY)
        return true;
    return (endpoint->families & (family == LIST_V4 ? FAMILY_V4 : FAMILY_V6)) != 0;
}

static uint16_t *draft_index(const struct draft *draft, int list)
{
    return draft->index + (size_t)list * draft->node->child_count;
}

static uint32_t *draft_cumulative(const struct draft *draft, int list)
{
    return draft->cumulative + (size_t)list * draft->node->child_count;
}

/* Fills one list; of a weighted policy weight 0 serves only when every other is gone (then all alike). */
static void draft_list(struct draft *draft, int list, const struct dataset *dataset,
                       const struct conditions *conditions)
{
    const struct node *node = draft->node;
    enum view view = (enum view)(list / LIST_COUNT);
    enum list_family family = (enum list_family)(list % LIST_COUNT);
    uint16_t *index = draft_index(draft, list);
    uint32_t *cumulative = draft_cumulative(draft, list);
    for (int wants_zero = 0; wants_zero < 2 && draft->count[list] == 0; wants_zero++) {
        uint32_t total = 0;
        for (uint16_t i = 0; i < node->child_count; i++) {
            const struct child *child = &node->children[i];
            uint32_t weight = node->policy->is_weighted ? child_weight(child, conditions) : 1;
            if ((weight == 0) != (wants_zero == 1) || !has_family(child->endpoint, family) ||
                !child_is_available(child, dataset, conditions, view))
                continue;
            total += weight == 0 ? 1 : weight;
            index[draft->count[list]] = i;
            cumulative[draft->count[list]++] = total;
        }
    }
}

static int find_same(const struct draft *draft, int list)
{
    uint16_t count = draft->count[list];
    for (int other = 0; other < list; other++) {
        if (draft->count[other] == count &&
            memcmp(draft_index(draft, other), draft_index(draft, list), count * sizeof(uint16_t)) == 0 &&
            memcmp(draft_cumulative(draft, other), draft_cumulative(draft, list), count * sizeof(uint32_t)) ==
                0)
            return other;
    }
    return list;
}

static void draft_lists(struct draft *draft, const struct dataset *dataset,
                        const struct conditions *conditions)
{
    size_t room = (size_t)LISTS * draft->node->child_count;
    draft->index = xcalloc(room, sizeof *draft->index);
    draft->cumulative = xcalloc(room, sizeof *draft->cumulative);
    for (int list = 0; list < LISTS; list++) {
        draft_list(draft, list, dataset, conditions);
        draft->same_as[list] = find_same(draft, list);
    }
}

/* One block: the state, then all cumulative arrays (4-byte aligned), then all index arrays. */
static struct node_state *state_with_lists(const struct draft *draft)
{
    size_t elements = 0;
    for (int list = 0; list < LISTS; list++) {
        if (draft->same_as[list] == list)
            elements += draft->count[list];
    }
    struct node_state *state = xcalloc(1, sizeof *state + elements * (sizeof(uint32_t) + sizeof(uint16_t)));
    uint32_t *cumulative = (uint32_t *)(state + 1);
    uint16_t *index = (uint16_t *)(cumulative + elements);
    for (int list = 0; list < LISTS; list++) {
        struct candidate_list *out = &state->lists[list / LIST_COUNT][list % LIST_COUNT];
        int same = draft->same_as[list];
        if (same != list) {
            *out = state->lists[same / LIST_COUNT][same % LIST_COUNT];
            continue;
        }
        uint16_t count = draft->count[list];
        memcpy(cumulative, draft_cumulative(draft, list), count * sizeof *cumulative);
        memcpy(index, draft_index(draft, list), count * sizeof *index);
        *out = (struct candidate_list){ .count = count, .index = index, .cumulative = cumulative };
        cumulative += count;
        index += count;
    }
    state->has_lists = true;
    return state;
}

static struct node_state *state_of_lists(const struct node *node, const struct dataset *dataset,
                                         const struct conditions *conditions)
{
    struct draft draft = { .node = node };
    draft_lists(&draft, dataset, conditions);
    struct node_state *state = state_with_lists(&draft);
    free(draft.index);
    free(draft.cumulative);
    return state;
}

static uint16_t count_available(const struct node *node, const struct dataset *dataset,
                                const struct conditions *conditions, enum view view)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        count = (uint16_t)(count + child_is_available(&node->children[i], dataset, conditions, view));
    return count;
}

static uint16_t needed(const struct node *node)
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

struct node_state *node_state_new(const struct node *node, const struct dataset *dataset,
                                  const struct conditions *conditions, const struct node_state *before)
{
    struct node_state *state =
        node->is_over_endpoints ? state_of_lists(node, dataset, conditions) : xcalloc(1, sizeof *state);
    state->available_count = count_available(node, dataset, conditions, VIEW_HEALTHY);
    state->is_available[VIEW_HEALTHY] = state->available_count >= needed(node);
    state->is_available[VIEW_UNHELD] = count_available(node, dataset, conditions, VIEW_UNHELD) > 0;
    state->is_available[VIEW_EVERYTHING] = true;
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
        a->available_count != b->available_count || a->ttl_cap_s != b->ttl_cap_s ||
        a->latency_us != b->latency_us || a->has_lists != b->has_lists || a->preferred != b->preferred)
        return false;
    for (int list = 0; list < LISTS; list++) {
        if (!lists_equal(&a->lists[list / LIST_COUNT][list % LIST_COUNT],
                         &b->lists[list / LIST_COUNT][list % LIST_COUNT]))
            return false;
    }
    return true;
}
