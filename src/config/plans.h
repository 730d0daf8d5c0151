/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/tree.h"

/*
 * Blocks that nodes share: plans of equal rules over the same table of locations, and equal steady states.
 * Each call is one use by `item`.
 */

/*
 * What was found for a node of a mould (service_mould.h), for the services to come: their nodes differ in
 * addresses and names of targets alone.  Good for one build.
 */
struct node_parts {
    struct interned *plan, *rules, *state; /* NULL: not known yet */
    bool state_needs_no_addresses;         /* as the tree that it was made in */
    uint16_t firsts[];                     /* of the plan: for each rule the first child with its target */
};
struct node_parts *node_parts_new(const struct declared_node *declared);

/** What the policy compiles for `declared`; NULL if it compiles nothing, or with an error noted at `pointer`.
 */
const void *plan_get(struct build *build, struct item *item, const struct declared_node *declared,
                     const char *pointer);

/** Gives the children of `node`, which its policy chooses by rule, the keys of their rules. */
void rules_share(struct build *build, struct item *item, const struct declared_node *declared,
                 struct node *node);

/** The state of `node`, filled in as `declared`, that nobody changes: if all below it `is_fixed` what it has
 * for ever, else that of a node whose children are asked themselves, as if all were available. */
const struct node_state *state_get(struct tree *tree, const struct declared_node *declared,
                                   const struct node *node, bool is_fixed);
