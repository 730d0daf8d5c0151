/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a share, the TTL and the scope come from. */
#include "api/explain.h"

#include <stdio.h>
#include <string.h>

/* ---- shares ---- */

static double load_of(const struct candidates *from)
{
    double load = 0;
    for (uint16_t i = 0; i < from->node->child_count; i++)
        load += child_weight(&from->node->children[i], from->conditions);
    return load;
}

bool explain_share(const struct candidates *from, uint16_t ordinal, double *out)
{
    const struct candidate_list *list = from->list;
    *out = 0;
    if (!from->node->policy->is_weighted || list == NULL || list->count == 0)
        return false;
    for (uint16_t i = 0; i < list->count; i++) {
        if (list->index[i] == ordinal)
            *out = (list->cumulative[i] - (i > 0 ? (double)list->cumulative[i - 1] : 0)) /
                   list->cumulative[list->count - 1];
    }
    return true;
}

void explain_say_share(const struct candidates *from, uint16_t ordinal, char *why, size_t size)
{
    const struct child *child = &from->node->children[ordinal];
    uint32_t capacity = child_capacity(child, from->dataset, from->conditions);
    double share;
    size_t used = strlen(why);
    if (child->shed > 0)
        used += (size_t)snprintf(why + used, size - used, "; it sheds %u %%", child->shed);
    if (used >= size || !explain_share(from, ordinal, &share))
        return;
    if (capacity > 0 && share * load_of(from) >= capacity * 0.999)
        snprintf(why + used, size - used, "; it is at its capacity of %u", capacity);
    else if (share <= 0 && child->kind != CHILD_ENDPOINT)
        snprintf(why + used, size - used, "; weight 0: it serves when no other can");
}

/* ---- TTL and scope ---- */

/* The endpoint whose change is nearest. */
static void find_cap(struct explain_steps *steps, const struct node *node)
{
    const struct conditions *conditions = steps->now->conditions;
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        if (child->kind != CHILD_ENDPOINT) {
            const struct node *below = dataset_node(steps->now->dataset, child);
            if (conditions_node(conditions, below)->ttl_cap_s < steps->cap_s)
                find_cap(steps, below);
            continue;
        }
        const struct endpoint_condition *condition = conditions_endpoint(conditions, child->endpoint);
        if (condition == NULL || condition->ttl_cap_s >= steps->cap_s)
            continue;
        steps->cap_s = condition->ttl_cap_s;
        steps->cap_pool = node->name;
        steps->cap_endpoint = endpoint_more(child->endpoint)->name;
    }
}

void explain_note_node(struct explain_steps *steps, const struct trace_step *step)
{
    const struct node *node = step->candidates->node;
    if (!node->policy->is_by_rule)
        find_cap(steps, node);
    if (step->choice->depends_on_client && step->choice->scope_len >= steps->scope_by_len) {
        steps->scope_by_len = step->choice->scope_len;
        steps->scope_by = node->name;
    }
}

static void tell_ttl(struct explain_steps *steps, uint32_t ttl_s)
{
    const struct service *service = steps->service;
    char why[256] = "the service's";
    if (steps->cap_s < service->ttl_s)
        snprintf(why, sizeof why, "a change of %s/%s is %u s away: from the service's %u%s", steps->cap_pool,
                 steps->cap_endpoint, steps->cap_s, service->ttl_s,
                 ttl_s == service->min_ttl_s && steps->cap_s < ttl_s ? " down to its min_ttl" : "");
    writer_string(steps->json, "ttl_why", why);
    text_printf(steps->summary, "ttl %u: %s\n", ttl_s, why);
}

static void tell_scope(struct explain_steps *steps, const struct decision *decision)
{
    char why[640] = "nothing depended on the client";
    if (decision->depends_on_client && steps->scope_by != NULL && steps->scope_by_len == decision->scope_len)
        snprintf(why, sizeof why, "%s told clients apart by their first %u bits", steps->scope_by,
                 decision->scope_len);
    else if (decision->depends_on_client)
        snprintf(why, sizeof why, "affinity: the network of the client, %u bits, draws", decision->scope_len);
    writer_string(steps->json, "scope_why", why);
    text_printf(steps->summary, "scope /%u: %s\n", decision->depends_on_client ? decision->scope_len : 0,
                why);
}

void explain_tell_derivation(struct explain_steps *steps, const struct decision *decision)
{
    if (steps->service == NULL)
        return;
    tell_ttl(steps, decision->ttl_s);
    tell_scope(steps, decision);
}
