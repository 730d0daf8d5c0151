/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/straight.h"

#include "dns/type.h"
#include "snapshot/service.h"

#define GATHERED_MOST 16 /* children that are looked at one by one; more are left to the walk */

struct descent {
    const struct steering *steering;
    struct taken_tickets *taken;
    struct decision *decision;
    uint32_t ttl_cap_s;
    struct candidates from;
    struct draw draw;
    struct choice choice;
    struct candidate_list gathered;
    uint16_t index[GATHERED_MOST];
    uint32_t cumulative[GATHERED_MOST];
};

/* The available children of a node for which no list lies ready; they count alike. */
static const struct candidate_list *gather(struct descent *descent)
{
    const struct candidates *from = &descent->from;
    uint16_t count = 0;
    for (uint16_t i = 0; i < from->node->child_count; i++) {
        if (count == GATHERED_MOST)
            return NULL;
        if (!child_is_available(&from->node->children[i], from->dataset, from->conditions, VIEW_HEALTHY))
            continue;
        descent->index[count++] = i;
        descent->cumulative[count - 1] = count;
    }
    descent->gathered = (struct candidate_list){ count, descent->index, descent->cumulative, 0 };
    return &descent->gathered;
}

/* The draw at this node; false if there are too many to keep. */
static bool take_ticket(struct descent *descent)
{
    const struct steering *steering = descent->steering;
    struct taken_tickets *taken = descent->taken;
    if (taken->count == NODE_DEPTH_MAX)
        return false;
    uint64_t key = ticket_key(steering->service->id, descent->from.node->id, steering->qtype);
    descent->draw.ticket = ticket_take(steering->now->tickets, key, descent->draw.random);
    taken->tickets[taken->count++] = descent->draw.ticket;
    return true;
}

/* Asks the policy of the node for up to `most` children; false if it names none. */
static bool choose(struct descent *descent, uint16_t most)
{
    const struct policy *policy = descent->from.node->policy;
    struct choice *choice = &descent->choice;
    if (policy->needs_ticket && !take_ticket(descent))
        return false;
    choice->count = 0;
    choice->scope_len = 0;
    choice->depends_on_client = false;
    policy->choose(&descent->from, descent->steering->client, &descent->draw, most, choice);
    descent->draw.random = next_random(descent->draw.random);
    if (choice->depends_on_client) {
        descent->decision->depends_on_client = true;
        if (choice->scope_len > descent->decision->scope_len)
            descent->decision->scope_len = choice->scope_len;
    }
    return choice->count > 0;
}

static void give(struct descent *descent, const struct endpoint *endpoint)
{
    const uint16_t qtype = descent->steering->qtype;
    const unsigned wanted = qtype == DNS_A      ? FAMILY_V4
                            : qtype == DNS_AAAA ? FAMILY_V6
                                                : FAMILY_V4 | FAMILY_V6;
    if (endpoint->families & wanted)
        descent->decision->endpoints[descent->decision->count++] = endpoint;
}

/* A node over endpoints: up to `answers` of the queried family; if it has none of it, that is the answer. */
static bool end(struct descent *descent)
{
    struct candidates *from = &descent->from;
    const uint16_t qtype = descent->steering->qtype;
    const enum list_family family = qtype == DNS_A ? LIST_V4 : qtype == DNS_AAAA ? LIST_V6 : LIST_ANY;
    from->list = node_list(from->state, VIEW_HEALTHY, family);
    if (from->list->count == 0)
        return node_list(from->state, VIEW_HEALTHY, LIST_ANY)->count > 0;
    if (!choose(descent, from->node->answers))
        return false;
    for (uint16_t i = 0; i < descent->choice.count; i++)
        give(descent, from->node->children[descent->choice.index[i]].endpoint);
    return true;
}

/* A node over nodes: the one that its policy leads to, or NULL. */
static const struct child *next(struct descent *descent)
{
    struct candidates *from = &descent->from;
    if (!from->node->policy->is_by_rule) {
        from->list =
            from->state->has_lists ? node_list(from->state, VIEW_HEALTHY, LIST_ANY) : gather(descent);
        if (from->list == NULL || from->list->count == 0)
            return NULL;
    }
    return choose(descent, 1) ? &from->node->children[descent->choice.index[0]] : NULL;
}

/* Enters a node; false if the walk has to look closer. */
static bool enter(struct descent *descent, const struct child *child)
{
    struct candidates *from = &descent->from;
    from->node = dataset_node(from->dataset, child);
    if (from->node == NULL)
        return false;
    from->state = conditions_node(from->conditions, from->node);
    if (!from->state->is_available[VIEW_HEALTHY] || from->state->has_withheld)
        return false;
    if (!from->node->policy->is_by_rule && from->state->ttl_cap_s < descent->ttl_cap_s)
        descent->ttl_cap_s = from->state->ttl_cap_s;
    return true;
}

static bool descend(struct descent *descent)
{
    const struct child *child = &descent->steering->service->root;
    while (child->kind != CHILD_ENDPOINT) {
        if (!enter(descent, child))
            return false;
        if (descent->from.node->is_over_endpoints)
            return end(descent);
        child = next(descent);
        if (child == NULL)
            return false;
    }
    give(descent, child->endpoint);
    return true;
}

bool steer_straight(const struct steering *steering, struct decision *out, struct taken_tickets *taken)
{
    const struct service *service = steering->service;
    struct descent descent;
    if (service->has_affinity | service->is_cname | service->has_names)
        return false;
    descent.steering = steering;
    descent.taken = taken;
    descent.decision = out;
    descent.ttl_cap_s = TTL_CAP_NONE;
    descent.draw.random = steering->random;
    descent.from.dataset = steering->now->dataset;
    descent.from.conditions = steering->now->conditions;
    descent.from.view = VIEW_HEALTHY;
    descent.from.list = NULL;
    descent.from.excluded_count = 0;
    descent.from.has_missed = NULL;
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
