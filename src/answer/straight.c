/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/straight.h"

#define GATHERED_MOST 16 /* children that are looked at one by one; more are left to the walk */

/* Where the first choice is not enough: the short way goes on through policies that are asked. */
struct gathered {
    struct candidate_list list;
    uint16_t index[GATHERED_MOST];
    uint32_t cumulative[GATHERED_MOST];
};

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
    out->list = (struct candidate_list){ .count = count, .index = out->index, .cumulative = out->cumulative };
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

/* The draw at the node entered last; false: it needs one ticket more than there is room for. */
static bool draw_for(const struct steering *steering, const struct straight *way,
                     const struct candidates *from, struct draw *out)
{
    struct taken_tickets *taken = way->taken;
    const struct node *node = way->node;
    out->ticket = 0;
    out->random = steering->random;
    for (unsigned i = 1; i < way->depth; i++)
        out->random = next_random(out->random);
    if (!node->policy->needs_ticket || from->list->count == 1)
        return true;
    if (taken->count == NODE_DEPTH_MAX)
        return false;
    uint64_t key = ticket_key(steering->service->id, node->id, steering->qtype);
    out->ticket = ticket_take(steering->now->tickets, key, out->random);
    taken->tickets[taken->count++] = out->ticket;
    return true;
}

/* Asks the policy of the node entered last for at most `most` children; false: none that is plain to see. */
static bool ask(const struct steering *steering, struct straight *way, uint16_t most, struct choice *choice)
{
    struct candidates from = { .node = way->node,
                               .state = way->state,
                               .dataset = steering->now->dataset,
                               .conditions = steering->now->conditions,
                               .view = VIEW_HEALTHY };
    const uint16_t qtype = steering->qtype;
    const enum list_family family = qtype == DNS_A ? LIST_V4 : qtype == DNS_AAAA ? LIST_V6 : LIST_ANY;
    struct gathered gathered;
    struct draw draw;
    *choice = (struct choice){ .count = 0 };
    if (way->node->is_over_endpoints)
        from.list = node_list(way->state, VIEW_HEALTHY, family);
    else if (!list_children(&from, &gathered))
        return false;
    if (!draw_for(steering, way, &from, &draw))
        return false;
    way->node->policy->choose(&from, steering->client, &draw, most, choice);
    if (choice->depends_on_client)
        straight_note_scope(way, choice->scope_len);
    return choice->count > 0;
}

/* The end of a way on which policies had to be asked; the endpoints are written to `out`. */
static enum straight_end go_on(const struct steering *steering, struct begun *begun, struct decision *out)
{
    struct straight *way = &begun->way;
    enum straight_end end = begun->end;
    struct choice choice;
    while (end == STRAIGHT_ASK && !way->node->is_over_endpoints) {
        if (!ask(steering, way, 1, &choice))
            return STRAIGHT_LOST;
        end = straight_go(way, &way->node->children[choice.index[0]]);
    }
    out->count = 0;
    if (end == STRAIGHT_ENDPOINT)
        out->endpoints[out->count++] = way->endpoint;
    if (end != STRAIGHT_ASK)
        return end;
    const struct node *pool = way->node;
    if (!ask(steering, way, pool->answers, &choice))
        return STRAIGHT_LOST;
    for (uint16_t i = 0; i < choice.count; i++) {
        if (straight_arrive(way, pool->children[choice.index[i]].endpoint) == STRAIGHT_ENDPOINT)
            out->endpoints[out->count++] = way->endpoint;
    }
    return out->count > 0 ? STRAIGHT_ENDPOINT : STRAIGHT_NODATA;
}

void steer_on(const struct steering *steering, struct begun *begun, struct decision *out)
{
    const struct straight *way = &begun->way;
    if (go_on(steering, begun, out) == STRAIGHT_LOST) {
        steer_from(steering, &begun->taken, out);
        return;
    }
    out->outcome = out->count > 0 ? STEER_ENDPOINTS : STEER_NODATA;
    out->ttl_s = steer_ttl_s(steering->service, way->ttl_cap_s);
    out->depends_on_client = way->scope_len >= 0;
    out->scope_len = way->scope_len > 0 ? (uint8_t)way->scope_len : 0;
    out->is_all_down = false;
    out->is_unresolved = false;
    out->view = VIEW_HEALTHY;
}

void steer_query(const struct steering *steering, struct decision *out)
{
    struct begun begun;
    if (steering->service->unusual != 0) {
        steer(steering, out);
        return;
    }
    struct straight way;
    begun.end = straight_begin(&way, steering->now, steering->service, steering->qtype,
                               &steering->client->address, &begun.taken);
    begun.way = way;
    steer_on(steering, &begun, out);
}
