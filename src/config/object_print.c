/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/object.h"

#include "base/memory.h"
#include "base/text.h"
#include "json.h"
#include "pretty.h"

#include <stdlib.h>
#include <string.h>

struct printing {
    struct text out;
    const struct object **objects; /* sorted by kind and name */
    size_t from[OBJECT_KIND_COUNT + 1];
    bool with_zone_data;
};

/* Runs `put` on the scanned text of an object; comments of an API body are blanked by the scan. */
static bool open_text(const struct object *object, struct document *out)
{
    struct problems ignored = { 0 };
    struct arena arena = { 0 };
    bool is_good = document_scan(NULL, object_text(object, &arena), object->text_size, &ignored, out);
    arena_free(&arena);
    problems_free(&ignored);
    return is_good;
}

static void put_key(struct text *out, unsigned depth, bool is_first, const char *key)
{
    if (!is_first)
        text_add(out, ",", 1);
    pretty_line(out, depth);
    text_put_json(out, key);
    text_puts(out, ": ");
}

static void put_object(struct printing *printing, const struct object *object, unsigned depth)
{
    struct document document;
    if (!open_text(object, &document)) {
        text_puts(&printing->out, "{}");
        return;
    }
    struct span whole = json_trim(document.text, (struct span){ 0, document.size });
    pretty_value(&printing->out, document.text, whole, depth);
    document_free(&document);
}

/* The first object of `kind` whose name is not below `name`. */
static size_t lower_bound(const struct printing *printing, enum object_kind kind, const char *name)
{
    size_t low = printing->from[kind], high = printing->from[kind + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(printing->objects[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void put_services(struct printing *printing, const char *zone, bool *is_first)
{
    char *prefix = xasprintf("%s/", zone);
    size_t size = strlen(prefix), at = lower_bound(printing, OBJECT_SERVICE, prefix);
    bool is_first_service = true;
    for (; at < printing->from[OBJECT_SERVICE + 1]; at++, is_first_service = false) {
        const struct object *service = printing->objects[at];
        if (strncmp(service->name, prefix, size) != 0)
            break;
        if (is_first_service) {
            put_key(&printing->out, 3, *is_first, "services");
            text_add(&printing->out, "{", 1);
        }
        put_key(&printing->out, 4, is_first_service, service->name + size);
        put_object(printing, service, 4);
    }
    if (!is_first_service) {
        pretty_line(&printing->out, 3);
        text_add(&printing->out, "}", 1);
        *is_first = false;
    }
    free(prefix);
}

/* The RRsets of one owner are neighbours; `at` is the first and becomes the one behind the last. */
static void put_owner(struct printing *printing, size_t zone_size, size_t *at)
{
    size_t to = printing->from[OBJECT_RRSET + 1];
    const char *first = printing->objects[*at]->name + zone_size;
    size_t owner_size = strcspn(first, "/");
    bool is_first_type = true;
    text_add(&printing->out, "{", 1);
    for (; *at < to; (*at)++, is_first_type = false) {
        const struct object *rrset = printing->objects[*at];
        if (strncmp(rrset->name, first - zone_size, zone_size + owner_size + 1) != 0)
            break;
        put_key(&printing->out, 5, is_first_type, rrset->name + zone_size + owner_size + 1);
        put_object(printing, rrset, 5);
    }
    pretty_line(&printing->out, 4);
    text_add(&printing->out, "}", 1);
}

static void put_rrsets(struct printing *printing, const char *zone, bool *is_first)
{
    char *prefix = xasprintf("%s/", zone);
    size_t size = strlen(prefix), at = lower_bound(printing, OBJECT_RRSET, prefix);
    bool is_first_owner = true;
    while (at < printing->from[OBJECT_RRSET + 1] && strncmp(printing->objects[at]->name, prefix, size) == 0) {
        const char *owner = printing->objects[at]->name + size;
        char *key = xstrndup(owner, strcspn(owner, "/"));
        if (is_first_owner) {
            put_key(&printing->out, 3, *is_first, "rrsets");
            text_add(&printing->out, "{", 1);
        }
        put_key(&printing->out, 4, is_first_owner, key);
        put_owner(printing, size, &at);
        is_first_owner = false;
        free(key);
    }
    if (!is_first_owner) {
        pretty_line(&printing->out, 3);
        text_add(&printing->out, "}", 1);
        *is_first = false;
    }
    free(prefix);
}

/* The master file as a JSON string; what JSON cannot carry is escaped as master files do (RFC 1035 §5.1). */
static void put_records_text(struct text *out, const struct object *data)
{
    struct text plain = { 0 };
    const unsigned char *bytes = (const unsigned char *)data->text;
    for (size_t at = 0; at < data->text_size;) {
        size_t size = json_utf8_size(bytes + at, data->text_size - at);
        if (size == 0 || bytes[at] == 0)
            text_printf(&plain, "\\%03u", bytes[at]);
        else
            text_add(&plain, data->text + at, size);
        at += size > 0 ? size : 1;
    }
    char *text = text_take(&plain);
    text_put_json(out, text);
    free(text);
}

static void put_zone(struct printing *printing, const struct object *zone)
{
    struct document document;
    struct json_member member;
    struct text *out = &printing->out;
    bool is_first = true, has_file = false;
    text_add(out, "{", 1);
    if (open_text(zone, &document)) {
        struct span whole = json_trim(document.text, (struct span){ 0, document.size });
        pretty_members(out, document.text, whole, 3, &is_first);
        for (size_t at = 0; !has_file && json_next_member(document.text, whole, &at, &member);)
            has_file = json_string_is(document.text, member.key, "file");
        document_free(&document);
    }
    size_t data = lower_bound(printing, OBJECT_ZONE_DATA, zone->name);
    bool has_data =
        data < printing->from[OBJECT_ZONE_DATA + 1] && strcmp(printing->objects[data]->name, zone->name) == 0;
    if (has_data && (printing->with_zone_data || !has_file)) {
        put_key(out, 3, is_first, "records_text");
        put_records_text(out, printing->objects[data]);
        is_first = false;
    }
    put_rrsets(printing, zone->name, &is_first);
    put_services(printing, zone->name, &is_first);
    if (!is_first)
        pretty_line(out, 2);
    text_add(out, "}", 1);
}

static int compare_objects(const void *a, const void *b)
{
    const struct object *left = *(const struct object *const *)a, *right = *(const struct object *const *)b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void sort_objects(struct printing *printing, const struct objects *objects)
{
    size_t count = 0;
    printing->objects = xcalloc(objects->count, sizeof *printing->objects);
    for (size_t i = 0; i < objects->count; i++) {
        if (object_has_text(&objects->items[i]))
            printing->objects[count++] = &objects->items[i];
    }
    if (count > 0)
        qsort(printing->objects, count, sizeof *printing->objects, compare_objects);
    size_t at = 0;
    for (unsigned kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        printing->from[kind] = at;
        while (at < count && printing->objects[at]->kind == kind)
            at++;
    }
    printing->from[OBJECT_KIND_COUNT] = at;
}

static void put_section(struct printing *printing, enum object_kind kind, const char *key, bool *is_first)
{
    size_t from = printing->from[kind], to = printing->from[kind + 1];
    if (from == to)
        return;
    put_key(&printing->out, 1, *is_first, key);
    text_add(&printing->out, "{", 1);
    for (size_t i = from; i < to; i++) {
        put_key(&printing->out, 2, i == from, printing->objects[i]->name);
        if (kind == OBJECT_ZONE)
            put_zone(printing, printing->objects[i]);
        else
            put_object(printing, printing->objects[i], 2);
    }
    pretty_line(&printing->out, 1);
    text_add(&printing->out, "}", 1);
    *is_first = false;
}

char *objects_to_steering(const struct objects *objects, bool with_zone_data)
{
    struct printing printing = { .with_zone_data = with_zone_data };
    bool is_first = true;
    sort_objects(&printing, objects);
    text_add(&printing.out, "{", 1);
    put_section(&printing, OBJECT_CHECK, "checks", &is_first);
    put_section(&printing, OBJECT_POOL, "pools", &is_first);
    put_section(&printing, OBJECT_POLICY, "policies", &is_first);
    put_section(&printing, OBJECT_MAP, "maps", &is_first);
    put_section(&printing, OBJECT_LOCATIONS, "locations", &is_first);
    put_section(&printing, OBJECT_ZONE, "zones", &is_first);
    text_puts(&printing.out, is_first ? "}\n" : "\n}\n");
    free(printing.objects);
    return text_take(&printing.out);
}
