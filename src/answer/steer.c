/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/steer.h"

#include "answer/straight.h"
#include "dns/type.h"
#include "snapshot/service.h"

/* Nodes visited in one view at most.  Only trees of hundreds of maps that leave the client out come near. */
#define VISITS_MAX 2048

/* One walk down the tree in one view. */
struct walk {
    const struct steering *steering;
    struct decision *decision;
    enum view view;
    uint64_t random;
    uint64_t client_hash; /* of a service with affinity */
    uint32_t ttl_cap_s;
    uint32_t visit_count;
    struct taken_tickets taken;
    bool has_missed;     /* something was unavailable: else the client is outside of every map */
    bool has_unresolved; /* a hostname without addresses was among it */
};

/* Candidates of a node over nodes, made from its children's bits. */
struct gathered {
    struct candidate_list list;
    uint16_t index[NODE_CHILDREN_MAX];
    uint32_t cumulative[NODE_CHILDREN_MAX];
};

/* Only if somebody listens. */
static void tell(const struct walk *walk, const struct trace_step *step)
{
    walk->steering->trace->step(walk->steering->trace, step);
}

static uint8_t family_bit(uint16_t qtype)
{
    if (qtype == DNS_A)
        return FAMILY_V4;
    return qtype == DNS_AAAA ? FAMILY_V6 : FAMILY_V4 | FAMILY_V6;
}

/* Hostnames have no family: a service of nothing but hostnames answers every type with one.  Where their
 * addresses are answered, those without any are in no list of a family. */
static const struct candidate_list *list_of_type(const struct steering *steering,
                                                 const struct node_state *state, enum view view)
{
    const struct candidate_list *v4 = node_list(state, view, LIST_V4), *v6 = node_list(state, view, LIST_V6);
    uint16_t qtype = steering->service->is_cname ? DNS_CNAME : steering->qtype;
    if (qtype == DNS_A)
        return v4;
    if (qtype == DNS_AAAA)
        return v6;
    if (!steering->service->has_names)
        return node_list(state, view, LIST_ANY);
    return v4->count > 0 ? v4 : v6;
}

/* True for a hostname whose addresses are to be answered and not known: another endpoint has to serve. */
static bool is_unresolved(struct walk *walk, const struct endpoint *endpoint)
{
    const struct steering *steering = walk->steering;
    if (!endpoint_is_name(endpoint) || steering->service->is_cname ||
        conditions_families(steering->now->conditions, endpoint) != 0)
        return false;
    walk->has_missed = walk->has_unresolved = true;
    return true;
}

static void lower_ttl_cap(struct walk *walk, uint32_t cap_s)
{
    if (cap_s < walk->ttl_cap_s)
        walk->ttl_cap_s = cap_s;
}

static void give(struct walk *walk, const struct endpoint *endpoint)
{
    struct decision *decision = walk->decision;
    const struct steering *steering = walk->steering;
    uint8_t families = endpoint->families;
    if (endpoint_is_name(endpoint))
        families = steering->service->is_cname ? FAMILY_V4 | FAMILY_V6
                                               : conditions_families(steering->now->conditions, endpoint);
    if ((families & family_bit(steering->qtype)) != 0 && decision->count < CHOICE_MAX)
        decision->endpoints[decision->count++] = endpoint;
}

static void gather_one(struct gathered *out, uint16_t ordinal, uint32_t weight)
{
    uint16_t at = out->list.count++;
    out->index[at] = ordinal;
    out->cumulative[at] = (at > 0 ? out->cumulative[at - 1] : 0) + weight;
}

static bool is_excluded(const struct candidates *from, uint16_t ordinal)
{
    for (uint16_t i = 0; i < from->excluded_count; i++) {
        if (from->excluded[i] == ordinal)
            return true;
    }
    return false;
}

/* What is left of a ready list. */
static void gather_rest(const struct candidates *from, const struct candidate_list *list,
                        struct gathered *out)
{
    uint32_t before = 0;
    for (uint16_t i = 0; i < list->count && out->list.count < NODE_CHILDREN_MAX; i++) {
        if (!is_excluded(from, list->index[i]))
            gather_one(out, list->index[i], list->cumulative[i] - before);
        before = list->cumulative[i];
    }
}

/* All that is available, alike. */
static void gather_children(struct walk *walk, const struct candidates *from, struct gathered *out)
{
    const struct node *node = from->node;
    for (uint16_t i = 0; i < node->child_count && out->list.count < NODE_CHILDREN_MAX; i++) {
        const struct child *child = &node->children[i];
        if (child->kind != CHILD_ENDPOINT)
            lower_ttl_cap(walk,
                          conditions_node(from->conditions, dataset_node(from->dataset, child))->ttl_cap_s);
        if (candidates_has(from, i))
            gather_one(out, i, 1);
    }
}

/* Of a weighted node the ready list, as long as nothing is excluded; without its members come those of weight
 * 0, which it leaves out. */
static const struct candidate_list *gather(struct walk *walk, const struct candidates *from,
                                           struct gathered *out)
{
    const struct candidate_list *ready = node_list(from->state, walk->view, LIST_ANY);
    if (from->state->has_lists && from->excluded_count == 0)
        return ready;
    out->list = (struct candidate_list){ .index = out->index, .cumulative = out->cumulative };
    if (from->state->has_lists)
        gather_rest(from, ready, out);
    if (out->list.count == 0)
        gather_children(walk, from, out);
    return &out->list;
}

/* In place of a ticket what the client's network draws, at each node anew. */
static uint32_t client_ticket(const struct walk *walk, const struct node *node)
{
    uint64_t bits = (walk->client_hash ^ node->id) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(bits >> 32);
}

static uint32_t next_ticket(struct walk *walk, uint64_t key, uint64_t random)
{
    const struct steering *steering = walk->steering;
    struct tickets *tickets = steering->now->tickets;
    if (walk->taken.used < walk->taken.count)
        return walk->taken.tickets[walk->taken.used++];
    uint32_t ticket = steering->peeks ? ticket_peek(tickets, key) : ticket_take(tickets, key, random);
    return steering->draws != NULL ? draw_log_pass(steering->draws, ticket) : ticket;
}

static struct draw draw_for(struct walk *walk, const struct candidates *from)
{
    const struct steering *steering = walk->steering;
    const struct node *node = from->node;
    struct draw draw = { .random = walk->random };
    walk->random = next_random(walk->random);
    if (!node->policy->needs_ticket || from->list->count == 1) /* whoever is alone needs no turn */
        return draw;
    if (steering->service->has_affinity) {
        draw.ticket = client_ticket(walk, node);
        return draw;
    }
    draw.ticket =
        next_ticket(walk, ticket_key(steering->service->id, node->id, steering->qtype), draw.random);
    return draw;
}

/* True if it is this child's turn to give an answer that would be its to a sibling. */
static bool gives_away(const struct candidates *from, uint16_t ordinal, uint32_t ticket)
{
    uint32_t withheld = child_withheld(&from->node->children[ordinal], from->conditions);
    if (withheld == 0)
        return false;
    uint64_t fraction = ticket * UINT64_C(0x9e3779b97f4a7c15) + ordinal * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(((fraction >> 32) * WHOLE) >> 32) < withheld;
}

/* Of a choice in order the first `most` that keep it; if nobody does, the first. */
static void keep_first(const struct candidates *from, uint32_t ticket, uint16_t most, struct choice *choice)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < choice->count && count < most; i++) {
        if (!gives_away(from, choice->index[i], ticket))
            choice->index[count++] = choice->index[i];
    }
    choice->count = count > 0 ? count : choice->count < most ? choice->count : most;
}

/* A rule gives one child and no order: what that gives away is the next rule's. */
static void keep_by_rule(const struct walk *walk, const struct candidates *from, const struct draw *draw,
                         uint32_t ticket, struct choice *choice)
{
    uint16_t excluded[NODE_CHILDREN_MAX + 1];
    struct candidates others = *from;
    struct choice other = { .count = 0 };
    if (!gives_away(from, choice->index[0], ticket))
        return;
    for (uint16_t i = 0; i < from->excluded_count; i++)
        excluded[i] = from->excluded[i];
    excluded[others.excluded_count++] = choice->index[0];
    others.excluded = excluded;
    others.has_missed = NULL;
    from->node->policy->choose(&others, walk->steering->client, draw, 1, &other);
    if (other.count > 0)
        *choice = other;
}

/* Shedding and ramps where there are no weights: some answers go to whom they would go without the child. */
static void give_some_away(struct walk *walk, const struct candidates *from, const struct draw *draw,
                           uint16_t most, struct choice *choice)
{
    const struct steering *steering = walk->steering;
    uint64_t key = ticket_key(steering->service->id, from->node->id, steering->qtype | 0x8000);
    uint32_t ticket = steering->service->has_affinity ? ~client_ticket(walk, from->node)
                                                      : next_ticket(walk, key, draw->random);
    if (from->node->policy->is_by_rule)
        keep_by_rule(walk, from, draw, ticket, choice);
    else
        keep_first(from, ticket, most, choice);
}

/* Whoever listens may ask for children without a trace of it in the walk. */
static void tell_choice(const struct walk *walk, const struct candidates *from, unsigned depth,
                        const struct draw *draw, const struct choice *choice)
{
    struct candidates shown = *from;
    shown.has_missed = NULL;
    tell(walk, &(struct trace_step){ .kind = choice->count > 0 ? TRACE_NODE : TRACE_EMPTY,
                                     .depth = depth,
                                     .view = walk->view,
                                     .candidates = &shown,
                                     .draw = draw,
                                     .choice = choice });
}

/* Asks the policy once. */
static void choose(struct walk *walk, const struct candidates *from, unsigned depth, struct choice *choice)
{
    const struct node *node = from->node;
    *choice = (struct choice){ .count = 0 };
    struct draw draw = draw_for(walk, from);
    uint16_t most = node->is_over_endpoints ? node->answers : 1;
    bool is_giving = from->state->has_withheld && walk->view == VIEW_HEALTHY;
    node->policy->choose(from, walk->steering->client, &draw, is_giving ? CHOICE_MAX : most, choice);
    if (is_giving && choice->count > 0)
        give_some_away(walk, from, &draw, most, choice);
    if (choice->depends_on_client) {
        walk->decision->depends_on_client = true;
        if (choice->scope_len > walk->decision->scope_len)
            walk->decision->scope_len = choice->scope_len;
    }
    if (walk->steering->trace != NULL)
        tell_choice(walk, from, depth, &draw, choice);
}

static bool walk_node(struct walk *walk, const struct node *node, unsigned depth);

static bool walk_child(struct walk *walk, const struct child *child, unsigned depth)
{
    if (child->kind == CHILD_ENDPOINT) {
        if (is_unresolved(walk, child->endpoint))
            return false;
        give(walk, child->endpoint);
        return true;
    }
    const struct node *node = dataset_node(walk->steering->now->dataset, child);
    return node != NULL && walk_node(walk, node, depth);
}

/* A node whose children are endpoints: up to `answers` of them, of the queried family. */
static bool walk_endpoints(struct walk *walk, struct candidates *from, unsigned depth)
{
    const struct candidate_list *all = node_list(from->state, walk->view, LIST_ANY);
    struct choice choice;
    if (all->count == 0) {
        walk->has_missed = true;
        return false;
    }
    if (walk->steering->service->has_names && node_list(from->state, walk->view, LIST_V4)->count == 0 &&
        node_list(from->state, walk->view, LIST_V6)->count == 0) {
        walk->has_missed = walk->has_unresolved = true;
        return false;
    }
    const struct candidate_list *of_family = list_of_type(walk->steering, from->state, walk->view);
    if (of_family->count == 0)
        return true; /* available, but nothing of this family: NODATA */
    /* a client keeps its endpoint in A and AAAA, if that has both */
    bool has_affinity = walk->steering->service->has_affinity;
    for (from->list = has_affinity ? all : of_family;; from->list = of_family) {
        choose(walk, from, depth, &choice);
        for (uint16_t i = 0; i < choice.count; i++)
            give(walk, from->node->children[choice.index[i]].endpoint);
        if (from->list == of_family || walk->decision->count > 0)
            return choice.count > 0;
    }
}

/* A node over nodes: one child; if that has nothing for this client, another one. */
static bool walk_children(struct walk *walk, const struct candidates *node_candidates, unsigned depth)
{
    uint16_t excluded[NODE_CHILDREN_MAX];
    struct gathered gathered;
    struct choice choice;
    struct candidates from = *node_candidates;
    from.excluded = excluded;
    while (from.excluded_count < NODE_CHILDREN_MAX) {
        if (!from.node->policy->is_by_rule) {
            from.list = gather(walk, &from, &gathered);
            if (from.list->count == 0)
                return false;
        }
        choose(walk, &from, depth, &choice);
        if (choice.count == 0)
            return false;
        if (walk_child(walk, &from.node->children[choice.index[0]], depth + 1))
            return true;
        excluded[from.excluded_count++] = choice.index[0];
    }
    return false;
}

static bool walk_node(struct walk *walk, const struct node *node, unsigned depth)
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
        return false;
    }
    if (!node->policy->is_by_rule) /* what other clients are led to says nothing about this answer */
        lower_ttl_cap(walk, from.state->ttl_cap_s);
    return node->is_over_endpoints ? walk_endpoints(walk, &from, depth) : walk_children(walk, &from, depth);
}

/* Walks the whole tree in one view; false if it has nothing at all to give. */
static bool try_view(struct walk *walk, const struct child *root, enum view view)
{
    struct decision *decision = walk->decision;
    walk->view = view;
    decision->view = view;
    decision->count = 0;
    walk->visit_count = 0;
    if (walk->steering->trace != NULL)
        tell(walk, &(struct trace_step){ .kind = TRACE_VIEW, .view = view });
    return walk_child(walk, root, 0);
}

static bool try_views(struct walk *walk, const struct child *root, enum view from)
{
    for (enum view view = from; view < VIEW_COUNT; view++) {
        if (try_view(walk, root, view))
            return true;
    }
    return false;
}

/* What the service says about the case that nothing is available.  For a client outside of the map nothing
 * was to be available: NODATA. */
static bool all_down(struct walk *walk)
{
    const struct service *service = walk->steering->service;
    if (!walk->has_missed)
        return false;
    walk->decision->is_all_down = true;
    switch ((enum all_down)service->when_all_down) {
    case ALL_DOWN_SERVE_ALL: return try_views(walk, &service->root, VIEW_UNHELD);
    case ALL_DOWN_TARGET: return try_views(walk, &service->more->sorry, VIEW_HEALTHY);
    case ALL_DOWN_SERVFAIL: walk->decision->outcome = STEER_SERVFAIL; return false;
    case ALL_DOWN_NODATA: return false;
    }
    return false;
}

/* The whole way, through all that may be down, held, withheld or outside of the map. */
static void steer_around(struct walk *walk, struct decision *out)
{
    const struct steering *steering = walk->steering;
    const struct service *service = steering->service;
    out->outcome = STEER_NODATA;
    out->count = 0;
    out->scope_len = 0;
    out->depends_on_client = service->has_affinity;
    if (service->has_affinity)
        walk->client_hash = walk->random = client_network_hash(steering->client, &out->scope_len);
    out->is_all_down = false;
    if (!try_view(walk, &service->root, VIEW_HEALTHY) && !all_down(walk))
        out->count = 0;
    if (out->count > 0)
        out->outcome = STEER_ENDPOINTS;
    else if (walk->has_unresolved && service->when_all_down != ALL_DOWN_NODATA)
        out->outcome = STEER_SERVFAIL; /* there is an answer, but it is not known */
    out->is_unresolved = out->count == 0 && walk->has_unresolved;
    out->ttl_s = steer_ttl_s(service, walk->ttl_cap_s);
    if (steering->trace != NULL)
        tell(walk, &(struct trace_step){ .kind = TRACE_RESULT, .decision = out });
}

void steer_from(const struct steering *steering, const struct taken_tickets *taken, struct decision *out)
{
    struct walk walk;
    walk.steering = steering;
    walk.decision = out;
    walk.random = steering->random;
    walk.client_hash = 0;
    walk.ttl_cap_s = TTL_CAP_NONE;
    walk.taken = *taken;
    walk.has_missed = walk.has_unresolved = false;
    steer_around(&walk, out);
}

void steer(const struct steering *steering, struct decision *out)
{
    steer_from(steering, &(struct taken_tickets){ .count = 0 }, out);
}
