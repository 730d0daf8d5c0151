/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/document.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 96, INDENT = 2 };

static void put_scalar(const cJSON *item, struct text *out)
{
    char *printed = cJSON_PrintUnformatted(item);
    text_puts(out, printed != NULL ? printed : "null");
    cJSON_free(printed);
}

static bool is_container(const cJSON *item)
{
    return cJSON_IsObject(item) || cJSON_IsArray(item);
}

/* Nothing below it but scalars, and lists of them such as a location. */
static bool is_flat(const cJSON *item, bool may_hold_lists)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, item)
    {
        bool is_list = cJSON_IsArray(member) && may_hold_lists && is_flat(member, false);
        if (is_container(member) && !is_list)
            return false;
    }
    return true;
}

static void put_key(const cJSON *item, const cJSON *container, struct text *out)
{
    if (!cJSON_IsObject(container))
        return;
    text_put_json(out, item->string);
    text_puts(out, ": ");
}

static void put_on_one_line(const cJSON *item, struct text *out)
{
    const cJSON *member;
    bool is_object = cJSON_IsObject(item);
    if (!is_container(item)) {
        put_scalar(item, out);
        return;
    }
    text_puts(out, is_object ? item->child != NULL ? "{ " : "{" : "[");
    cJSON_ArrayForEach(member, item)
    {
        put_key(member, item, out);
        put_on_one_line(member, out);
        if (member->next != NULL)
            text_puts(out, ", ");
    }
    text_puts(out, is_object ? item->child != NULL ? " }" : "}" : "]");
}

static void put(const cJSON *item, size_t used, int indent, struct text *out)
{
    const cJSON *member;
    struct text line = { 0 };
    if (!is_container(item) || is_flat(item, true)) {
        put_on_one_line(item, &line);
        if (!is_container(item) || item->child == NULL || used + line.size <= LINE_SIZE) {
            text_add(out, line.bytes, line.size);
            text_free(&line);
            return;
        }
        text_free(&line);
    }
    text_puts(out, cJSON_IsObject(item) ? "{\n" : "[\n");
    cJSON_ArrayForEach(member, item)
    {
        size_t start = out->size;
        text_printf(out, "%*s", indent + INDENT, "");
        put_key(member, item, out);
        put(member, out->size - start, indent + INDENT, out);
        text_puts(out, member->next != NULL ? ",\n" : "\n");
    }
    text_printf(out, "%*s%c", indent, "", cJSON_IsObject(item) ? '}' : ']');
}

void document_print(const cJSON *json, struct text *out)
{
    put(json, 0, 0, out);
    text_puts(out, "\n");
}

/* ---- order ---- */

static int by_name(const void *one, const void *other)
{
    const cJSON *const *a = one, *const *b = other;
    return strcmp((*a)->string, (*b)->string);
}

static void sort_members(cJSON *object)
{
    int count = cJSON_GetArraySize(object);
    if (!cJSON_IsObject(object) || count < 2)
        return;
    cJSON **members = xcalloc((size_t)count, sizeof(cJSON *));
    for (int i = 0; i < count; i++)
        members[i] = cJSON_DetachItemViaPointer(object, object->child);
    qsort(members, (size_t)count, sizeof(cJSON *), by_name);
    for (int i = 0; i < count; i++)
        cJSON_AddItemToObject(object, members[i]->string, members[i]);
    free(members);
}

void document_sort(cJSON *configuration)
{
    cJSON *collection, *zone;
    sort_members(configuration);
    cJSON_ArrayForEach(collection, configuration) sort_members(collection);
    cJSON_ArrayForEach(zone, cJSON_GetObjectItemCaseSensitive(configuration, "zones"))
        sort_members(cJSON_GetObjectItemCaseSensitive(zone, "services"));
}
