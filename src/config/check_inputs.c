/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/check_inputs.h"

#include "base/table.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A walk down from one check: the way to where it is, and all that it has seen. */
struct walk {
    struct build *build;
    const struct item *path[CHECK_INPUTS_MAX + 2];
    size_t path_count;
    const struct item *seen[CHECK_INPUTS_MAX + 1];
    size_t seen_count;
    bool is_too_much, is_loop;
};

static const char *name_of(const struct item *item)
{
    return item->source->object.name;
}

static bool has_seen(const struct walk *walk, const struct item *item)
{
    for (size_t i = 0; i < walk->seen_count; i++)
        if (walk->seen[i] == item)
            return true;
    return false;
}

/* Every loop passes through something that changed; the first such by name tells of it. */
static bool is_teller(const struct walk *walk)
{
    const char *from = name_of(walk->path[0]);
    for (size_t i = 1; i < walk->path_count; i++) {
        const char *name = name_of(walk->path[i]);
        if (build_is_staged(walk->build, OBJECT_CHECK, name) && strcmp(name, from) < 0)
            return false;
    }
    return build_is_staged(walk->build, OBJECT_CHECK, from);
}

static void tell_loop(struct walk *walk)
{
    const struct item *from = walk->path[0];
    struct text loop = { 0 };
    walk->is_loop = true;
    if (!is_teller(walk))
        return;
    for (size_t i = 0; i < walk->path_count; i++)
        text_printf(&loop, "%s → ", name_of(walk->path[i]));
    object_problem(&walk->build->problems, item_said(from), "/of", false, "loop: %s%s", loop.bytes,
                   name_of(from));
    text_free(&loop);
}

static void walk_down(struct walk *walk, const struct item *item)
{
    walk->path[walk->path_count++] = item;
    const struct check *check = item->check;
    for (size_t i = 0; check != NULL && i < check->input_count && !walk->is_too_much; i++) {
        const struct item *input = build_find(walk->build, OBJECT_CHECK, check_input_name(check->inputs[i]));
        if (input == walk->path[0] && !walk->is_loop)
            tell_loop(walk);
        if (input == NULL || input == walk->path[0] || has_seen(walk, input))
            continue;
        walk->is_too_much = walk->seen_count == CHECK_INPUTS_MAX;
        if (walk->is_too_much)
            break;
        walk->seen[walk->seen_count++] = input;
        walk_down(walk, input);
    }
    walk->path_count--;
}

/* Said where the change is. */
static void tell_too_much(const struct walk *walk, const struct item *item)
{
    struct build *build = walk->build;
    const struct item *changed = item;
    for (size_t i = 0; i < walk->seen_count && !build_is_staged(build, OBJECT_CHECK, name_of(changed)); i++)
        changed = walk->seen[i];
    object_problem(&build->problems, item_said(changed), "/of", false,
                   "\"%s\" rests on more than %d checks, with those that they rest on", name_of(item),
                   CHECK_INPUTS_MAX);
}

static void check_walk(struct item *item, void *context)
{
    struct walk walk = { .build = context };
    if (item->check == NULL || item->check->type != CHECK_CALCULATED)
        return;
    walk_down(&walk, item);
    if (walk.is_too_much)
        tell_too_much(&walk, item);
}

static void check_names(struct build *build, const struct item *item)
{
    const struct check *check = item->check;
    for (size_t i = 0; check != NULL && i < check->input_count; i++) {
        const char *name = check_input_name(check->inputs[i]);
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/of/%zu", i);
        if (build_find(build, OBJECT_CHECK, name) == NULL)
            build_unknown(build, item_said(item), pointer, OBJECT_CHECK, OBJECT_CHECK, name);
    }
}

void build_check_inputs(struct build *build)
{
    const char *name;
    void *value;
    if (table_count(build->staged[OBJECT_CHECK]) == 0)
        return;
    for (size_t at = 0; table_next(build->staged[OBJECT_CHECK], &at, &name, &value);) {
        const struct item *item = value;
        if (!item->is_deleted)
            check_names(build, item);
    }
    build_each(build, OBJECT_CHECK, check_walk, build);
}

bool check_inputs_touched(const struct build *build, const char *name)
{
    const struct item *item = build_find(build, OBJECT_CHECK, name);
    bool is_touched = build_is_staged(build, OBJECT_CHECK, name);
    for (size_t i = 0; !is_touched && item != NULL && i < item->check->input_count; i++)
        is_touched = check_inputs_touched(build, check_input_name(item->check->inputs[i]));
    return is_touched;
}

void check_inputs_each(const struct item *item, void (*visit)(void *context, const char *input),
                       void *context)
{
    for (size_t i = 0; item->check != NULL && i < item->check->input_count; i++)
        visit(context, check_input_name(item->check->inputs[i]));
}
