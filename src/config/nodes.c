/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/tree.h"

#include "base/memory.h"
#include "base/table.h"

#include <string.h>

/* Pools and named policies into dataset.nodes. */

/* A new version keeps id and slot by name, also when a pool becomes a policy. */
static bool number_draft(struct build *build, const struct draft *draft)
{
    struct compiler *compiler = build->compiler;
    struct item *item = draft->item;
    const struct item *before = node_before(build, item->source->object.name);
    if (before != NULL) {
        item->id = before->id;
        item->slot = before->slot;
        return true;
    }
    return build_take(build, &compiler->node_ids, draft->said, &item->id) &&
           build_take(build, &compiler->node_slots, draft->said, &item->slot);
}

/* ---- endpoints keep their slots by name ---- */

static struct table *endpoints_before(const struct item *before)
{
    if (before == NULL || before->source->object.kind != OBJECT_POOL)
        return NULL;
    struct table *table = table_new();
    for (uint16_t i = 0; i < before->node->child_count; i++) {
        const struct endpoint *endpoint = before->node->children[i].endpoint;
        table_put(table, endpoint_more(endpoint)->name, (void *)(uintptr_t)endpoint);
    }
    return table;
}

static uint32_t endpoint_slot(struct build *build, const struct draft *draft, struct table *before,
                              const char *name)
{
    const struct endpoint *known = before != NULL ? table_remove(before, name) : NULL;
    uint32_t slot = SLOT_NONE;
    if (known != NULL)
        return known->slot;
    build_take(build, &build->compiler->endpoint_slots, draft->said, &slot);
    return slot;
}

static void drop_endpoints(struct build *build, struct table *before)
{
    if (before == NULL)
        return;
    const char *name;
    void *value;
    for (size_t at = 0; table_next(before, &at, &name, &value);)
        numbers_drop(&build->compiler->endpoint_slots, ((const struct endpoint *)value)->slot);
    table_free(before);
}

/* ---- one node ---- */

static struct tree tree_of(struct build *build, struct item *item, const char *name,
                           const struct item *before)
{
    struct tree tree = { .build = build, .item = item, .prefix = name };
    if (before != NULL && before->source->object.kind == OBJECT_POLICY)
        tree_before_children(&tree, before->node);
    return tree;
}

static void write_pool(struct tree *tree, const struct draft *draft, struct table *slots)
{
    const struct declared_pool *pool = draft->pool;
    struct item *item = draft->item;
    struct tree_size size = { .structs = tree_node_size(pool->count) };
    tree_measure_string(tree->prefix, &size);
    for (size_t i = 0; i < pool->count; i++)
        tree_measure_endpoint(&pool->endpoints[i], pool->endpoints[i].name, &size);
    struct node *node = tree_begin(tree, &size, tree_node_size(pool->count));
    node->policy = pool->policy;
    node->id = item->id;
    node->slot = item->slot;
    node->child_count = (uint16_t)pool->count;
    node->answers = pool->answers > 0 ? pool->answers : pool->policy->answers;
    node->min_healthy = pool->min_healthy.value > 0 ? pool->min_healthy.value : 1;
    node->is_percent = pool->min_healthy.is_percent;
    node->is_over_endpoints = true;
    node->capacity = pool->capacity;
    node->name = tree_write_string(tree, tree->prefix);
    for (size_t i = 0; i < pool->count; i++) {
        const struct declared_endpoint *from = &pool->endpoints[i];
        uint32_t slot = endpoint_slot(tree->build, draft, slots, from->name);
        node->children[i] = (struct child){
            .kind = CHILD_ENDPOINT,
            .weight = from->weight,
            .shed = from->shed,
            .endpoint = tree_write_endpoint(tree, from, from->name, from->weight, slot),
        };
    }
    item->node = node;
}

static void write_policy(struct tree *tree, const struct draft *draft)
{
    size_t head_size = tree_node_size(draft->policy->count);
    struct tree_size size = { 0 };
    tree_measure_node(draft->policy, "", strlen(tree->prefix), &size);
    struct node *node = tree_begin(tree, &size, head_size);
    tree_write_policy(tree, draft->policy, node);
    draft->item->node = node;
}

static void compile_draft(struct build *build, struct draft *draft)
{
    struct item *item = draft->item;
    const char *name = item->source->object.name;
    struct item *before = node_before(build, name);
    struct tree tree = tree_of(build, item, name, before);
    struct table *slots = endpoints_before(before);
    if (draft->pool != NULL)
        write_pool(&tree, draft, slots);
    else
        write_policy(&tree, draft);
    tree_before_end(&tree);
    drop_endpoints(build, slots);
    if (before != NULL)
        build_leave(build, before);
    paged_edit_set(build->nodes, item->id, item->node);
    draft->changed_at = build->changed_count;
    build_note_node(build, before != NULL ? before->node : NULL, item->node);
}

/* ---- those that go ---- */

static void remove_node(struct build *build, const char *name)
{
    struct compiler *compiler = build->compiler;
    struct item *before = node_before(build, name);
    if (node_after(build, name) != NULL || before == NULL)
        return;
    struct tree tree = tree_of(build, before, name, before);
    tree_before_end(&tree);
    drop_endpoints(build, endpoints_before(before));
    build_leave(build, before);
    numbers_drop(&compiler->node_ids, before->id);
    numbers_drop(&compiler->node_slots, before->slot);
    paged_edit_set(build->nodes, before->id, NULL);
    build_note_node(build, before->node, NULL);
}

static void remove_deleted(struct build *build, enum object_kind kind)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);) {
        if (((const struct item *)value)->is_deleted)
            remove_node(build, name);
    }
}

void build_nodes(struct build *build)
{
    bool is_numbered = true;
    for (size_t i = 0; i < build->draft_count; i++)
        is_numbered &= number_draft(build, build->drafts[i]);
    if (!is_numbered)
        return;
    for (size_t i = 0; i < build->draft_count; i++)
        compile_draft(build, build->drafts[i]);
    remove_deleted(build, OBJECT_POOL);
    remove_deleted(build, OBJECT_POLICY);
}
