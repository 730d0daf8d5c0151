/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/suggest.h"
#include "base/table.h"
#include "config/model_parts.h"
#include "config/objectives.h"
#include "config/service_mould.h"

#include <stdlib.h>
#include <string.h>

#define SUGGESTIONS_MAX 50 /* each looks at every name: a file full of errors must not take minutes */

struct build *build_begin(struct compiler *compiler)
{
    struct build *build = xcalloc(1, sizeof *build);
    build->compiler = compiler;
    build->number = ++compiler->build_count;
    build->geo = compiler->dataset->geo;
    build->databases = compiler->databases;
    build->moulds = service_moulds_new();
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        build->staged[kind] = table_new_borrowing();
    return build;
}

static void free_drafts(struct build *build)
{
    for (size_t i = 0; i < build->draft_count; i++) {
        struct draft *draft = build->drafts[i];
        draft->item->draft = NULL;
        declared_pool_free(draft->pool);
        declared_node_free(draft->policy);
        free(draft);
    }
    free(build->drafts);
    build->drafts = NULL;
    build->draft_count = build->draft_room = 0;
}

/* Frees all but the problems, which the caller has moved on. */
static void free_build(struct build *build)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        table_free(build->staged[kind]);
    problems_free(&build->problems);
    objects_free(&build->derived);
    text_free(&build->key);
    blocks_end(&build->blocks);
    free(build);
}

void build_release_drafts(struct build *build)
{
    free_drafts(build);
    build_zones_free(build);
    objectives_free(build);
    service_moulds_free(build->moulds);
    build->moulds = NULL;
}

static void keep_item(struct compiler *compiler, enum object_kind kind, const char *name, struct item *item)
{
    struct table *head = compiler->items[kind];
    kept_note(&compiler->kept, kind, name,
              item->is_deleted ? table_remove(head, name) : table_put(head, name, item));
    if (item->is_deleted)
        item_free(item);
}

/* Where there was nothing, and so nothing to delete, what is staged is all there is. */
static bool keep_all(struct build *build, enum object_kind kind)
{
    struct compiler *compiler = build->compiler;
    struct table *none = compiler->items[kind];
    if (table_count(none) > 0 || !kept_note_none(&compiler->kept, kind))
        return false;
    compiler->items[kind] = build->staged[kind];
    build->staged[kind] = none;
    return true;
}

void build_keep(struct build *build)
{
    struct compiler *compiler = build->compiler;
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        const char *name;
        void *value;
        for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);)
            ((struct item *)value)->said = NULL;
        if (keep_all(build, (enum object_kind)kind))
            continue;
        for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);)
            keep_item(compiler, (enum object_kind)kind, name, value);
    }
    free_build(build);
}

void build_reject(struct build *build)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        const char *name;
        void *value;
        for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);)
            item_free(value);
    }
    free_build(build);
}

/* ---- what is before and after ---- */

struct item *build_before(const struct build *build, enum object_kind kind, const char *name)
{
    return table_find(build->compiler->items[kind], name);
}

bool build_is_staged(const struct build *build, enum object_kind kind, const char *name)
{
    return table_find(build->staged[kind], name) != NULL;
}

struct item *build_find(const struct build *build, enum object_kind kind, const char *name)
{
    struct item *item = table_find(build->staged[kind], name);
    if (item != NULL)
        return item->is_deleted ? NULL : item;
    return build_before(build, kind, name);
}

/* The tables borrow names from the items: that of an absence from what it makes absent. */
struct item *build_stage(struct build *build, enum object_kind kind, const char *name, struct source *source)
{
    struct item *item = item_new(source);
    item->is_deleted = source == NULL;
    const struct source *named = source != NULL ? source : build_before(build, kind, name)->source;
    item_free(table_put(build->staged[kind], named->object.name, item));
    return item;
}

void build_unstage(struct build *build, enum object_kind kind, const char *name)
{
    item_free(table_remove(build->staged[kind], name));
}

struct item *build_restage(struct build *build, struct item *before)
{
    const struct object *object = &before->source->object;
    struct item *staged = table_find(build->staged[object->kind], object->name);
    if (staged != NULL)
        return staged;
    return build_stage(build, object->kind, object->name, source_use(before->source));
}

void build_each_untouched(struct build *build, enum object_kind kind,
                          void (*visit)(struct item *item, void *context), void *context)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->compiler->items[kind], &at, &name, &value);) {
        if (!build_is_staged(build, kind, name))
            visit(value, context);
    }
}

void build_each(struct build *build, enum object_kind kind, void (*visit)(struct item *item, void *context),
                void *context)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);) {
        struct item *item = value;
        if (!item->is_deleted)
            visit(item, context);
    }
    build_each_untouched(build, kind, visit, context);
}

/* ---- small services for the steps ---- */

bool build_take(struct build *build, struct numbers *numbers, const struct object *said, uint32_t *out)
{
    if (numbers_take(numbers, out))
        return true;
    object_problem(&build->problems, said, "", false, "there can be at most %u of these", numbers->limit);
    return false;
}

struct compiled_node *build_note_node(struct build *build, const struct node *before,
                                      const struct node *after)
{
    if (build->changed_count == build->changed_room) {
        build->changed_room = build->changed_room == 0 ? 16 : build->changed_room * 2;
        build->changed = xrealloc(build->changed, build->changed_room, sizeof *build->changed);
    }
    struct compiled_node *node = &build->changed[build->changed_count++];
    *node = (struct compiled_node){ .before = before, .after = after };
    return node;
}

void build_leave(struct build *build, struct item *before)
{
    edition_replaced(&build->edition, before->built, block_free);
    for (uint32_t i = 0; i < before->use_count; i++)
        intern_drop(build->compiler->intern, before->uses[i]);
}

static void consider(struct item *item, void *context)
{
    suggestion_consider(context, item->source->object.name);
}

/* Where a target may stand, or one of a few words. */
static void consider_words(const char *pointer, struct suggestion *suggestion)
{
    const char *key = strrchr(pointer, '/');
    if (key == NULL || strcmp(key, "/when_all_down") != 0)
        return;
    for (size_t i = 0; all_down_words[i] != NULL; i++)
        suggestion_consider(suggestion, all_down_words[i]);
}

void build_unknown(struct build *build, const struct object *said, const char *pointer, enum object_kind kind,
                   enum object_kind other, const char *name)
{
    struct suggestion suggestion = { .word = name };
    if (build->suggestion_count++ < SUGGESTIONS_MAX) {
        build_each(build, kind, consider, &suggestion);
        if (other != kind)
            build_each(build, other, consider, &suggestion);
    }
    consider_words(pointer, &suggestion);
    const char *either = other != kind ? " or " : "", *second = other != kind ? object_kind_words[other] : "";
    if (suggestion.best != NULL)
        object_problem(&build->problems, said, pointer, false,
                       "there is no %s%s%s \"%s\", did you mean \"%s\"?", object_kind_words[kind], either,
                       second, name, suggestion.best);
    else
        object_problem(&build->problems, said, pointer, false, "there is no %s%s%s \"%s\"",
                       object_kind_words[kind], either, second, name);
}
