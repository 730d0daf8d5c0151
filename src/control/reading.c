/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/reading.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
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
    set_body(command, objects_to_steering(&all, false));
    objects_free(&all);
}

bool reading_run(const struct compiler *compiler, struct command *command)
{
    if (command->letter.kind == COMMAND_CONFIG_READ) {
        read_config(compiler, command);
        return true;
    }
    const struct object *object = compiler_find_accepted(compiler, command->object_kind, command->name);
    if (object == NULL)
        return error_set(&command->error, "there is no %s named \"%s\"",
                         object_kind_names[command->object_kind], command->name);
    set_body(command, xstrndup(object->text, object->text_size));
    return true;
}

static char *list_changes(const struct objects *changes)
{
    struct text text = { 0 };
    text_puts(&text, "{\"dry_run\":true,\"changes\":[");
    for (size_t i = 0; i < changes->count; i++) {
        const struct object *change = &changes->items[i];
        text_printf(&text, "%s{\"action\":\"%s\",\"kind\":\"%s\",\"name\":", i > 0 ? "," : "",
                    change->text != NULL ? "put" : "delete", object_kind_names[change->kind]);
        text_put_json(&text, change->name);
        text_puts(&text, "}");
    }
    text_puts(&text, "]}");
    return text_take(&text);
}

void reading_put_result(struct command *command, const struct objects *changes)
{
    if (command->is_dry_run)
        set_body(command, list_changes(changes));
    else if (changes->count == 1 && changes->items[0].text != NULL)
        set_body(command, xstrndup(changes->items[0].text, changes->items[0].text_size));
    else
        set_body(command, NULL);
}

void reading_put_unchanged(const struct compiler *compiler, struct command *command)
{
    const struct objects none = { 0 };
    const struct object *object =
        command->name != NULL ? compiler_find(compiler, command->object_kind, command->name) : NULL;
    if (object != NULL && !command->is_dry_run)
        set_body(command, xstrndup(object->text, object->text_size));
    else
        reading_put_result(command, &none);
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
