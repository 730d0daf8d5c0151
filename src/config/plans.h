/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/*
 * Blocks that nodes share: plans of equal rules over the same table of locations, and equal steady states.
 * Each call is one use by `item`.
 */

/** What the policy compiles for `declared`; NULL if it compiles nothing, or with an error noted at `pointer`.
 */
const void *plan_get(struct build *build, struct item *item, const struct declared_node *declared,
                     const char *pointer);

/** Gives the children of `node`, which its policy chooses by rule, the keys of their rules. */
void rules_share(struct build *build, struct item *item, const struct declared_node *declared,
                 struct node *node);

/** The state that `node`, filled in and with only fixed nodes and endpoints below it, has for ever. */
const struct node_state *state_get_fixed(struct build *build, struct item *item, const struct node *node);

/** The state of a node over nodes that nobody asks: as if all its children were available. */
const struct node_state *state_get_open(struct build *build, struct item *item, const struct node *node);
