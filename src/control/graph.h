/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "snapshot/conditions.h"

/*
 * Who depends on whom among the nodes with a slot: failure travels upward along these edges.  One thread owns
 * it.
 */
struct graph;

struct graph *graph_new(void);
void graph_free(struct graph *graph);

/** A node appeared, changed or went. `dataset` is the one that holds `after`. */
void graph_take(struct graph *graph, const struct dataset *dataset, const struct compiled_node *change);

/** Something below the node in `slot` has changed. */
void graph_touch(struct graph *graph, uint32_t slot);

/**
 * Computes the state of every touched node, and of the parents of those whose state has changed, until
 * nothing changes; a node that is new waits for its children.  Writes to conditions->nodes through the
 * edition.  False if nothing was touched.
 */
bool graph_settle(struct graph *graph, const struct dataset *dataset, struct conditions *conditions,
                  struct edition *edition);

/** Walks the nodes that graph_settle found available and were not before, or the other way round; each once.
 * NULL at the end. */
const struct node *graph_next_turned(struct graph *graph, const struct conditions *conditions);

/** The slots of the node in `slot` and of all that stand above it; the caller frees them. */
uint32_t *graph_above(const struct graph *graph, uint32_t slot, size_t *count);
