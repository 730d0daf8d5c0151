/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/steer_fetch.h"

static void fetch_root(const struct snapshot *now, const struct service *service, const struct node *root,
                       uint16_t qtype)
{
    if (root->policy->needs_ticket)
        ticket_fetch(now->tickets, ticket_key(service->id, root->id, qtype));
    if (root->slot != SLOT_NONE)
        __builtin_prefetch(paged_place(&now->conditions->nodes, root->slot));
}

void steer_fetch(const struct snapshot *now, const struct service *service, const struct address *address,
                 uint16_t qtype, unsigned step)
{
    if (service->root.kind == CHILD_ENDPOINT)
        return;
    const struct node *root = dataset_node(now->dataset, &service->root);
    if (root == NULL)
        return;
    if (step == 0)
        fetch_root(now, service, root, qtype);
    if (root->policy->fetch != NULL)
        root->policy->fetch(root, address, step);
}
