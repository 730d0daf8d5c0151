/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/*
 * Declared trees into one block of memory: measured first, then written.
 *
 *     [ head | node | node … | plain endpoints | "names" wire names … ]
 *
 * The head is the service, or the shared node itself.
 */
struct tree_size {
    size_t structs, endpoints, strings; /* bytes */
};

struct tree {
    struct build *build;
    struct item *item;          /* whose tree it is */
    const char *prefix;         /* name of the whole, in front of the places of private nodes */
    bool is_service;            /* else a named policy, whose private nodes have shared ids */
    bool needs_no_addresses;    /* of its own hostnames */
    uint32_t ordinal;           /* of the next private node of a service */
    struct table *before;       /* private nodes of the replaced version, by name; NULL: none */
    char *structs, *strings;    /* where to write next */
    struct endpoint *endpoints; /* those with an IPv4 address alone */
};

void tree_measure_target(const struct declared_target *target, size_t prefix_size, struct tree_size *size);
void tree_measure_node(const struct declared_node *node, const char *pointer, size_t prefix_size,
                       struct tree_size *size);
/** `name` of an inline endpoint is NULL. */
void tree_measure_endpoint(const struct declared_endpoint *endpoint, const char *name,
                           struct tree_size *size);
void tree_measure_string(const char *string, struct tree_size *size);

/** Allocates the block and returns its head of `head_size` bytes, which are part of `size`. */
void *tree_begin(struct tree *tree, const struct tree_size *size, size_t head_size);

/** Takes room for a struct of `size` bytes, a multiple of 8 that was measured. */
void *tree_write_struct(struct tree *tree, size_t size);
const char *tree_write_string(struct tree *tree, const char *string);
const struct endpoint *tree_write_endpoint(struct tree *tree, const struct declared_endpoint *declared,
                                           const char *name, uint32_t weight, uint32_t slot);
/** Writes the root of a service's tree. */
void tree_write_root(struct tree *tree, const struct declared_target *target, struct child *out);
/** Fills `node`, the named policy at the head, and writes what is below it. */
void tree_write_policy(struct tree *tree, const struct declared_node *declared, struct node *node);

/** Bytes of a node with `count` children. */
static inline size_t tree_node_size(size_t count)
{
    return sizeof(struct node) + count * sizeof(struct child);
}

/* ---- private nodes keep slots and ids from one version to the next (tree_before.c) ---- */

void tree_before_child(struct tree *tree, const struct child *child);
void tree_before_children(struct tree *tree, const struct node *node);
/** Gives `node`, filled in, its numbers, and notes the change for control if it has a slot. */
void tree_number_private(struct tree *tree, struct node *node, bool needs_slot);
/** What the new version did not take over is gone. */
void tree_before_end(struct tree *tree);
