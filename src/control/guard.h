/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/compiler.h"
#include "config/object.h"
#include "snapshot/conditions.h"

/*
 * Would a change leave a service without a healthy endpoint that has one now?  What endpoints are is taken
 * from the conditions; what becomes of pools, policies and services is worked out as it would be.  One that
 * nothing is known of counts as healthy, as everywhere, and so does weight 0, which serves when no other can.
 */
struct scene {
    const struct dataset *dataset;
    const struct conditions *conditions;
    const uint32_t *gone; /* slots of endpoints that are available now and would not be */
    size_t gone_count;
};

/** The change of the configuration that made `nodes` and of which `changes` are the objects.  False: `why`
 * names the services and what they would lack.  Deleting a service leaves nobody without. */
bool guard_change(const struct scene *before, const struct scene *after, const struct compiled_node *nodes,
                  size_t node_count, const struct objects *changes, struct error *why);

/** Appends how to do it even so.  Returns false. */
bool guard_advise(struct error *why);

/** Endpoints of the pool would go, as `after` says; the configuration is the same. */
bool guard_pool(const struct scene *before, const struct scene *after, const struct node *pool,
                struct error *why);
