/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/reference_policies.h"

/* The naive decision, its end: walking the tree. */

/* ---- the walk ---- */

/* What it has addresses of; a hostname that is answered with a CNAME needs none. */
static inline uint8_t naive_families(const struct reference *reference, const struct endpoint *endpoint)
{
    if (endpoint_more(endpoint)->hostname == NULL)
        return endpoint->families;
    if (reference->steering->service->is_cname)
        return FAMILY_V4 | FAMILY_V6;
    return reference->forest->name_families[endpoint->name_id - 1];
}

static inline uint8_t naive_wanted(const struct reference *reference)
{
    uint16_t qtype = reference->steering->qtype;
    return qtype == DNS_A ? FAMILY_V4 : qtype == DNS_AAAA ? FAMILY_V6 : FAMILY_V4 | FAMILY_V6;
}

static inline void naive_give(struct reference *reference, const struct endpoint *endpoint)
{
    if ((naive_families(reference, endpoint) & naive_wanted(reference)) != 0)
        reference->decision.endpoints[reference->decision.count++] = endpoint;
}

/* Who is there, of these families or (0) whatever it has; a weight of 0 counts only when there is no other.
 */
static inline struct naive_list naive_candidates(const struct reference *reference, const struct node *node,
                                                 uint8_t families, const bool *is_excluded)
{
    struct naive_list list = { .count = 0 };
    bool has_weight = false;
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        if (is_excluded[i] || !naive_has(reference, child, reference->view) ||
            (families != 0 && (naive_families(reference, child->endpoint) & families) == 0))
            continue;
        uint32_t weight = node->policy->is_weighted ? naive_weight(reference, child) : 1;
        has_weight |= weight > 0;
        list.ordinal[list.count] = i;
        list.weight[list.count++] = weight;
    }
    for (size_t i = list.count; i-- > 0;) {
        if (list.weight[i] == 0 && has_weight)
            naive_remove(&list, i);
        else if (list.weight[i] == 0)
            list.weight[i] = 1;
    }
    return list;
}

static inline bool naive_walk(struct reference *reference, const struct child *child);

static inline bool naive_pool(struct reference *reference, const struct node *node)
{
    static const bool nobody[CHILDREN_MOST];
    const struct service *service = reference->steering->service;
    uint8_t wanted = naive_wanted(reference);
    bool has_v4 = naive_candidates(reference, node, FAMILY_V4, nobody).count > 0;
    bool has_v6 = naive_candidates(reference, node, FAMILY_V6, nobody).count > 0;
    bool has_any = naive_candidates(reference, node, 0, nobody).count > 0;
    bool is_any = service->is_cname || (!service->has_names && wanted == (FAMILY_V4 | FAMILY_V6));
    if (!has_any || (service->has_names && !has_v4 && !has_v6)) {
        reference->has_met_down = true;
        reference->has_unresolved |= has_any;
        return false;
    }
    if (service->has_names && wanted == (FAMILY_V4 | FAMILY_V6))
        wanted = has_v4 ? FAMILY_V4 : FAMILY_V6;
    struct naive_list list = naive_candidates(reference, node, is_any ? 0 : wanted, nobody);
    if (list.count == 0)
        return true; /* it stands, but has nothing of the family */
    if (service->has_affinity) {
        struct naive_list all = naive_candidates(reference, node, 0, nobody);
        naive_order(reference, node, &all, true);
        for (size_t i = 0; i < all.count && i < node->answers; i++)
            naive_give(reference, node->children[all.ordinal[i]].endpoint);
        if (reference->decision.count > 0 || is_any)
            return true;
    }
    naive_order(reference, node, &list, true);
    for (size_t i = 0; i < list.count && i < node->answers; i++)
        naive_give(reference, node->children[list.ordinal[i]].endpoint);
    return true;
}

struct chain_level {
    const struct reference *reference;
    const struct chain *chain, *of_points;
    size_t level;
};

static inline bool chain_differs(const struct reference *reference, size_t point, const void *context)
{
    const struct chain_level *level = context;
    const struct chain *other = &level->of_points[point];
    (void)reference;
    size_t mine = level->chain->length < level->level + 1 ? level->chain->length : level->level + 1;
    size_t its = other->length < level->level + 1 ? other->length : level->level + 1;
    return mine != its || memcmp(level->chain->child, other->child, mine * sizeof *other->child) != 0;
}

/* The first level from `level` on whose child is there. */
static inline size_t naive_level(struct reference *reference, const struct node *node,
                                 const struct chain *chain, const bool *is_excluded, size_t level)
{
    while (level < chain->length &&
           (is_excluded[chain->child[level]] ||
            !naive_has(reference, &node->children[chain->child[level]], reference->view))) {
        reference->has_met_down |= !is_excluded[chain->child[level]];
        level++;
    }
    return level;
}

static inline void naive_geo_scope(struct reference *reference, const struct node *node,
                                   const struct chain *chain, size_t level)
{
    struct chain_level at = { reference, chain, reference->chains[node->id], level };
    if (level == chain->length && level > 0) {
        /* the end of a chain is seen one level further, if any address has one there */
        at.level = level - 1;
        for (size_t i = 0; i < reference->point_count; i++)
            if (at.of_points[i].length > level)
                at.level = level;
    }
    naive_depends(reference,
                  naive_scope(reference, &reference->steering->client->address, chain_differs, &at));
}

static inline bool naive_geo(struct reference *reference, const struct node *node)
{
    struct chain chain = naive_chain(reference->forest, node->id, &reference->steering->client->address);
    bool is_excluded[CHILDREN_MOST] = { false };
    for (;;) {
        size_t level = naive_level(reference, node, &chain, is_excluded, 0);
        reference->random = reference->random * UINT64_C(0x9e3779b97f4a7c15) + 1;
        naive_geo_scope(reference, node, &chain, level);
        if (level == chain.length)
            return false;
        uint32_t ticket =
            naive_is_giving(reference, node) ? naive_ticket(reference, reference->gifts, node) : 0;
        if (naive_is_giving(reference, node) && naive_gives(node, chain.child[level], ticket)) {
            bool has_met_down = reference->has_met_down;
            size_t next = naive_level(reference, node, &chain, is_excluded, level + 1);
            reference->has_met_down = has_met_down;
            if (next < chain.length) {
                level = next;
                naive_geo_scope(reference, node, &chain, level);
            }
        }
        if (naive_walk(reference, &node->children[chain.child[level]]))
            return true;
        is_excluded[chain.child[level]] = true;
    }
}

static inline bool naive_walk(struct reference *reference, const struct child *child)
{
    if (child->kind == CHILD_ENDPOINT && naive_families(reference, child->endpoint) == 0) {
        reference->has_met_down = reference->has_unresolved = true;
        return false;
    }
    if (child->kind == CHILD_ENDPOINT) {
        naive_give(reference, child->endpoint);
        return true;
    }
    const struct node *node = node_below(reference, child);
    bool is_excluded[CHILDREN_MOST] = { false };
    if (!naive_has(reference, child, reference->view)) {
        reference->has_met_down = true;
        return false;
    }
    if (!node->policy->is_by_rule) {
        uint32_t cap_s = naive_cap(reference, child);
        reference->cap_s = cap_s < reference->cap_s ? cap_s : reference->cap_s;
    }
    if (node->is_over_endpoints)
        return naive_pool(reference, node);
    if (node->policy->is_by_rule)
        return naive_geo(reference, node);
    for (uint16_t tries = 0; tries <= node->child_count; tries++) {
        struct naive_list list = naive_candidates(reference, node, 0, is_excluded);
        if (list.count == 0) {
            reference->has_met_down |= tries < node->child_count;
            return false;
        }
        naive_order(reference, node, &list, tries == 0);
        if (naive_walk(reference, &node->children[list.ordinal[0]]))
            return true;
        is_excluded[list.ordinal[0]] = true;
    }
    return false;
}

static inline bool naive_try(struct reference *reference, const struct child *root, int view)
{
    for (; view < VIEW_COUNT; view++) {
        reference->view = reference->decision.view = (enum view)view;
        reference->decision.count = 0;
        if (naive_walk(reference, root))
            return true;
    }
    return false;
}

static inline struct decision reference_decide(struct reference *reference, const struct steering *steering)
{
    const struct service *service = steering->service;
    struct decision *decision = &reference->decision;
    reference->steering = steering;
    reference->random = steering->random;
    reference->cap_s = TTL_CAP_NONE;
    reference->has_met_down = reference->has_unresolved = false;
    *decision = (struct decision){ .outcome = STEER_NODATA };
    if (service->has_affinity) {
        uint8_t length;
        reference->client_hash = reference->random = naive_network(steering->client, &length);
        naive_depends(reference, length);
    }
    reference->view = VIEW_HEALTHY;
    bool is_found = naive_walk(reference, &service->root);
    if (!is_found && reference->has_met_down) {
        decision->is_all_down = true;
        if (service->when_all_down == ALL_DOWN_SERVFAIL)
            decision->outcome = STEER_SERVFAIL;
        else if (service->when_all_down == ALL_DOWN_SERVE_ALL)
            is_found = naive_try(reference, &service->root, VIEW_UNHELD);
        else if (service->when_all_down == ALL_DOWN_TARGET)
            is_found = naive_try(reference, &service->more->sorry, VIEW_HEALTHY);
    }
    if (!is_found)
        decision->count = 0;
    if (decision->count > 0)
        decision->outcome = STEER_ENDPOINTS;
    else if (reference->has_unresolved && service->when_all_down != ALL_DOWN_NODATA)
        decision->outcome = STEER_SERVFAIL;
    decision->ttl_s = service->ttl_s;
    if (reference->cap_s < service->ttl_s)
        decision->ttl_s = reference->cap_s > service->min_ttl_s ? reference->cap_s : service->min_ttl_s;
    return *decision;
}

static inline void reference_open(struct reference *reference, const struct forest *forest)
{
    *reference = (struct reference){ .forest = forest };
    for (int i = 0; i < PLACES; i++)
        add_points(reference, &forest->places[i]);
    for (uint32_t id = 0; id < NODES; id++)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (forest->rules[id][i].prefix.address.family != ADDRESS_NONE)
                add_points(reference, &forest->rules[id][i].prefix);
    for (uint32_t id = 0; id < NODES; id++) {
        reference->favourite[id] = UINT16_MAX;
        if (forest->rule_count[id] == 0)
            continue;
        reference->chains[id] = xcalloc(reference->point_count, sizeof *reference->chains[id]);
        for (size_t i = 0; i < reference->point_count; i++)
            reference->chains[id][i] = naive_chain(forest, id, &reference->points[i]);
    }
    reference_settle(reference);
}

static inline void reference_close(struct reference *reference)
{
    for (uint32_t id = 0; id < NODES; id++)
        free(reference->chains[id]);
}
