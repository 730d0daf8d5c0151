/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/policy.h"

/**
 * Computes what is true of `node` now from its children: endpoints from `conditions`, nodes from their own
 * state (computed before: bottom-up).  `before` is its last state or NULL (`latency` keeps its favourite by
 * it).
 *
 * A node is available in a view while at least min_healthy of its children are.  Lists of a node over
 * endpoints hold the available ones of each family with cumulative effective weights; if the policy is
 * weighted, those of weight 0 only when no other is there. VIEW_UNHELD takes every endpoint no operator holds
 * down or drains, VIEW_EVERYTHING every endpoint.
 *
 * Returns one block, free with free().  Compiler thread (for `steady`) and control thread.
 */
struct node_state *node_state_new(const struct node *node, const struct dataset *dataset,
                                  const struct conditions *conditions, const struct node_state *before);

/** The state of a node over nodes that nobody asks for it: as if all children were available.  The same. */
struct node_state *node_state_open(uint16_t child_count);

/** Children that have to be available for the node to be. */
uint16_t node_needs(const struct node *node);

/** True if both would answer alike: nothing has to be published. */
bool node_state_equal(const struct node_state *a, const struct node_state *b);
