/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/diff.h"

#include "base/text.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

/* ---- inside one object ---- */

struct differences {
    struct text text; /* the items of a JSON array */
    struct text pointer;
    size_t count;
};

static void put_side(struct text *text, const char *key, const cJSON *value)
{
    char *printed = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
    if (printed != NULL)
        text_printf(text, ",\"%s\":%s", key, printed);
    cJSON_free(printed);
}

static void add_difference(struct differences *out, const cJSON *before, const cJSON *after)
{
    text_printf(&out->text, "%s{\"pointer\":", out->count++ > 0 ? "," : "");
    text_put_json(&out->text, out->pointer.bytes != NULL ? out->pointer.bytes : "");
    put_side(&out->text, "before", before);
    put_side(&out->text, "after", after);
    text_puts(&out->text, "}");
}

/* Appends a reference token (RFC 6901 §3); returns where to cut it off again. */
static size_t enter(struct text *pointer, const char *token)
{
    size_t size = pointer->size;
    text_puts(pointer, "/");
    for (; *token != '\0'; token++) {
        if (*token == '~' || *token == '/')
            text_puts(pointer, *token == '~' ? "~0" : "~1");
        else
            text_add(pointer, token, 1);
    }
    return size;
}

static void leave(struct text *pointer, size_t size)
{
    pointer->size = size;
    pointer->bytes[size] = '\0';
}

static void compare(struct differences *out, const cJSON *before, const cJSON *after);

static void compare_member(struct differences *out, const char *name, const cJSON *before, const cJSON *after)
{
    size_t size = enter(&out->pointer, name);
    compare(out, before, after);
    leave(&out->pointer, size);
}

/* Nesting is bounded: what is stored went through the strict scanner. */
static void compare(struct differences *out, const cJSON *before, const cJSON *after)
{
    if (before == NULL || after == NULL || !cJSON_IsObject(before) || !cJSON_IsObject(after)) {
        if (before == NULL || after == NULL || !cJSON_Compare(before, after, 1))
            add_difference(out, before, after);
        return;
    }
    for (const cJSON *member = before->child; member != NULL; member = member->next)
        compare_member(out, member->string, member, cJSON_GetObjectItemCaseSensitive(after, member->string));
    for (const cJSON *member = after->child; member != NULL; member = member->next) {
        if (cJSON_GetObjectItemCaseSensitive(before, member->string) == NULL)
            compare_member(out, member->string, NULL, member);
    }
}

/* ---- objects ---- */

struct list {
    struct text text;
    size_t count;
};

static size_t lines_of(const struct object *object)
{
    size_t lines = 0;
    for (size_t i = 0; i < object->text_size; i++)
        lines += object->text[i] == '\n';
    return lines;
}

static void put_count(struct text *text, const char *when, const struct object *object)
{
    size_t count = object != NULL ? lines_of(object) : 0;
    if (object != NULL)
        text_printf(text, ",\"%s\":\"%zu line%s\"", when, count, count == 1 ? "" : "s");
}

static void put_lines(struct text *text, const struct object *before, const struct object *after)
{
    text_puts(text, ",\"before\":null,\"after\":null,\"differences\":[{\"pointer\":\"\"");
    put_count(text, "before", before);
    put_count(text, "after", after);
    text_puts(text, "}]}");
}

static void begin_item(struct list *out, const struct object *before, const struct object *after)
{
    const struct object *either = after != NULL ? after : before;
    const char *action = before == NULL ? "add" : after == NULL ? "delete" : "change";
    text_printf(&out->text, "%s{\"action\":\"%s\",\"kind\":\"%s\",\"name\":", out->count++ > 0 ? "," : "",
                action, object_kind_names[either->kind]);
    text_put_json(&out->text, either->name);
}

static cJSON *parse(const struct object *object)
{
    struct arena arena = { 0 };
    cJSON *json =
        object != NULL ? cJSON_ParseWithLength(object_text(object, &arena), object->text_size) : NULL;
    arena_free(&arena);
    return json;
}

static void put_json(struct list *out, const struct object *before, const struct object *after)
{
    struct differences differences = { 0 };
    cJSON *from = parse(before), *to = parse(after);
    compare(&differences, from, to);
    if (differences.count > 0) { /* else they differ in white space only */
        begin_item(out, before, after);
        text_puts(&out->text, before == NULL ? ",\"before\":null" : "");
        put_side(&out->text, "before", from);
        text_puts(&out->text, after == NULL ? ",\"after\":null" : "");
        put_side(&out->text, "after", to);
        text_printf(&out->text, ",\"differences\":[%s]}", differences.text.bytes);
    }
    text_free(&differences.text);
    text_free(&differences.pointer);
    cJSON_Delete(from);
    cJSON_Delete(to);
}

/* NULL: it is not there. */
static void put_object(struct list *out, const struct object *before, const struct object *after)
{
    const struct object *either = after != NULL ? after : before;
    if (either == NULL || either->kind == OBJECT_SERIAL)
        return;
    if (before != NULL && after != NULL && object_is_same(before, after))
        return;
    if (either->kind != OBJECT_ZONE_DATA) {
        put_json(out, before, after);
        return;
    }
    begin_item(out, before, after);
    put_lines(&out->text, before, after);
}

static char *end(struct list *list)
{
    text_puts(&list->text, "]");
    return text_take(&list->text);
}

char *diff_of_changes(const struct compiler *compiler, const struct objects *changes)
{
    struct list list = { 0 };
    text_puts(&list.text, "[");
    for (size_t i = 0; i < changes->count; i++) {
        const struct object *change = &changes->items[i];
        put_object(&list, compiler_find(compiler, change->kind, change->name),
                   change->text != NULL ? change : NULL);
    }
    return end(&list);
}

static int order(const struct object *a, const struct object *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->name, b->name);
}

char *diff_of_states(const struct objects *before, const struct objects *after)
{
    struct list list = { 0 };
    size_t i = 0, k = 0;
    text_puts(&list.text, "[");
    while (i < before->count || k < after->count) {
        int first = i == before->count  ? 1
                    : k == after->count ? -1
                                        : order(&before->items[i], &after->items[k]);
        put_object(&list, first <= 0 ? &before->items[i] : NULL, first >= 0 ? &after->items[k] : NULL);
        i += first <= 0;
        k += first >= 0;
    }
    return end(&list);
}
