/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/object.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "dns/type.h"
#include "json.h"
#include "object_name.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const object_kind_names[OBJECT_KIND_COUNT] = {
    "check", "pool", "policy", "zone", "zone_data", "service", "rrset", "serial", "map", "locations"
};

const char *const object_kind_words[OBJECT_KIND_COUNT] = {
    "check", "pool", "policy", "zone", "zone file", "service", "RRset", "serial", "map", "set of locations"
};

bool object_unknown(enum object_kind kind, const char *name, struct error *err)
{
    return error_set(err, "there is no %s named \"%s\"", object_kind_words[kind], name);
}

/* "owner" or "owner/TYPE" behind the zone. */
static void add_place(struct text *pointer, enum object_kind kind, const char *place)
{
    size_t owner_size = strcspn(place, "/");
    char *owner = xstrndup(place, owner_size);
    text_puts(pointer, kind == OBJECT_SERVICE ? "/services" : "/rrsets");
    json_pointer_add(pointer, owner);
    if (place[owner_size] == '/')
        json_pointer_add(pointer, place + owner_size + 1);
    free(owner);
}

static char *pointer_of(enum object_kind kind, const char *name)
{
    static const char *const sections[OBJECT_KIND_COUNT] = { "/checks", "/pools",    "/policies", "/zones",
                                                             "/zones",  "/zones",    "/zones",    "/zones",
                                                             "/maps",   "/locations" };
    struct text pointer = { 0 };
    text_puts(&pointer, sections[kind]);
    bool has_place = kind == OBJECT_SERVICE || kind == OBJECT_RRSET;
    size_t zone_size = has_place ? strcspn(name, "/") : strlen(name);
    char *first = xstrndup(name, zone_size);
    json_pointer_add(&pointer, first);
    free(first);
    if (has_place && name[zone_size] == '/')
        add_place(&pointer, kind, name + zone_size + 1);
    return text_take(&pointer);
}

static struct object *new_place(struct objects *objects)
{
    if (objects->count == objects->room) {
        objects->room = objects->room ? objects->room * 2 : 16;
        objects->items = xrealloc(objects->items, objects->room, sizeof *objects->items);
    }
    return &objects->items[objects->count++];
}

struct object *objects_add(struct objects *objects, enum object_kind kind, const char *name, char *text,
                           size_t text_size)
{
    struct object *object = new_place(objects);
    *object = (struct object){ .kind = kind,
                               .name = arena_string(&objects->arena, name, strlen(name)),
                               .text = text,
                               .text_size = text_size };
    return object;
}

void objects_move(struct objects *objects, struct object *object)
{
    *new_place(objects) = *object;
    object->is_borrowed = true;
}

void objects_take_arena(struct objects *objects, struct objects *from)
{
    arena_merge(&objects->arena, &from->arena);
}

const char *object_text(const struct object *object, struct arena *arena)
{
    if (object->packed == NULL)
        return object->text;
    char *text = arena_take(arena, object->text_size + 1);
    packed_unpack(object->packed, text);
    return text;
}

bool object_is_same(const struct object *a, const struct object *b)
{
    struct arena arena = { 0 };
    bool is_same = a->text_size == b->text_size &&
                   memcmp(object_text(a, &arena), object_text(b, &arena), a->text_size) == 0;
    arena_free(&arena);
    return is_same;
}

char *object_pointer(const struct object *object)
{
    return object->pointer != NULL ? xstrdup(object->pointer) : pointer_of(object->kind, object->name);
}

void objects_free(struct objects *objects)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (!objects->is_borrowed && !objects->items[i].is_borrowed)
            free(objects->items[i].text);
    }
    arena_free(&objects->arena);
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
    for (;;) {
        const char *slash = memchr(name, '/', size);
        size_t plain = slash != NULL ? (size_t)(slash - name) : size;
        text_add(text, name, plain);
        for (char *at = text->bytes + text->size - plain; *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        if (slash == NULL)
            return;
        text_puts(text, "\\047");
        name = slash + 1;
        size -= plain + 1;
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

/* The owner relative to the apex, "@" for the apex itself. */
static char *relative_name(const struct dns_name *owner, const struct dns_name *apex)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct text name = { 0 };
    unsigned count = owner->label_count - apex->label_count;
    if (count == 0)
        return xstrdup("@");
    uint8_t wire[DNS_NAME_SIZE_MAX + 1];
    size_t size = count == owner->label_count ? owner->size - 1u : owner->label_at[count];
    memcpy(wire, owner->bytes, size);
    wire[size] = 0;
    dns_name_format_wire(wire, text);
    put_dns_name(&name, text, strlen(text) - 1); /* the last one is no part of a label */
    return text_take(&name);
}

char *object_rrset_name(const char *zone, const char *owner, const char *type, struct error *err)
{
    struct dns_name apex, name;
    uint16_t number;
    char type_text[16];
    const char *what = NULL;
    if (!dns_name_parse(zone, NULL, &apex))
        what = zone;
    else if (!dns_name_parse(owner, &apex, &name))
        what = owner;
    if (what != NULL) {
        error_set(err, "\"%.300s\" is no domain name", what);
        return NULL;
    }
    if (!dns_name_is_within(&name, &apex)) {
        error_set(err, "\"%.300s\" is not in this zone: leave out the final dot to make it relative", owner);
        return NULL;
    }
    if (!dns_type_parse(type, &number)) {
        error_set(err, "\"%.40s\" is no record type: write a mnemonic as AAAA, or TYPEnnn", type);
        return NULL;
    }
    dns_type_format(number, type_text);
    char *relative = relative_name(&name, &apex);
    char *made = xasprintf("%s/%s/%s", zone, relative, type_text);
    free(relative);
    return made;
}

bool object_rrset_parse(const char *name, struct dns_name *apex, struct dns_name *owner, uint16_t *type)
{
    size_t zone_size = strcspn(name, "/");
    const char *owner_at = name + zone_size + (name[zone_size] == '/');
    size_t owner_size = strcspn(owner_at, "/");
    const char *type_at = owner_at + owner_size + (owner_at[owner_size] == '/');
    char *zone_text = xstrndup(name, zone_size), *owner_text = xstrndup(owner_at, owner_size);
    char *made = object_rrset_name(zone_text, owner_text, type_at, NULL);
    bool is_good = made != NULL && strcmp(made, name) == 0;
    if (is_good)
        is_good = dns_name_parse(zone_text, NULL, apex) && dns_name_parse(owner_text, apex, owner) &&
                  dns_type_parse(type_at, type);
    free(made);
    free(zone_text);
    free(owner_text);
    return is_good;
}
