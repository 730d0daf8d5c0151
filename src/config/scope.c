/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/scope.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool scope_is_everything(const char *scope)
{
    return scope == NULL || scope[0] == '\0';
}

/* ---- names ---- */

static size_t size_without_dot(const char *name, size_t size)
{
    return size > 1 && name[size - 1] == '.' ? size - 1 : size;
}

static bool is_same_zone(const char *a, size_t a_size, const char *b, size_t b_size)
{
    a_size = size_without_dot(a, a_size);
    b_size = size_without_dot(b, b_size);
    return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

static bool is_same_name(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* An escaped dot ends no label: names with escapes are in no zone here. */
static bool is_inside_zone(const char *zone, size_t zone_size, const char *name, size_t name_size)
{
    zone_size = size_without_dot(zone, zone_size);
    name_size = size_without_dot(name, name_size);
    if (memchr(name, '\\', name_size) != NULL || name_size == 0)
        return false;
    if (zone_size == 1 && zone[0] == '.')
        return true;
    if (name_size < zone_size)
        return false;
    size_t rest = name_size - zone_size;
    return strncasecmp(name + rest, zone, zone_size) == 0 && (rest == 0 || name[rest - 1] == '.');
}

/* ---- lines ---- */

typedef bool matcher(const char *line, size_t line_size, const char *name, size_t size);

/* The size of the longest name on a line "KIND NAME" that fits `name`; 0: there is none. */
static size_t longest_line(const char *scope, const char *kind, const char *name, size_t size, matcher *fits)
{
    size_t kind_size = strlen(kind), longest = 0;
    for (const char *line = scope; *line != '\0';) {
        size_t line_size = strcspn(line, "\n");
        const char *named = line + kind_size;
        if (line_size > kind_size && strncmp(line, kind, kind_size) == 0 &&
            fits(named, line_size - kind_size, name, size)) {
            size_t named_size = size_without_dot(named, line_size - kind_size);
            longest = named_size > longest ? named_size : longest;
        }
        line += line_size + (line[line_size] == '\n');
    }
    return longest;
}

static bool has_line(const char *scope, const char *kind, const char *name, size_t size, matcher *fits)
{
    return scope_is_everything(scope) || longest_line(scope, kind, name, size, fits) > 0;
}

bool scope_has_pool(const char *scope, const char *pool)
{
    return has_line(scope, "pool ", pool, strlen(pool), is_same_name);
}

bool scope_has_zone(const char *scope, const char *zone)
{
    return has_line(scope, "zone ", zone, strlen(zone), is_same_zone);
}

bool scope_has_check(const char *scope, const char *check)
{
    return has_line(scope, "check ", check, strlen(check), is_same_name);
}

bool scope_has_name(const char *scope, const char *name)
{
    if (scope_is_everything(scope))
        return true;
    size_t size = strlen(name);
    return longest_line(scope, "zone ", name, size, is_inside_zone) >
           longest_line(scope, "but ", name, size, is_inside_zone);
}

bool scope_has_object(const char *scope, enum object_kind kind, const char *name)
{
    size_t size = strlen(name);
    switch (kind) {
    case OBJECT_CHECK: return has_line(scope, "check ", name, size, is_same_name);
    case OBJECT_POOL: return has_line(scope, "pool ", name, size, is_same_name);
    case OBJECT_ZONE:
    case OBJECT_ZONE_DATA:
    case OBJECT_SERIAL: return has_line(scope, "zone ", name, size, is_same_zone);
    case OBJECT_SERVICE:
    case OBJECT_RRSET: return has_line(scope, "zone ", name, strcspn(name, "/"), is_same_zone);
    case OBJECT_POLICY:
    case OBJECT_MAP:
    case OBJECT_LOCATIONS:
    case OBJECT_KIND_COUNT: break;
    }
    return scope_is_everything(scope);
}

bool scope_has_subject(const char *scope, const char *subject)
{
    size_t size = strcspn(subject, "/");
    return has_line(scope, "pool ", subject, size, is_same_name) || scope_has_name(scope, subject);
}

char *scope_without(char *scope, const char *zone)
{
    size_t size = strlen(zone);
    if (scope_is_everything(scope) || longest_line(scope, "zone ", zone, size, is_same_zone) > 0 ||
        longest_line(scope, "zone ", zone, size, is_inside_zone) == 0)
        return scope;
    char *narrower = xasprintf("%s\nbut %s", scope, zone);
    free(scope);
    return narrower;
}

void objects_keep_scope(struct objects *objects, const char *scope)
{
    size_t count = 0;
    if (scope_is_everything(scope))
        return;
    for (size_t i = 0; i < objects->count; i++) {
        struct object *object = &objects->items[i];
        if (scope_has_object(scope, object->kind, object->name)) {
            objects->items[count++] = *object;
            continue;
        }
        if (!objects->is_borrowed && !object->is_borrowed)
            free(object->text);
    }
    objects->count = count;
}
