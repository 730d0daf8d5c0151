/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/rank.h"

#include "answer/rank_order.h"
#include "snapshot/service.h"

#define VISITS_MAX 512 /* nodes in one ranking: the answer is full long before */

/* One walk down the tree in one view. */
struct walk {
    const struct steering *steering;
    struct decision *decision; /* scope and view */
    struct rank_order *order;
    enum view view;
    uint32_t ttl_cap_s;
    unsigned visit_count;
    bool has_missed;
};

static void tell_node(const struct walk *walk, const struct candidates *from, unsigned depth,
                      const struct choice *choice)
{
    static const struct draw none;
    struct trace *trace = walk->steering->trace;
    struct candidates shown = *from;
    shown.has_missed = NULL;
    if (trace != NULL)
        trace->step(trace, &(struct trace_step){ .kind = choice->count > 0 ? TRACE_NODE : TRACE_EMPTY,
                                                 .depth = depth,
                                                 .view = walk->view,
                                                 .candidates = &shown,
                                                 .draw = &none,
                                                 .choice = choice });
}

/* Asks a policy that puts its candidates into an order. */
static void choose(struct walk *walk, const struct candidates *from, uint16_t most, unsigned depth,
                   struct choice *choice)
{
    const struct draw draw = { .random = walk->steering->random };
    *choice = (struct choice){ .count = 0 };
    from->node->policy->choose(from, walk->steering->client, &draw, most, choice);
    if (choice->depends_on_client) {
        walk->decision->depends_on_client = true;
        if (choice->scope_len > walk->decision->scope_len)
            walk->decision->scope_len = choice->scope_len;
    }
    tell_node(walk, from, depth, choice);
}

/* Of a policy that gives all candidates their turn: all of them. */
static void take_all(struct walk *walk, const struct candidates *from, unsigned depth, struct choice *choice)
{
    *choice = (struct choice){ .reason = "all of them, by their shares" };
    for (uint16_t i = 0; i < from->list->count; i++)
        choice_add(choice, from->list->index[i]);
    tell_node(walk, from, depth, choice);
}

/* The share of one in the list, as it is in force. */
static double share_of(const struct candidates *from, uint16_t at)
{
    const struct candidate_list *list = from->list;
    double share = list->cumulative[at] - (at > 0 ? (double)list->cumulative[at - 1] : 0);
    if (from->node->policy->is_weighted)
        return share;
    uint16_t ordinal = list->index[at];
    return share * (WHOLE - child_withheld(&from->node->children[ordinal], from->conditions)) / WHOLE;
}

/* Ranks that it takes, from `first` on; 0: it has no name to give. */
static unsigned rank_child(struct walk *walk, const struct child *child, unsigned first, unsigned depth);

static unsigned rank_endpoints(struct walk *walk, struct candidates *from, unsigned first, unsigned depth)
{
    struct choice choice;
    unsigned taken = 0;
    from->list = node_list(from->state, walk->view, LIST_ANY);
    if (from->list->count == 0) {
        walk->has_missed = true;
        return 0;
    }
    bool spreads = from->node->policy->spreads;
    if (spreads)
        take_all(walk, from, depth, &choice);
    else
        choose(walk, from, CHOICE_MAX, depth, &choice);
    for (uint16_t i = 0; i < choice.count; i++) {
        const struct endpoint *endpoint = from->node->children[choice.index[i]].endpoint;
        double share = spreads ? share_of(from, i) : 1;
        if (rank_order_add(walk->order, endpoint, spreads ? first : first + taken, share))
            taken++;
    }
    return spreads && taken > 0 ? 1 : taken;
}

/* Candidates of a node over nodes: its ready list, or what is available. */
struct gathered {
    struct candidate_list list;
    uint16_t index[NODE_CHILDREN_MAX];
    uint32_t cumulative[NODE_CHILDREN_MAX];
};

static void gather(const struct candidates *from, struct gathered *out)
{
    const struct candidate_list *ready = node_list(from->state, from->view, LIST_ANY);
    bool has_ready = from->state->has_lists;
    uint16_t count = has_ready ? ready->count : from->node->child_count;
    uint32_t before = 0;
    out->list = (struct candidate_list){ .index = out->index, .cumulative = out->cumulative };
    for (uint16_t i = 0; i < count && out->list.count < NODE_CHILDREN_MAX; i++) {
        uint16_t ordinal = has_ready ? ready->index[i] : i;
        uint32_t weight = has_ready ? ready->cumulative[i] - before : 1;
        before += has_ready ? weight : 0;
        if (!candidates_has(from, ordinal))
            continue;
        uint16_t at = out->list.count++;
        out->index[at] = ordinal;
        out->cumulative[at] = (at > 0 ? out->cumulative[at - 1] : 0) + weight;
    }
}

/* All children side by side: each rank of one has the child's share. */
static unsigned rank_shared(struct walk *walk, struct candidates *from, unsigned first, unsigned depth)
{
    struct gathered gathered;
    struct choice choice;
    unsigned most = 0;
    gather(from, &gathered);
    from->list = &gathered.list;
    take_all(walk, from, depth, &choice);
    for (uint16_t i = 0; i < choice.count; i++) {
        unsigned begin = walk->order->count;
        unsigned taken = rank_child(walk, &from->node->children[choice.index[i]], first, depth + 1);
        rank_order_scale(walk->order, begin, share_of(from, i));
        most = taken > most ? taken : most;
    }
    return most;
}

/* One child after the other; by a rule one only, for the others are for other clients. */
static unsigned rank_ordered(struct walk *walk, struct candidates *from, unsigned first, unsigned depth)
{
    uint16_t excluded[NODE_CHILDREN_MAX];
    struct gathered gathered;
    struct choice choice;
    unsigned taken = 0;
    from->excluded = excluded;
    while (from->excluded_count < NODE_CHILDREN_MAX && walk->order->count < CHOICE_MAX) {
        if (!from->node->policy->is_by_rule) {
            gather(from, &gathered);
            from->list = &gathered.list;
            if (gathered.list.count == 0)
                break;
        }
        choose(walk, from, 1, depth, &choice);
        if (choice.count == 0)
            break;
        taken += rank_child(walk, &from->node->children[choice.index[0]], first + taken, depth + 1);
        if (taken > 0 && from->node->policy->is_by_rule)
            break;
        excluded[from->excluded_count++] = choice.index[0];
    }
    return taken;
}

static unsigned rank_node(struct walk *walk, const struct node *node, unsigned first, unsigned depth)
{
    const struct snapshot *now = walk->steering->now;
    struct candidates from = {
        .node = node,
        .state = conditions_node(now->conditions, node),
        .dataset = now->dataset,
        .conditions = now->conditions,
        .view = walk->view,
        .has_missed = &walk->has_missed,
    };
    if (!from.state->is_available[walk->view] || walk->visit_count++ == VISITS_MAX) {
        walk->has_missed = true;
        return 0;
    }
    if (!node->policy->is_by_rule && from.state->ttl_cap_s < walk->ttl_cap_s)
        walk->ttl_cap_s = from.state->ttl_cap_s;
    if (node->is_over_endpoints)
        return rank_endpoints(walk, &from, first, depth);
    return node->policy->spreads ? rank_shared(walk, &from, first, depth)
                                 : rank_ordered(walk, &from, first, depth);
}

static unsigned rank_child(struct walk *walk, const struct child *child, unsigned first, unsigned depth)
{
    if (child->kind == CHILD_ENDPOINT)
        return rank_order_add(walk->order, child->endpoint, first, 1);
    const struct node *node = dataset_node(walk->steering->now->dataset, child);
    return node != NULL ? rank_node(walk, node, first, depth) : 0;
}

static bool try_view(struct walk *walk, const struct child *root, enum view view)
{
    struct trace *trace = walk->steering->trace;
    walk->view = walk->decision->view = view;
    walk->order->count = 0;
    walk->visit_count = 0;
    if (trace != NULL)
        trace->step(trace, &(struct trace_step){ .kind = TRACE_VIEW, .view = view });
    return rank_child(walk, root, 0, 0) > 0;
}

static bool try_views(struct walk *walk, const struct child *root, enum view from)
{
    for (enum view view = from; view < VIEW_COUNT; view++) {
        if (try_view(walk, root, view))
            return true;
    }
    return false;
}

static bool all_down(struct walk *walk, const struct child *root)
{
    const struct service *service = walk->steering->service;
    if (!walk->has_missed)
        return false;
    walk->decision->is_all_down = true;
    switch ((enum all_down)service->when_all_down) {
    case ALL_DOWN_SERVE_ALL: return try_views(walk, root, VIEW_UNHELD);
    case ALL_DOWN_TARGET: return try_views(walk, &service->more->sorry, VIEW_HEALTHY);
    case ALL_DOWN_SERVFAIL: walk->decision->outcome = STEER_SERVFAIL; return false;
    case ALL_DOWN_NODATA: return false;
    }
    return false;
}

void rank(const struct steering *steering, const struct child *root, struct ranking *out)
{
    struct rank_order order = { .count = 0 };
    struct decision *decision = &out->decision;
    struct walk walk = {
        .steering = steering, .decision = decision, .order = &order, .ttl_cap_s = TTL_CAP_NONE
    };
    *decision = (struct decision){ .outcome = STEER_NODATA };
    if (!try_view(&walk, root, VIEW_HEALTHY) && !all_down(&walk, root))
        order.count = 0;
    rank_order_write(&order, out);
    if (decision->count > 0)
        decision->outcome = STEER_ENDPOINTS;
    decision->ttl_s = steer_ttl_s(steering->service, walk.ttl_cap_s);
    if (steering->trace != NULL)
        steering->trace->step(steering->trace,
                              &(struct trace_step){ .kind = TRACE_RESULT, .decision = decision });
}
