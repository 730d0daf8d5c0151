/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/policy.h"

/** A state with the lists of `node` and nothing else: one block, free with free(). */
struct node_state *node_lists_new(const struct node *node, const struct dataset *dataset,
                                  const struct conditions *conditions);

/** The same of a node that has none. */
struct node_state *node_lists_none(void);
