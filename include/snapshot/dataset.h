/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/geo.h"
#include "snapshot/node.h"
#include "snapshot/paged.h"
#include "snapshot/zone_set.h"

/* Zones, services, policy trees, geo tables: compiled from one generation, immutable, sharing what did not
 * change with the dataset before it. */
struct dataset {
    uint64_t generation;
    const struct zone_set *zones;
    struct paged nodes;    /* struct node: pools and named policies, by id */
    const struct geo *geo; /* NULL without a database */
};

/** The node behind a child that is not an endpoint. */
static inline const struct node *dataset_node(const struct dataset *dataset, const struct child *child)
{
    return child->kind == CHILD_NODE ? child->node
                                     : (const struct node *)paged_get(&dataset->nodes, child->shared);
}
