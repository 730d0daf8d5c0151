/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/tree.h"

#include "base/table.h"

/* The names of private nodes are the places where they stand: that is what makes them the same node. */

void tree_before_child(struct tree *tree, const struct child *child)
{
    if (child->kind != CHILD_NODE)
        return;
    if (tree->before == NULL)
        tree->before = table_new();
    table_put(tree->before, child->node->name, (void *)(uintptr_t)child->node);
    tree_before_children(tree, child->node);
}

void tree_before_children(struct tree *tree, const struct node *node)
{
    for (uint16_t i = 0; i < node->child_count; i++)
        tree_before_child(tree, &node->children[i]);
}

static void number_id(struct tree *tree, struct node *node, const struct node *before)
{
    struct compiler *compiler = tree->build->compiler;
    if (tree->is_service)
        node->id = PRIVATE_NODE_ID_FIRST + tree->ordinal++;
    else if (before != NULL)
        node->id = before->id;
    else
        build_take(tree->build, &compiler->node_ids, item_said(tree->item), &node->id);
}

void tree_number_private(struct tree *tree, struct node *node, bool needs_slot)
{
    struct compiler *compiler = tree->build->compiler;
    const struct node *before = tree->before != NULL ? table_remove(tree->before, node->name) : NULL;
    number_id(tree, node, before);
    bool had_slot = before != NULL && before->slot != SLOT_NONE;
    if (needs_slot) {
        if (had_slot)
            node->slot = before->slot;
        else
            build_take(tree->build, &compiler->node_slots, item_said(tree->item), &node->slot);
        build_note_node(tree->build, had_slot ? before : NULL, node);
    } else if (had_slot) {
        numbers_drop(&compiler->node_slots, before->slot);
        build_note_node(tree->build, before, NULL);
    }
}

void tree_before_end(struct tree *tree)
{
    struct compiler *compiler = tree->build->compiler;
    if (tree->before == NULL)
        return;
    const char *name;
    void *value;
    for (size_t at = 0; table_next(tree->before, &at, &name, &value);) {
        const struct node *gone = value;
        if (!tree->is_service)
            numbers_drop(&compiler->node_ids, gone->id);
        if (gone->slot == SLOT_NONE)
            continue;
        numbers_drop(&compiler->node_slots, gone->slot);
        build_note_node(tree->build, gone, NULL);
    }
    table_free(tree->before);
    tree->before = NULL;
}
