/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/object.h"

#include "base/memory.h"
#include "base/text.h"
#include "json.h"
#include "object_name.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const object_kind_names[OBJECT_KIND_COUNT] = { "check", "pool",      "policy",
                                                           "zone",  "zone_data", "service" };

static char *pointer_of(enum object_kind kind, const char *name)
{
    static const char *const sections[OBJECT_KIND_COUNT] = { "/checks", "/pools", "/policies",
                                                             "/zones",  "/zones", "/zones" };
    struct text pointer = { 0 };
    text_puts(&pointer, sections[kind]);
    size_t zone_size = kind == OBJECT_SERVICE ? strcspn(name, "/") : strlen(name);
    char *first = xstrndup(name, zone_size);
    json_pointer_add(&pointer, first);
    free(first);
    if (kind == OBJECT_SERVICE && name[zone_size] == '/') {
        text_puts(&pointer, "/services");
        json_pointer_add(&pointer, name + zone_size + 1);
    }
    return text_take(&pointer);
}

struct object *objects_add(struct objects *objects, enum object_kind kind, const char *name, char *text,
                           size_t text_size)
{
    if (objects->count == objects->room) {
        objects->room = objects->room ? objects->room * 2 : 16;
        objects->items = xrealloc(objects->items, objects->room, sizeof *objects->items);
    }
    struct object *object = &objects->items[objects->count++];
    *object = (struct object){ .kind = kind,
                               .name = xstrdup(name),
                               .text = text,
                               .text_size = text_size,
                               .pointer = pointer_of(kind, name) };
    return object;
}

void objects_free(struct objects *objects)
{
    for (size_t i = 0; i < objects->count; i++) {
        free(objects->items[i].name);
        free(objects->items[i].pointer);
        if (!objects->is_borrowed)
            free(objects->items[i].text);
    }
    free(objects->items);
    *objects = (struct objects){ 0 };
}

/* ---- names ---- */

struct file_name {
    struct file_name *next;
    char name[];
};

static _Atomic(struct file_name *) file_names;

const char *object_file_name(const char *name)
{
    if (name == NULL)
        return NULL;
    struct file_name *head = atomic_load(&file_names);
    for (const struct file_name *at = head; at != NULL; at = at->next) {
        if (strcmp(at->name, name) == 0)
            return at->name;
    }
    struct file_name *fresh = xcalloc(1, sizeof *fresh + strlen(name) + 1);
    strcpy(fresh->name, name);
    do
        fresh->next = head;
    while (!atomic_compare_exchange_weak(&file_names, &head, fresh));
    return fresh->name;
}

/* Lowercase; "/" as "\047", which is the same name to DNS (RFC 1035 §5.1), so that the first "/" divides. */
static void put_dns_name(struct text *text, const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char byte = (char)tolower((unsigned char)name[i]);
        if (byte == '/')
            text_puts(text, "\\047");
        else
            text_add(text, &byte, 1);
    }
}

/* Without a final dot, unless it is escaped, behind another one (which is no name) or all there is. */
static size_t size_without_dot(const char *name)
{
    size_t size = strlen(name), slashes = 0;
    if (size < 2 || name[size - 1] != '.' || name[size - 2] == '.')
        return size;
    while (slashes + 1 < size && name[size - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 0 ? size - 1 : size;
}

char *object_zone_name(const char *written)
{
    struct text name = { 0 };
    put_dns_name(&name, written, size_without_dot(written));
    return text_take(&name);
}

char *object_service_name(const char *zone, const char *owner)
{
    struct text name = { 0 };
    text_puts(&name, zone);
    text_add(&name, "/", 1);
    put_dns_name(&name, owner, strlen(owner));
    return text_take(&name);
}
