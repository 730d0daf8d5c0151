/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/graph.h"

#include "base/memory.h"
#include "policy/node_state.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX (4 * NODE_DEPTH_MAX) /* a tree settles in its depth; loops are refused by the compiler */

struct slots {
    uint32_t *items;
    size_t count, room;
};

struct vertex {
    const struct node *node; /* NULL: no such slot now */
    struct slots parents;    /* a parent stands once for each edge */
    struct slots children;   /* as they were when the node was taken in */
    bool is_touched;
    bool has_turned, was_available; /* since graph_next_turned saw it last */
};

struct graph {
    struct vertex *vertices; /* by node slot */
    size_t room;
    struct slots touched, gone; /* gone: nodes whose state is to be taken away */
    struct slots turned;
};

struct graph *graph_new(void)
{
    return xcalloc(1, sizeof(struct graph));
}

void graph_free(struct graph *graph)
{
    for (uint32_t i = 0; i < graph->room; i++) {
        free(graph->vertices[i].parents.items);
        free(graph->vertices[i].children.items);
    }
    free(graph->vertices);
    free(graph->touched.items);
    free(graph->gone.items);
    free(graph->turned.items);
    free(graph);
}

static void slots_add(struct slots *slots, uint32_t slot)
{
    if (slots->count == slots->room) {
        slots->room = slots->room ? slots->room * 2 : 64;
        slots->items = xrealloc(slots->items, slots->room, sizeof *slots->items);
    }
    slots->items[slots->count++] = slot;
}

static struct vertex *vertex_at(struct graph *graph, uint32_t slot)
{
    graph->vertices = xreach(graph->vertices, &graph->room, slot, sizeof *graph->vertices);
    return &graph->vertices[slot];
}

void graph_touch(struct graph *graph, uint32_t slot)
{
    struct vertex *vertex = vertex_at(graph, slot);
    if (vertex->is_touched)
        return;
    vertex->is_touched = true;
    slots_add(&graph->touched, slot);
}

static uint32_t child_slot(const struct dataset *dataset, const struct child *child)
{
    if (child->kind == CHILD_ENDPOINT)
        return SLOT_NONE;
    const struct node *node = dataset_node(dataset, child);
    return node != NULL ? node->slot : SLOT_NONE;
}

static void link_children(struct graph *graph, const struct dataset *dataset, const struct node *node)
{
    for (uint16_t i = 0; i < node->child_count; i++) {
        uint32_t slot = child_slot(dataset, &node->children[i]);
        if (slot == SLOT_NONE)
            continue;
        slots_add(&vertex_at(graph, slot)->parents, node->slot);
        slots_add(&vertex_at(graph, node->slot)->children, slot);
    }
}

static void unlink_children(struct graph *graph, uint32_t slot)
{
    struct slots *children = &graph->vertices[slot].children;
    for (size_t i = 0; i < children->count; i++) {
        struct slots *parents = &graph->vertices[children->items[i]].parents;
        size_t at = 0;
        while (at < parents->count && parents->items[at] != slot)
            at++;
        if (at < parents->count)
            parents->items[at] = parents->items[--parents->count];
    }
    children->count = 0;
}

void graph_take(struct graph *graph, const struct dataset *dataset, const struct compiled_node *change)
{
    if (change->before != NULL) {
        uint32_t slot = change->before->slot;
        vertex_at(graph, slot)->node = NULL;
        unlink_children(graph, slot);
        slots_add(&graph->gone, slot);
    }
    if (change->after != NULL) {
        uint32_t slot = change->after->slot;
        vertex_at(graph, slot)->node = change->after;
        link_children(graph, dataset, change->after);
        graph_touch(graph, slot);
    }
}

/* Slots that vanished for good lose their state; those taken over by a new node keep it until it is computed
 * anew. */
static void forget_gone(struct graph *graph, struct paged_edit *edit, struct edition *edition)
{
    for (size_t i = 0; i < graph->gone.count; i++) {
        uint32_t slot = graph->gone.items[i];
        if (graph->vertices[slot].node != NULL)
            continue;
        edition_replaced(edition, paged_edit_get(edit, slot), NULL);
        paged_edit_set(edit, slot, NULL);
    }
    graph->gone.count = 0;
}

static bool children_have_states(const struct vertex *vertex, const struct conditions *conditions)
{
    for (size_t i = 0; i < vertex->children.count; i++) {
        if (paged_get(&conditions->nodes, vertex->children.items[i]) == NULL)
            return false;
    }
    return true;
}

/* A round may turn a node and the next turn it back: only where it began is noted. */
static void note_turn(struct graph *graph, struct vertex *vertex, const struct node_state *before,
                      const struct node_state *after)
{
    bool was_available = before->is_available[VIEW_HEALTHY];
    if (vertex->has_turned || was_available == after->is_available[VIEW_HEALTHY])
        return;
    vertex->has_turned = true;
    vertex->was_available = was_available;
    slots_add(&graph->turned, vertex->node->slot);
}

/* Computes one node against the conditions as the round found them.  True if its parents have to look again.
 */
static bool settle_one(struct graph *graph, struct vertex *vertex, const struct dataset *dataset,
                       const struct conditions *conditions, struct paged_edit *edit, struct edition *edition)
{
    uint32_t slot = vertex->node->slot;
    const struct node_state *before = paged_get(&conditions->nodes, slot);
    struct node_state *fresh = node_state_new(vertex->node, dataset, conditions, before);
    if (before != NULL && node_state_equal(before, fresh)) {
        free(fresh);
        return false;
    }
    if (before != NULL)
        note_turn(graph, vertex, before, fresh);
    edition_replaced(edition, before, NULL);
    paged_edit_set(edit, slot, edition_made(edition, fresh, NULL));
    return true;
}

/* One round over all touched nodes; what it changes is seen by the next round. */
static void settle_round(struct graph *graph, const struct dataset *dataset, struct conditions *conditions,
                         struct edition *edition)
{
    struct slots round = graph->touched;
    struct paged_edit *edit = paged_edit_begin(&conditions->nodes, edition);
    graph->touched = (struct slots){ 0 };
    forget_gone(graph, edit, edition);
    for (size_t i = 0; i < round.count; i++)
        graph->vertices[round.items[i]].is_touched = false;
    for (size_t i = 0; i < round.count; i++) {
        struct vertex *vertex = &graph->vertices[round.items[i]];
        if (vertex->node == NULL)
            continue;
        if (!children_have_states(vertex, conditions)) {
            graph_touch(graph, round.items[i]);
            continue;
        }
        if (!settle_one(graph, vertex, dataset, conditions, edit, edition))
            continue;
        for (size_t k = 0; k < vertex->parents.count; k++)
            graph_touch(graph, vertex->parents.items[k]);
    }
    conditions->nodes = paged_edit_end(edit);
    free(round.items);
}

bool graph_settle(struct graph *graph, const struct dataset *dataset, struct conditions *conditions,
                  struct edition *edition)
{
    bool is_changed = graph->gone.count > 0 || graph->touched.count > 0;
    for (unsigned round = 0; round < ROUNDS_MAX && (graph->touched.count > 0 || graph->gone.count > 0);
         round++)
        settle_round(graph, dataset, conditions, edition);
    return is_changed;
}

const struct node *graph_next_turned(struct graph *graph, const struct conditions *conditions)
{
    while (graph->turned.count > 0) {
        struct vertex *vertex = &graph->vertices[graph->turned.items[--graph->turned.count]];
        vertex->has_turned = false;
        if (vertex->node == NULL)
            continue;
        const struct node_state *state = paged_get(&conditions->nodes, vertex->node->slot);
        if (state != NULL && state->is_available[VIEW_HEALTHY] != vertex->was_available)
            return vertex->node;
    }
    return NULL;
}

static bool slots_have(const struct slots *slots, uint32_t slot)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->items[i] == slot)
            return true;
    }
    return false;
}

uint32_t *graph_above(const struct graph *graph, uint32_t slot, size_t *count)
{
    struct slots found = { 0 };
    slots_add(&found, slot);
    for (size_t i = 0; i < found.count; i++) {
        if (found.items[i] >= graph->room)
            continue;
        const struct slots *parents = &graph->vertices[found.items[i]].parents;
        for (size_t k = 0; k < parents->count; k++) {
            if (!slots_have(&found, parents->items[k]))
                slots_add(&found, parents->items[k]);
        }
    }
    *count = found.count;
    return found.items;
}
