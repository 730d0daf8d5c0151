/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/straight.h"

#include "base/inlined.h"
#include "dns/type.h"
#include "snapshot/service.h"

#define GATHERED_MOST 16 /* children that are looked at one by one; more are left to the walk */

struct gathered {
    struct candidate_list list;
    uint16_t index[GATHERED_MOST];
    uint32_t cumulative[GATHERED_MOST];
};

/* What goes down the tree; in registers: nothing that is called gets a pointer to it. */
struct descent {
    const struct steering *steering;
    struct taken_tickets *taken;
    struct decision *decision;
    const struct node *node; /* entered last */
    const struct node_state *state;
    uint32_t ttl_cap_s;
    struct draw draw; /* at that node */
};

static INLINED void note_scope(struct decision *decision, uint8_t scope_len)
{
    decision->depends_on_client = true;
    if (scope_len > decision->scope_len)
        decision->scope_len = scope_len;
}

static INLINED void give(const struct steering *steering, const struct endpoint *endpoint,
                         struct decision *decision)
{
    const uint16_t qtype = steering->qtype;
    const unsigned wanted = qtype == DNS_A      ? FAMILY_V4
                            : qtype == DNS_AAAA ? FAMILY_V6
                                                : FAMILY_V4 | FAMILY_V6;
    if (endpoint->families & wanted)
        decision->endpoints[decision->count++] = endpoint;
}

/* Takes a ticket, if the policy wants one; false if there are too many to keep. */
static INLINED bool take_ticket(struct descent *descent)
{
    const struct steering *steering = descent->steering;
    struct taken_tickets *taken = descent->taken;
    if (!descent->node->policy->needs_ticket)
        return true;
    if (taken->count == NODE_DEPTH_MAX)
        return false;
    uint64_t key = ticket_key(steering->service->id, descent->node->id, steering->qtype);
    descent->draw.ticket = ticket_take(steering->now->tickets, key, descent->draw.random);
    taken->tickets[taken->count++] = descent->draw.ticket;
    return true;
}

/* ---- where the first choice is not enough ---- */

static INLINED struct candidates candidates_of(const struct descent *descent)
{
    return (struct candidates){ .node = descent->node,
                                .state = descent->state,
                                .dataset = descent->steering->now->dataset,
                                .conditions = descent->steering->now->conditions,
                                .view = VIEW_HEALTHY };
}

/* The available children of a node for which no list lies ready; they count alike.  False: too many. */
static bool gather(const struct candidates *from, struct gathered *out)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < from->node->child_count; i++) {
        if (count == GATHERED_MOST)
            return false;
        if (!candidates_has(from, i))
            continue;
        out->index[count++] = i;
        out->cumulative[count - 1] = count;
    }
    out->list = (struct candidate_list){ count, out->index, out->cumulative, 0 };
    return true;
}

/* Its list of a node over nodes, or what is available; false: none, or too many. */
static bool list_children(struct candidates *from, struct gathered *out)
{
    if (from->node->policy->is_by_rule)
        return true;
    from->list = &out->list;
    if (from->state->has_lists)
        from->list = node_list(from->state, VIEW_HEALTHY, LIST_ANY);
    else if (!gather(from, out))
        return false;
    return from->list->count > 0;
}

static void note_choice(struct decision *decision, const struct choice *choice)
{
    if (choice->depends_on_client)
        note_scope(decision, choice->scope_len);
}

/* The child of a node over nodes that its policy chooses; NULL: none that is plain to see. */
static __attribute__((noinline)) const struct child *choose_child(const struct steering *steering,
                                                                  struct candidates from, struct draw draw,
                                                                  struct decision *decision)
{
    struct gathered gathered;
    struct choice choice = { .count = 0 };
    if (!list_children(&from, &gathered))
        return NULL;
    from.node->policy->choose(&from, steering->client, &draw, 1, &choice);
    note_choice(decision, &choice);
    return choice.count > 0 ? &from.node->children[choice.index[0]] : NULL;
}

/* The endpoints that the policy chooses from the list; false: none. */
static __attribute__((noinline)) bool choose_endpoints(const struct steering *steering,
                                                       struct candidates from, struct draw draw,
                                                       struct decision *decision)
{
    struct choice choice = { .count = 0 };
    from.node->policy->choose(&from, steering->client, &draw, from.node->answers, &choice);
    note_choice(decision, &choice);
    for (uint16_t i = 0; i < choice.count; i++)
        give(steering, from.node->children[choice.index[i]].endpoint, decision);
    return choice.count > 0;
}

/* ---- step by step ---- */

/* A node over endpoints: up to `answers` of the queried family; if it has none of it, that is the answer. */
static INLINED bool end(struct descent *descent)
{
    const struct steering *steering = descent->steering;
    const struct node *node = descent->node;
    const uint16_t qtype = steering->qtype;
    const enum list_family family = qtype == DNS_A ? LIST_V4 : qtype == DNS_AAAA ? LIST_V6 : LIST_ANY;
    const struct candidate_list *list = node_list(descent->state, VIEW_HEALTHY, family);
    if (list->count == 0)
        return node_list(descent->state, VIEW_HEALTHY, LIST_ANY)->count > 0;
    if (!take_ticket(descent))
        return false;
    uint16_t first;
    if (node->answers == 1 && node->policy->is_in_order) {
        first = list->index[0];
    } else if (node->answers == 1 && node->policy->first_of_list != NULL) {
        first = node->policy->first_of_list(list, descent->draw.ticket);
    } else {
        struct candidates from = candidates_of(descent);
        from.list = list;
        return choose_endpoints(steering, from, descent->draw, descent->decision);
    }
    give(steering, node->children[first].endpoint, descent->decision);
    return true;
}

static INLINED bool is_available(const struct descent *descent, const struct child *child)
{
    const struct snapshot *now = descent->steering->now;
    return child_is_available(child, now->dataset, now->conditions, VIEW_HEALTHY);
}

/* The child of the rule about the client, while that is available. */
static INLINED const struct child *first_by_rule(const struct descent *descent)
{
    const struct node *node = descent->node;
    uint8_t scope_len;
    uint16_t first = node->policy->first_by_rule(node, &descent->steering->client->address, &scope_len);
    if (first == UINT16_MAX || !is_available(descent, &node->children[first]))
        return NULL;
    note_scope(descent->decision, scope_len);
    return &node->children[first];
}

static INLINED const struct child *first_in_order(const struct descent *descent)
{
    const struct node *node = descent->node;
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (is_available(descent, &node->children[i]))
            return &node->children[i];
    }
    return NULL;
}

static INLINED const struct child *first_of_list(const struct descent *descent)
{
    const struct node *node = descent->node;
    const struct candidate_list *list = node_list(descent->state, VIEW_HEALTHY, LIST_ANY);
    if (list->count == 0)
        return NULL;
    return &node->children[node->policy->first_of_list(list, descent->draw.ticket)];
}

/* A node over nodes: the one that its policy leads to, or NULL. */
static INLINED const struct child *next(struct descent *descent)
{
    const struct policy *policy = descent->node->policy;
    const struct child *first = NULL;
    if (!take_ticket(descent))
        return NULL;
    if (policy->first_by_rule != NULL)
        first = first_by_rule(descent);
    else if (policy->is_in_order)
        first = first_in_order(descent);
    else if (policy->first_of_list != NULL && descent->state->has_lists)
        first = first_of_list(descent);
    if (first != NULL)
        return first;
    return choose_child(descent->steering, candidates_of(descent), descent->draw, descent->decision);
}

/* Enters a node; false if the walk has to look closer. */
static INLINED bool enter(struct descent *descent, const struct child *child)
{
    const struct snapshot *now = descent->steering->now;
    const struct node *node = dataset_node(now->dataset, child);
    if (node == NULL)
        return false;
    const struct node_state *state = conditions_node(now->conditions, node);
    if (!state->is_available[VIEW_HEALTHY] || state->has_withheld)
        return false;
    descent->node = node;
    descent->state = state;
    if (!node->policy->is_by_rule && state->ttl_cap_s < descent->ttl_cap_s)
        descent->ttl_cap_s = state->ttl_cap_s;
    return true;
}

static INLINED bool descend(struct descent *descent)
{
    const struct child *child = &descent->steering->service->root;
    while (child->kind != CHILD_ENDPOINT) {
        if (!enter(descent, child))
            return false;
        if (descent->node->is_over_endpoints)
            return end(descent);
        child = next(descent);
        if (child == NULL)
            return false;
        descent->draw.random = next_random(descent->draw.random);
    }
    give(descent->steering, child->endpoint, descent->decision);
    return true;
}

/* False: `out` means nothing, and the whole walk has to decide. */
static INLINED bool steer_straight(const struct steering *steering, struct taken_tickets *taken,
                                   struct decision *out)
{
    const struct service *service = steering->service;
    if (service->has_affinity | service->is_cname | service->has_names)
        return false;
    struct descent descent;
    descent.steering = steering;
    descent.taken = taken;
    descent.decision = out;
    descent.ttl_cap_s = TTL_CAP_NONE;
    descent.draw.random = steering->random;
    out->count = 0;
    out->scope_len = 0;
    out->depends_on_client = false;
    if (!descend(&descent))
        return false;
    out->outcome = out->count > 0 ? STEER_ENDPOINTS : STEER_NODATA;
    out->ttl_s = steer_ttl_s(service, descent.ttl_cap_s);
    out->is_all_down = false;
    out->is_unresolved = false;
    out->view = VIEW_HEALTHY;
    return true;
}

INLINED void steer_query(const struct steering *steering, struct decision *out)
{
    struct taken_tickets taken;
    taken.count = taken.used = 0;
    if (!steer_straight(steering, &taken, out))
        steer_from(steering, &taken, out);
}
