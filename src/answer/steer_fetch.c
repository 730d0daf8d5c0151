/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/steer_fetch.h"

#include "answer/traffic.h"

#define LINE        64
#define BLOCK_LINES 4 /* of most services' blocks all that is read */

static void fetch_block(const struct service *service)
{
    const char *block = (const char *)service;
#pragma GCC unroll 8
    for (unsigned line = 0; line < BLOCK_LINES; line++)
        __builtin_prefetch(block + (size_t)line * LINE);
}

static void fetch_root(const struct snapshot *now, const struct service *service, const struct node *root,
                       uint16_t qtype)
{
    if (root->policy->needs_ticket)
        ticket_fetch(now->tickets, ticket_key(service->id, root->id, qtype));
    if (root->slot != SLOT_NONE)
        __builtin_prefetch(paged_place(&now->conditions->nodes, root->slot));
}

void steer_fetch(const struct answerer *answerer, const struct snapshot *now, const struct service *service,
                 const struct address *address, uint16_t qtype, unsigned fetch)
{
    if (fetch == 0) {
        fetch_block(service);
        return;
    }
    if (fetch == 1)
        traffic_fetch(answerer->counters, service);
    if (service->root.kind == CHILD_ENDPOINT)
        return;
    const struct node *root = dataset_node(now->dataset, &service->root);
    if (root == NULL)
        return;
    if (fetch == 1)
        fetch_root(now, service, root, qtype);
    if (root->policy->fetch != NULL)
        root->policy->fetch(root, address, fetch - 1);
}
