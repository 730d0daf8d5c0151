/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/reading.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/scope.h"
#include "control/diff.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static void set_body(struct command *command, char *body)
{
    free(command->body);
    command->body = body;
    command->body_size = body != NULL ? strlen(body) : 0;
}

static void read_config(const struct compiler *compiler, struct command *command)
{
    struct objects all = { 0 };
    compiler_list_accepted(compiler, &all);
    objects_keep_scope(&all, command->scope);
    set_body(command, objects_to_steering(&all, false));
    objects_free(&all);
}

/* The caller frees it. */
static char *copy_text(const struct object *object)
{
    struct arena arena = { 0 };
    char *copy = xstrndup(object_text(object, &arena), object->text_size);
    arena_free(&arena);
    return copy;
}

static const struct object *find(const struct compiler *compiler, enum object_kind kind,
                                 struct command *command)
{
    const struct object *object = compiler_find_accepted(compiler, kind, command->name);
    if (object != NULL && !scope_has_object(command->scope, kind, command->name))
        object = NULL;
    if (object == NULL)
        object_unknown(kind, command->name, &command->error);
    return object;
}

/* Whoever shows the pool as it is served need not search for it. */
static void note_pool(const struct compiler *compiler, struct command *command)
{
    if (command->object_kind == OBJECT_POOL && command->name != NULL)
        command->pool_id = compiler_pool_id(compiler, command->name);
}

static bool read_object(const struct compiler *compiler, struct command *command)
{
    const struct object *object = find(compiler, command->object_kind, command);
    if (object != NULL)
        set_body(command, copy_text(object));
    note_pool(compiler, command);
    return object != NULL;
}

static bool read_list(const struct compiler *compiler, struct command *command)
{
    struct objects all;
    struct text text = { 0 };
    if (command->name != NULL && find(compiler, OBJECT_ZONE, command) == NULL)
        return false;
    char *prefix = command->name != NULL ? xasprintf("%s/", command->name) : NULL;
    size_t cut = prefix != NULL ? strlen(prefix) : 0;
    compiler_list_kind_accepted(compiler, command->object_kind, prefix, &all);
    objects_keep_scope(&all, command->scope);
    text_puts(&text, "{");
    for (uint64_t i = command->after, end = command->after + command->most; i < all.count && i < end; i++) {
        const struct object *object = &all.items[i];
        text_puts(&text, i > command->after ? "," : "");
        text_put_json(&text, object->name + cut);
        text_puts(&text, ":");
        text_add(&text, object_text(object, &all.arena), object->text_size);
    }
    text_puts(&text, "}");
    set_body(command, text_take(&text));
    command->count = all.count;
    objects_free(&all);
    free(prefix);
    return true;
}

bool reading_run(const struct compiler *compiler, struct command *command)
{
    switch ((enum command_kind)command->letter.kind) {
    case COMMAND_OBJECT_READ: return read_object(compiler, command);
    case COMMAND_OBJECT_LIST: return read_list(compiler, command);
    default: read_config(compiler, command); return true;
    }
}

void reading_put_result(const struct compiler *compiler, struct command *command,
                        const struct objects *changes)
{
    const struct object *change = changes->count == 1 ? &changes->items[0] : NULL;
    note_pool(compiler, command);
    if (command->is_dry_run)
        command->outcome = diff_of_changes(compiler, changes);
    else if (change != NULL && change->text != NULL)
        command->outcome = copy_text(change);
}

void reading_put_unchanged(const struct compiler *compiler, struct command *command)
{
    const struct objects none = { 0 };
    const struct object *object =
        command->name != NULL ? compiler_find(compiler, command->object_kind, command->name) : NULL;
    note_pool(compiler, command);
    if (object != NULL && !command->is_dry_run)
        command->outcome = copy_text(object);
    else
        reading_put_result(compiler, command, &none);
}

void reading_show_old(struct command *command, struct objects *objects, struct objects *before)
{
    objects_keep_scope(objects, command->scope);
    objects_keep_scope(before, command->scope);
    set_body(command, command->letter.kind == COMMAND_GENERATION_DIFF ? diff_of_states(before, objects)
                                                                      : objects_to_steering(objects, false));
}

char *reading_generations(const struct store_generation *list, size_t count)
{
    struct text text = { 0 };
    text_puts(&text, "[");
    for (size_t i = 0; i < count; i++) {
        char time[CLOCK_TEXT_SIZE];
        clock_format(list[i].wall_ms, time);
        text_printf(&text,
                    "%s{\"generation\":%llu,\"time\":\"%s\",\"origin\":\"%s\",\"author\":", i > 0 ? "," : "",
                    (unsigned long long)list[i].generation, time,
                    list[i].origin == STORE_ORIGIN_FILES ? "files" : "api");
        text_put_json(&text, list[i].author != NULL ? list[i].author : "");
        text_puts(&text, ",\"comment\":");
        text_put_json(&text, list[i].comment != NULL ? list[i].comment : "");
        text_puts(&text, "}");
    }
    text_puts(&text, "]");
    return text_take(&text);
}
