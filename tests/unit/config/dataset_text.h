/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "policy/policy.h"
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* A dataset as text, without the numbers that depend on its history: equal texts answer alike. */
struct dataset_text {
    const struct dataset *dataset;
    char **lines;
    size_t count;
};

static inline void dataset_text_node(const struct dataset_text *all, const struct node *node,
                                     struct text *out);

static inline void dataset_text_endpoint(const struct endpoint *endpoint, struct text *out)
{
    char hostname[DNS_NAME_TEXT_SIZE] = "", name[ENDPOINT_NAME_SIZE];
    if (endpoint_more(endpoint)->hostname != NULL)
        dns_name_format_wire(endpoint_more(endpoint)->hostname, hostname);
    text_printf(out, "endpoint %s weight %u families %u %02x%02x %s%s", endpoint_name(endpoint, name),
                endpoint->weight, endpoint->families, endpoint->ipv4[3], endpoint_more(endpoint)->ipv6[15],
                hostname, endpoint->slot != SLOT_NONE ? " slot" : "");
}

static inline void dataset_text_child(const struct dataset_text *all, const struct child *child,
                                      const char *rule, struct text *out)
{
    text_printf(out, "[%u %d %s ", child->weight, child->bias, rule != NULL ? rule : "");
    if (child->kind == CHILD_ENDPOINT)
        dataset_text_endpoint(child->endpoint, out);
    else if (child->kind == CHILD_NODE)
        dataset_text_node(all, child->node, out);
    else
        text_printf(out, "shared %s", dataset_node(all->dataset, child)->name);
    text_puts(out, "]");
}

static inline void dataset_text_node(const struct dataset_text *all, const struct node *node,
                                     struct text *out)
{
    text_printf(out, "%s %s answers %u healthy %u%s%s%s%s", node->name, node->policy->name, node->answers,
                node->min_healthy, node->is_percent ? "%" : "", node->is_over_endpoints ? " endpoints" : "",
                node->plan != NULL ? " plan" : "", node->slot != SLOT_NONE ? " slot" : "");
    if (node->slot == SLOT_NONE)
        text_printf(out, " steady %d %u %d capacity %u", node->steady->is_available[VIEW_HEALTHY],
                    node->steady->available_count, node->steady->has_lists, node->steady->capacity);
    for (uint16_t i = 0; i < node->child_count; i++)
        dataset_text_child(all, &node->children[i], node_rule(node, i), out);
}

static inline void dataset_text_service(const struct dataset_text *all, const struct service *service,
                                        struct text *out)
{
    text_printf(out, " service %s ttl %u %u down %u ecs %d cname %d ", service->name, service->ttl_s,
                service->min_ttl_s, service->when_all_down, service->uses_ecs, service->is_cname);
    dataset_text_child(all, &service->root, NULL, out);
    if (service->when_all_down == ALL_DOWN_TARGET)
        dataset_text_child(all, &service->more->sorry, NULL, out);
}

static inline void dataset_text_add(struct dataset_text *all, struct text *line)
{
    all->lines = realloc(all->lines, (all->count + 1) * sizeof *all->lines);
    all->lines[all->count++] = text_take(line);
}

static inline void dataset_text_owner(const struct dns_name *owner, const struct zone_node *node,
                                      void *context)
{
    struct dataset_text *all = context;
    struct text line = { 0 };
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_format(owner, name);
    text_printf(&line, "%s", name);
    for (const struct dns_rrset *rrset = NULL; (rrset = zone_node_next(node, rrset)) != NULL;) {
        text_printf(&line, " %u:", rrset->type);
        for (uint32_t i = 0; i < rrset->size; i++)
            text_printf(&line, "%02x", rrset->wire[i]);
    }
    if (zone_node_service(node) != NULL)
        dataset_text_service(all, zone_node_service(node), &line);
    dataset_text_add(all, &line);
}

static inline int dataset_text_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The caller frees it. */
static inline char *dataset_to_text(const struct dataset *dataset)
{
    struct dataset_text all = { .dataset = dataset };
    struct text out = { 0 };
    for (size_t i = 0; i < zone_set_count(dataset->zones); i++)
        zone_walk(zone_set_at(dataset->zones, i), dataset_text_owner, &all);
    for (uint32_t id = 0; id < dataset->nodes.page_count * PAGED_PAGE_SIZE; id++) {
        const struct node *node = paged_get(&dataset->nodes, id);
        struct text line = { 0 };
        if (node == NULL)
            continue;
        text_puts(&line, "node ");
        dataset_text_node(&all, node, &line);
        dataset_text_add(&all, &line);
    }
    if (all.count > 0)
        qsort(all.lines, all.count, sizeof *all.lines, dataset_text_compare);
    for (size_t i = 0; i < all.count; i++) {
        text_printf(&out, "%s\n", all.lines[i]);
        free(all.lines[i]);
    }
    free(all.lines);
    return text_take(&out);
}
