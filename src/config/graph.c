/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "config/check_inputs.h"

#include <stdlib.h>
#include <string.h>

/* What named objects say of each other: no loops, no deep nests, one name for one thing. */

enum colour { COLOUR_ON_PATH = 1, COLOUR_DONE };

struct item *node_after(const struct build *build, const char *name)
{
    struct item *item = build_find(build, OBJECT_POOL, name);
    return item != NULL ? item : build_find(build, OBJECT_POLICY, name);
}

static enum colour colour_of(const struct build *build, const struct item *item)
{
    return item->visit == build->number ? (enum colour)item->colour : 0;
}

static void paint(const struct build *build, struct item *item, enum colour colour)
{
    item->visit = build->number;
    item->colour = (uint8_t)colour;
}

/* ---- depth first, with a path of its own: a chain may be longer than any stack ---- */

struct step {
    struct item *item;
    size_t next; /* reference to follow */
};

struct path {
    struct step *steps;
    size_t count, room;
};

static void path_enter(const struct build *build, struct path *path, struct item *item)
{
    if (path->count == path->room) {
        path->room = path->room == 0 ? 16 : path->room * 2;
        path->steps = xrealloc(path->steps, path->room, sizeof *path->steps);
    }
    path->steps[path->count++] = (struct step){ .item = item };
    paint(build, item, COLOUR_ON_PATH);
}

static void loop_problem(struct build *build, const struct path *path, const struct item *again)
{
    size_t start = path->count;
    const struct object *said = NULL;
    do {
        const struct item *item = path->steps[--start].item;
        if (item->draft != NULL)
            said = item_said(item); /* every loop passes through something that changed */
    } while (path->steps[start].item != again);
    struct text loop = { 0 };
    for (size_t i = start; i < path->count; i++)
        text_printf(&loop, "%s → ", path->steps[i].item->source->object.name);
    object_problem(&build->problems, said != NULL ? said : item_said(again), "", false, "loop: %s%s",
                   loop.bytes, again->source->object.name);
    text_free(&loop);
}

static uint8_t deeper(unsigned depth, unsigned than)
{
    unsigned deepest = depth > than ? depth : than;
    return deepest > UINT8_MAX ? UINT8_MAX : (uint8_t)deepest;
}

static void sum_up(const struct build *build, struct item *item)
{
    const struct source *source = item->source;
    item->whole_depth = source->depth;
    item->whole_reach = source->reach;
    if (source->object.kind == OBJECT_POOL)
        return; /* its references are checks */
    for (size_t i = 0; i < source->reference_count; i++) {
        const struct item *child = node_after(build, source->references[i].name);
        if (child == NULL)
            continue;
        item->whole_depth =
            deeper(item->whole_depth, (unsigned)source->references[i].depth + child->whole_depth);
        if (!source->references[i].is_for_names)
            item->whole_reach |= child->whole_reach;
    }
}

static void path_leave(struct build *build, struct path *path, struct draft ***order)
{
    struct item *item = path->steps[--path->count].item;
    sum_up(build, item);
    paint(build, item, COLOUR_DONE);
    if (item->draft != NULL)
        *(*order)++ = item->draft;
    if (item->whole_depth > NODE_DEPTH_MAX)
        object_problem(&build->problems, item_said(item), "", false,
                       "nests policies %u deep, at most %d are possible: refer to fewer levels",
                       item->whole_depth, NODE_DEPTH_MAX);
}

/* Visits `item` and all below it; drafts are appended to `order`, children first. */
static void visit(struct build *build, struct path *path, struct item *item, struct draft ***order)
{
    if (colour_of(build, item) == COLOUR_DONE)
        return;
    path_enter(build, path, item);
    while (path->count > 0) {
        struct step *step = &path->steps[path->count - 1];
        const struct source *source = step->item->source;
        if (source->object.kind == OBJECT_POOL || step->next == source->reference_count) {
            path_leave(build, path, order);
            continue;
        }
        struct item *child = node_after(build, source->references[step->next++].name);
        if (child == NULL)
            continue;
        if (colour_of(build, child) == COLOUR_ON_PATH)
            loop_problem(build, path, child);
        else if (colour_of(build, child) != COLOUR_DONE)
            path_enter(build, path, child);
    }
}

static void order_drafts(struct build *build)
{
    struct draft **ordered = xcalloc(build->draft_count + 1, sizeof(struct draft *)), **end = ordered;
    struct path path = { 0 };
    for (size_t i = 0; i < build->draft_count; i++)
        visit(build, &path, build->drafts[i]->item, &end);
    free(path.steps);
    if (build->draft_count > 0)
        memcpy(build->drafts, ordered, build->draft_count * sizeof(struct draft *));
    free(ordered);
}

void graph_whole(struct build *build, struct item *item)
{
    struct path path = { 0 };
    struct draft **none = NULL; /* drafts were all visited before */
    const struct source *source = item->source;
    for (size_t i = 0; i < source->reference_count; i++) {
        struct item *child = node_after(build, source->references[i].name);
        if (child != NULL)
            visit(build, &path, child, &none);
    }
    free(path.steps);
    sum_up(build, item);
    if (item->whole_depth > NODE_DEPTH_MAX)
        object_problem(&build->problems, item_said(item), "", false,
                       "nests policies %u deep, at most %d are possible: refer to fewer levels",
                       item->whole_depth, NODE_DEPTH_MAX);
}

/* ---- those that did not change, but what they refer to did ---- */

static bool says_the_same(const struct source *a, const struct source *b)
{
    if (a == b)
        return true;
    if (a->depth != b->depth || a->reach != b->reach || a->object.kind != b->object.kind)
        return false;
    if (a->object.kind == OBJECT_POOL)
        return true;
    if (a->reference_count != b->reference_count)
        return false;
    for (size_t i = 0; i < a->reference_count; i++) {
        if (a->references[i].depth != b->references[i].depth ||
            strcmp(a->references[i].name, b->references[i].name) != 0)
            return false;
    }
    return true;
}

static bool graph_moves(const struct build *build)
{
    for (size_t i = 0; i < build->draft_count; i++) {
        const struct source *source = build->drafts[i]->item->source;
        const struct item *before = node_before(build, source->object.name);
        if (before != NULL && !says_the_same(source, before->source))
            return true;
    }
    return false;
}

static void recheck_policy(struct item *item, void *context)
{
    graph_whole(context, item);
}

static void recheck_service(struct item *item, void *context)
{
    struct build *build = context;
    uint8_t depth = item->whole_depth, reach = item->whole_reach;
    if (item->source->reference_count == 0)
        return;
    graph_whole(build, item);
    if (item->whole_reach != reach)
        build_restage(build, item); /* it may have to be answered with CNAME now, or no longer */
    item->whole_depth = depth;      /* the head's own until this change is accepted */
    item->whole_reach = reach;
}

/* ---- names ---- */

struct item *node_before(const struct build *build, const char *name)
{
    struct item *item = build_before(build, OBJECT_POOL, name);
    return item != NULL ? item : build_before(build, OBJECT_POLICY, name);
}

static void check_distinct(struct build *build)
{
    for (size_t i = 0; i < build->draft_count; i++) {
        const struct object *object = &build->drafts[i]->item->source->object;
        bool is_pool = object->kind == OBJECT_POOL;
        enum object_kind other = is_pool ? OBJECT_POLICY : OBJECT_POOL;
        if (build_find(build, other, object->name) == NULL ||
            (is_pool && build_is_staged(build, other, object->name))) /* said once, at the policy */
            continue;
        object_problem(&build->problems, build->drafts[i]->said, "", false,
                       "there is a %s of the same name: pools and policies share their names, rename one",
                       object_kind_words[other]);
    }
}

/* An object of the head that goes, and who still needs it. */
struct gone {
    struct item *item;
    struct text users;
    size_t count;
};

#define USERS_NAMED_MAX 5

struct deletions {
    struct table *checks, *nodes, *zones; /* name → struct gone */
};

static void add_gone(struct build *build, enum object_kind kind, struct table *into)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);) {
        struct item *item = value;
        bool has_successor =
            (kind == OBJECT_POOL || kind == OBJECT_POLICY) && node_after(build, name) != NULL;
        if (!item->is_deleted || has_successor)
            continue;
        struct gone *gone = xcalloc(1, sizeof *gone);
        gone->item = item;
        char *reference = kind == OBJECT_MAP ? build_map_reference(name) : xstrdup(name);
        table_put(into, reference, gone);
        free(reference);
    }
}

static void note_user(struct table *among, const char *name, const struct object *user)
{
    struct gone *gone = table_find(among, name);
    if (gone == NULL)
        return;
    if (gone->count++ < USERS_NAMED_MAX)
        text_printf(&gone->users, "%s%s \"%s\"", gone->count > 1 ? ", " : "", object_kind_words[user->kind],
                    user->name);
}

static void note_references(struct item *item, void *context)
{
    const struct deletions *deletions = context;
    const struct object *object = &item->source->object;
    struct table *among = object->kind == OBJECT_POOL ? deletions->checks : deletions->nodes;
    for (size_t i = 0; i < item->source->reference_count; i++)
        note_user(among, item->source->references[i].name, object);
    bool stands_in_zone = object->kind == OBJECT_SERVICE || object->kind == OBJECT_RRSET;
    if (!stands_in_zone || table_count(deletions->zones) == 0)
        return;
    char *zone = xstrndup(object->name, strcspn(object->name, "/"));
    note_user(deletions->zones, zone, object);
    free(zone);
}

struct input_users {
    struct table *checks;
    const struct object *user;
};

static void note_input(void *context, const char *input)
{
    const struct input_users *users = context;
    note_user(users->checks, input, users->user);
}

static void note_inputs(struct item *item, void *context)
{
    const struct deletions *deletions = context;
    struct input_users users = { deletions->checks, &item->source->object };
    check_inputs_each(item, note_input, &users);
}

static void note_data(struct item *item, void *context)
{
    const struct deletions *deletions = context;
    note_user(deletions->zones, item->source->object.name, &item->source->object);
}

static void report_and_free(struct build *build, struct table *table)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(table, &at, &name, &value);) {
        struct gone *gone = value;
        if (gone->count > USERS_NAMED_MAX)
            text_printf(&gone->users, " and %zu more", gone->count - USERS_NAMED_MAX);
        if (gone->count > 0)
            object_problem(&build->problems, item_said(gone->item), "", false,
                           "cannot be deleted, it is used by %s", gone->users.bytes);
        text_free(&gone->users);
        free(gone);
    }
    table_free(table);
}

static void check_deletions(struct build *build)
{
    struct deletions deletions = { table_new(), table_new(), table_new() };
    add_gone(build, OBJECT_CHECK, deletions.checks);
    add_gone(build, OBJECT_POOL, deletions.nodes);
    add_gone(build, OBJECT_POLICY, deletions.nodes);
    add_gone(build, OBJECT_MAP, deletions.nodes);
    add_gone(build, OBJECT_ZONE, deletions.zones);
    if (table_count(deletions.checks) > 0) {
        build_each_untouched(build, OBJECT_POOL, note_references, &deletions);
        build_each_untouched(build, OBJECT_CHECK, note_inputs, &deletions);
    }
    if (table_count(deletions.nodes) > 0)
        build_each_untouched(build, OBJECT_POLICY, note_references, &deletions);
    if (table_count(deletions.zones) > 0) {
        build_each_untouched(build, OBJECT_ZONE_DATA, note_data, &deletions);
        build_each_untouched(build, OBJECT_RRSET, note_references, &deletions);
    }
    if (table_count(deletions.nodes) + table_count(deletions.zones) > 0)
        build_each_untouched(build, OBJECT_SERVICE, note_references, &deletions);
    report_and_free(build, deletions.checks);
    report_and_free(build, deletions.nodes);
    report_and_free(build, deletions.zones);
}

void build_check_graph(struct build *build)
{
    check_distinct(build);
    check_deletions(build);
    order_drafts(build);
    if (!graph_moves(build))
        return;
    build_each_untouched(build, OBJECT_POLICY, recheck_policy, build);
    build_each_untouched(build, OBJECT_SERVICE, recheck_service, build);
}
