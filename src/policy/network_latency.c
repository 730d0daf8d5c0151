/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/network_latency.h"

/* What all levels of a tree have in common while a figure is looked for. */
struct look {
    const struct candidates *from;
    const struct latency_view *view;
    const struct latency_row *row;
    uint32_t least;
};

static const struct latency_figure *better(const struct latency_figure *a, const struct latency_figure *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    return b->median_us < a->median_us ? b : a;
}

static const struct latency_figure *figure_of_endpoint(const struct look *look,
                                                       const struct endpoint *endpoint)
{
    uint32_t index = latency_endpoint(look->view, endpoint->slot);
    if (index == UINT32_MAX)
        return NULL;
    const struct latency_figure *figure = latency_row_find(look->view->table, look->row, index);
    return figure != NULL && figure->samples >= look->least ? figure : NULL;
}

static const struct latency_figure *figure_of_child(const struct look *look, const struct child *child)
{
    const struct candidates *from = look->from;
    if (child->kind == CHILD_ENDPOINT)
        return figure_of_endpoint(look, child->endpoint);
    const struct node *node = dataset_node(from->dataset, child);
    const struct latency_figure *best = NULL;
    for (uint16_t i = 0; node != NULL && i < node->child_count; i++) {
        const struct child *below = &node->children[i];
        if (child_is_available(below, from->dataset, from->conditions, from->view))
            best = better(best, figure_of_child(look, below)); /* depth is bounded by NODE_DEPTH_MAX */
    }
    return best;
}

const struct latency_figure *network_latency_of(const struct candidates *from, uint16_t ordinal,
                                                const struct latency_row *row, uint32_t least)
{
    const struct look look = { from, from->conditions->latency, row, least };
    return figure_of_child(&look, &from->node->children[ordinal]);
}

static bool has_all(const struct candidates *from, const struct latency_row *row)
{
    for (uint16_t i = 0; i < from->list->count; i++)
        if (network_latency_of(from, from->list->index[i], row, LATENCY_SAMPLES_LEAST) == NULL)
            return false;
    return from->list->count > 0;
}

void network_latency_find(const struct candidates *from, const struct client *client,
                          struct network_latency *out)
{
    const struct latency_view *view = from->conditions->latency;
    *out = (struct network_latency){ .is_asked = view != NULL };
    for (enum latency_level level = 0; view != NULL && level < LATENCY_LEVELS; level++) {
        uint8_t scope_len;
        const struct latency_row *row =
            latency_table_find(view->table, level, &client->address, client->geo, &scope_len);
        if (scope_len > out->scope_len)
            out->scope_len = scope_len;
        if (row == NULL || !has_all(from, row))
            continue;
        out->row = row;
        out->level = level;
        return;
    }
}
