/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"
#include "base/inlined.h"
#include "dns/type.h"
#include "policy/first_rule.h"
#include "policy/turn.h"
#include "snapshot/service.h"

/*
 * The short way down a service's tree: it decides, as the walk does, what needs no second thought.  Each node
 * on the way is available and leads at once to what is there, none gives a part of its share away, no
 * hostname has to be known, and nobody draws by the client's network.  Nearly all answers are such, and most
 * of them are one endpoint.  Where a policy has to be asked, it is, and the way goes on from there; from
 * anywhere else the whole walk begins anew, with the tickets that were taken on the short way.
 */

/* Tickets of one answer, in the order in which its walk asks for them. */
struct taken_tickets {
    uint16_t count;
    uint16_t used; /* of these, by the walk */
    uint32_t tickets[NODE_DEPTH_MAX];
};

enum straight_end {
    STRAIGHT_ENDPOINT, /* `endpoint` is the whole answer */
    STRAIGHT_NODATA,   /* it ends at endpoints, and none has an address of the queried family */
    STRAIGHT_ASK,      /* the policy of `node` has to be asked */
    STRAIGHT_LOST,     /* the whole walk has to decide */
};

/* In registers: nothing that is called gets a pointer to it. */
struct straight {
    const struct snapshot *now;
    const struct service *service;
    const struct address *address; /* the client's */
    struct taken_tickets *taken;
    uint16_t qtype;
    int scope_len;           /* -1: so far nothing depended on the client */
    uint16_t depth;          /* nodes entered */
    uint32_t ttl_cap_s;      /* lowest of them */
    const struct node *node; /* entered last */
    const struct node_state *state;
    const struct endpoint *endpoint;
};

/* How far the short way has led. */
struct begun {
    bool is_begun; /* false: nothing else is written */
    enum straight_end end;
    struct straight way;
    struct taken_tickets taken;
};

/* Each node of a walk draws anew. */
static inline uint64_t next_random(uint64_t random)
{
    return random * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/** The whole walk of a service's tree (steer.c), which begins with the tickets that were taken already. */
void steer_from(const struct steering *steering, const struct taken_tickets *taken, struct decision *out);

/** What steer_query does from where the short way has led: asks policies, or walks. */
void steer_on(const struct steering *steering, struct begun *begun, struct decision *out);

static INLINED void straight_note_scope(struct straight *way, uint8_t scope_len)
{
    if (scope_len > way->scope_len)
        way->scope_len = scope_len;
}

/* False: there is no room for another ticket, here or where they are counted. */
static INLINED bool straight_take_ticket(struct straight *way, uint32_t *ticket)
{
    struct taken_tickets *taken = way->taken;
    uint64_t key = ticket_key(way->service->id, way->node->id, way->qtype);
    if (taken->count == NODE_DEPTH_MAX || !ticket_next(way->now->tickets, key, ticket))
        return false;
    taken->tickets[taken->count++] = *ticket;
    return true;
}

/* The child of a list that is not empty: the first one, or whose turn it is; NULL: the policy has to be
 * asked.
 */
static INLINED const struct child *straight_choose(struct straight *way, const struct candidate_list *list)
{
    const struct node *node = way->node;
    uint32_t ticket;
    if (node->policy->is_in_order)
        return &node->children[list->index[0]];
    if (!node->policy->takes_turns)
        return NULL;
    if (list->count == 1) /* whoever is alone needs no turn */
        return &node->children[list->index[0]];
    return straight_take_ticket(way, &ticket) ? &node->children[turn_of(list, ticket)] : NULL;
}

/* At an endpoint, which is available. */
static INLINED enum straight_end straight_arrive(struct straight *way, const struct endpoint *endpoint)
{
    const unsigned wanted = way->qtype == DNS_A      ? FAMILY_V4
                            : way->qtype == DNS_AAAA ? FAMILY_V6
                                                     : FAMILY_V4 | FAMILY_V6;
    way->endpoint = endpoint;
    return endpoint->families & wanted ? STRAIGHT_ENDPOINT : STRAIGHT_NODATA;
}

/* At a node over endpoints: those of the queried family; if it has none of it, that is the answer. */
static INLINED enum straight_end straight_end_at(struct straight *way)
{
    const uint16_t qtype = way->qtype;
    const enum list_family family = qtype == DNS_A ? LIST_V4 : qtype == DNS_AAAA ? LIST_V6 : LIST_ANY;
    const struct candidate_list *list = node_list(way->state, VIEW_HEALTHY, family);
    if (list->count == 0)
        return node_list(way->state, VIEW_HEALTHY, LIST_ANY)->count > 0 ? STRAIGHT_NODATA : STRAIGHT_LOST;
    if (list->count > 1 && way->node->answers > 1)
        return STRAIGHT_ASK;
    const struct child *child = straight_choose(way, list);
    return child != NULL ? straight_arrive(way, child->endpoint) : STRAIGHT_ASK;
}

/* The child of the rule about the client, whether it is available or not. */
static INLINED const struct child *straight_by_rule(struct straight *way)
{
    uint8_t scope_len;
    uint16_t child = first_rule_find(way->node->plan, way->address, &scope_len);
    straight_note_scope(way, scope_len);
    return child != RULE_NO_CHILD ? &way->node->children[child] : NULL;
}

/* The child of any other node over nodes, which is available. */
static INLINED const struct child *straight_next(struct straight *way)
{
    const struct node_state *state = way->state;
    const struct policy *policy = way->node->policy;
    if (!state->has_lists)
        return policy->is_in_order || (policy->takes_turns && state->available_count == 1)
                   ? &way->node->children[state->first_available]
                   : NULL;
    const struct candidate_list *list = node_list(state, VIEW_HEALTHY, LIST_ANY);
    return list->count > 0 ? straight_choose(way, list) : NULL;
}

/** Goes on from `child`. */
static INLINED enum straight_end straight_go(struct straight *way, const struct child *child)
{
    const struct snapshot *now = way->now;
    bool is_by_rule = false; /* chosen by one: it need not be available, and the policy knows another one */
    while (child->kind != CHILD_ENDPOINT) {
        const struct node *node = dataset_node(now->dataset, child);
        if (node == NULL)
            return STRAIGHT_LOST;
        const struct node_state *state = conditions_node(now->conditions, node);
        if (!state->is_available[VIEW_HEALTHY])
            return is_by_rule ? STRAIGHT_ASK : STRAIGHT_LOST;
        if (state->has_withheld)
            return STRAIGHT_LOST;
        way->node = node;
        way->state = state;
        way->depth++;
        is_by_rule = node->policy->is_by_rule;
        if (!is_by_rule && state->ttl_cap_s < way->ttl_cap_s)
            way->ttl_cap_s = state->ttl_cap_s;
        if (node->is_over_endpoints)
            return straight_end_at(way);
        child = is_by_rule ? straight_by_rule(way) : straight_next(way);
        if (child == NULL)
            return STRAIGHT_ASK;
    }
    if (is_by_rule && !child_is_available(child, now->dataset, now->conditions, VIEW_HEALTHY))
        return STRAIGHT_ASK;
    return straight_arrive(way, child->endpoint);
}

/** Begins at the root; `taken` is emptied. */
static INLINED enum straight_end straight_begin(struct straight *way, const struct snapshot *now,
                                                const struct service *service, uint16_t qtype,
                                                const struct address *address, struct taken_tickets *taken)
{
    taken->count = taken->used = 0;
    way->now = now;
    way->service = service;
    way->address = address;
    way->taken = taken;
    way->qtype = qtype;
    way->scope_len = -1;
    way->depth = 0;
    way->ttl_cap_s = TTL_CAP_NONE;
    way->node = NULL;
    way->state = NULL;
    way->endpoint = NULL;
    return straight_go(way, &service->root);
}
