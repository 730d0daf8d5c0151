/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/node_lists.h"

#include "base/factor.h"
#include "base/memory.h"
#include "policy/shares.h"
#include "policy/stride.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LISTS (VIEW_COUNT * LIST_COUNT)

/* Of the sums when shares are no whole numbers: 2^5·3^4·5^2·7·11·13·17, so that simple fractions stay simple.
 */
#define FINE_TOTAL 1102701600.0

/* The lists under construction, each with room for every child. */
struct draft {
    const struct node *node;
    const struct dataset *dataset;
    const struct conditions *conditions;
    uint16_t count[LISTS];
    uint16_t *index;      /* LISTS × child_count */
    uint32_t *cumulative; /* LISTS × child_count */
    struct share *shares; /* of the list being made */
    int same_as[LISTS];   /* an earlier list with the same content, or itself */
};

static bool has_family(const struct child *child, const struct conditions *conditions,
                       enum list_family family)
{
    if (family == LIST_ANY)
        return true;
    uint8_t families = conditions_families(conditions, child->endpoint);
    return (families & (family == LIST_V4 ? FAMILY_V4 : FAMILY_V6)) != 0;
}

static uint16_t *draft_index(const struct draft *draft, int list)
{
    return draft->index + (size_t)list * draft->node->child_count;
}

static uint32_t *draft_cumulative(const struct draft *draft, int list)
{
    return draft->cumulative + (size_t)list * draft->node->child_count;
}

/* Takes the children of that view and family in; weight 0 only when asked for. */
static void draft_children(struct draft *draft, int list, bool wants_zero)
{
    const struct node *node = draft->node;
    uint16_t *index = draft_index(draft, list);
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        uint32_t weight = node->policy->is_weighted ? child_weight(child, draft->conditions) : 1;
        if ((weight == 0) != wants_zero ||
            !has_family(child, draft->conditions, (enum list_family)(list % LIST_COUNT)) ||
            !child_is_available(child, draft->dataset, draft->conditions, (enum view)(list / LIST_COUNT)))
            continue;
        uint32_t capacity = child_capacity(child, draft->dataset, draft->conditions);
        draft->shares[draft->count[list]] = (struct share){
            .weight = weight == 0 ? 1 : weight,
            .kept = (WHOLE - child_withheld(child, draft->conditions)) / (double)WHOLE,
            .capacity = capacity != 0 ? capacity : HUGE_VAL,
        };
        index[draft->count[list]++] = i;
    }
}

/* What all of the family serve when all is well: those that are out left theirs to the others. */
static double declared_load(const struct draft *draft, enum list_family family)
{
    const struct node *node = draft->node;
    double load = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        if (has_family(&node->children[i], draft->conditions, family))
            load += child_weight(&node->children[i], draft->conditions);
    return load;
}

/* Shares other than the weights; false if the weights are what each serves. */
static bool draft_shares(const struct draft *draft, int list)
{
    struct share *shares = draft->shares;
    size_t count = draft->count[list];
    bool is_whole = true, has_capacity = false;
    if (!draft->node->policy->is_weighted || list / LIST_COUNT != VIEW_HEALTHY)
        return false;
    for (size_t i = 0; i < count; i++) {
        shares[i].serves = shares[i].weight;
        is_whole &= shares[i].kept >= 1;
        has_capacity |= shares[i].capacity < HUGE_VAL;
    }
    if (!is_whole)
        shares_spread(shares, count);
    if (has_capacity &&
        shares_level(shares, count, declared_load(draft, (enum list_family)(list % LIST_COUNT))))
        return true;
    return !is_whole;
}

static void sum_serves(const struct draft *draft, int list)
{
    uint32_t *cumulative = draft_cumulative(draft, list), before = 0, factor = 0;
    double total = 0, sum = 0;
    for (uint16_t i = 0; i < draft->count[list]; i++)
        total += draft->shares[i].serves;
    for (uint16_t i = 0; i < draft->count[list]; i++) {
        sum += draft->shares[i].serves;
        cumulative[i] = (uint32_t)lround(sum / total * FINE_TOTAL);
        if (cumulative[i] < before) /* rounding may not turn the order round */
            cumulative[i] = before;
        factor = common_factor(factor, cumulative[i]);
        before = cumulative[i];
    }
    for (uint16_t i = 0; i < draft->count[list]; i++)
        cumulative[i] /= factor;
}

/* Sums of weights without their common factor: 100 and 100 alternate as 1 and 1 do. */
static void sum_weights(const struct draft *draft, int list)
{
    uint32_t *cumulative = draft_cumulative(draft, list), factor = 0, total = 0;
    for (uint16_t i = 0; i < draft->count[list]; i++)
        factor = common_factor(factor, (uint32_t)draft->shares[i].weight);
    for (uint16_t i = 0; i < draft->count[list]; i++) {
        total += (uint32_t)draft->shares[i].weight / factor;
        cumulative[i] = total;
    }
}

/* Fills one list; of a weighted policy weight 0 serves only when every other is gone (then all alike). */
static void draft_list(struct draft *draft, int list)
{
    draft_children(draft, list, false);
    if (draft->count[list] == 0)
        draft_children(draft, list, true);
    if (draft_shares(draft, list))
        sum_serves(draft, list);
    else
        sum_weights(draft, list);
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

static void draft_lists(struct draft *draft)
{
    for (int list = 0; list < LISTS; list++) {
        if (!draft->node->is_over_endpoints && list % LIST_COUNT != LIST_ANY) {
            draft->same_as[list] = draft->same_as[list / LIST_COUNT * LIST_COUNT + LIST_ANY];
            continue;
        }
        draft_list(draft, list);
        draft->same_as[list] = find_same(draft, list);
    }
}

/* Makes list `list`, whose arrays stand at `cumulative` and `index`. */
static struct candidate_list list_of(const struct draft *draft, int list, uint32_t *cumulative,
                                     uint16_t *index)
{
    const struct policy *policy = draft->node->policy;
    uint16_t count = draft->count[list];
    memcpy(cumulative, draft_cumulative(draft, list), count * sizeof *cumulative);
    memcpy(index, draft_index(draft, list), count * sizeof *index);
    struct candidate_list out = { .count = count, .index = index, .cumulative = cumulative };
    const uint32_t total = count > 0 ? cumulative[count - 1] : 0;
    out.is_even = true;
    for (uint16_t i = 0; i < count; i++)
        out.is_even &= cumulative[i] == i + 1u;
    if (policy->takes_turns)
        out.stride = policy->is_weighted ? stride_of(total) : stride_in_order(total);
    return out;
}

/* One block: the state, its lists, then all cumulative arrays (4-byte aligned), then all index arrays. */
static struct node_state *state_of(const struct draft *draft)
{
    size_t elements = 0, list_count = 0;
    for (int list = 0; list < LISTS; list++) {
        if (draft->same_as[list] != list)
            continue;
        elements += draft->count[list];
        list_count++;
    }
    const size_t head_size = sizeof(struct node_state) + list_count * sizeof(struct candidate_list);
    struct node_state *state = xcalloc(1, head_size + elements * (sizeof(uint32_t) + sizeof(uint16_t)));
    uint32_t *cumulative = (uint32_t *)((char *)state + head_size);
    uint16_t *index = (uint16_t *)(cumulative + elements);
    uint8_t *at = &state->list_at[0][0], made = 0;
    for (int list = 0; list < LISTS; list++) {
        at[list] = draft->same_as[list] != list ? at[draft->same_as[list]] : made;
        if (draft->same_as[list] != list)
            continue;
        state->lists[made++] = list_of(draft, list, cumulative, index);
        cumulative += draft->count[list];
        index += draft->count[list];
    }
    state->has_lists = true;
    return state;
}

struct node_state *node_lists_none(void)
{
    return xcalloc(1, sizeof(struct node_state) + sizeof(struct candidate_list));
}

struct node_state *node_lists_new(const struct node *node, const struct dataset *dataset,
                                  const struct conditions *conditions)
{
    size_t room = (size_t)LISTS * node->child_count;
    struct draft draft = { .node = node, .dataset = dataset, .conditions = conditions };
    draft.index = xcalloc(room, sizeof *draft.index);
    draft.cumulative = xcalloc(room, sizeof *draft.cumulative);
    draft.shares = xcalloc(node->child_count, sizeof *draft.shares);
    draft_lists(&draft);
    struct node_state *state = state_of(&draft);
    free(draft.index);
    free(draft.cumulative);
    free(draft.shares);
    return state;
}
