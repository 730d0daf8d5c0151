/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/object.h"

#include "base/memory.h"
#include "base/suggest.h"
#include "base/table.h"
#include "base/text.h"
#include "file.h"
#include "geofeed.h"
#include "json.h"
#include "map_file.h"
#include "object_name.h"
#include "zone_data.h"

#include <stdlib.h>
#include <string.h>

#define PADDING_MAX 256 /* columns behind a cut member stay right up to here */

/* A line counter that moves with the walk: one document can hold a hundred thousand objects. */
struct cursor {
    size_t at, line_start;
    unsigned line;
};

struct split {
    const struct document *document;
    const char *directory;
    const char *file; /* for the objects */
    struct problems *problems;
    struct objects *out;
    struct cursor cursor;
    struct text pointer; /* of what is being read */
};

static void cursor_move(struct cursor *cursor, const char *text, size_t to)
{
    size_t from = cursor->at;
    const char *found;
    for (size_t at = from; at < to && (found = memchr(text + at, '\n', to - at)) != NULL;) {
        at = cursor->line_start = (size_t)(found - text) + 1;
        cursor->line++;
    }
    for (size_t at = from; at > to && (found = memrchr(text + to, '\n', at - to)) != NULL; cursor->line--)
        at = (size_t)(found - text);
    if (to < from) {
        found = memrchr(text, '\n', to);
        cursor->line_start = found != NULL ? (size_t)(found - text) + 1 : 0;
    }
    cursor->at = to;
}

static size_t enter(struct split *split, const char *key)
{
    size_t before = split->pointer.size;
    json_pointer_add(&split->pointer, key);
    return before;
}

static void leave(struct split *split, size_t before)
{
    split->pointer.size = before;
    split->pointer.bytes[before] = '\0';
}

/* Line and column of `at`; none in a document that came by the API. */
static void find_position(struct split *split, size_t at, unsigned *line, unsigned *column)
{
    *line = *column = 0;
    if (split->file == NULL)
        return;
    cursor_move(&split->cursor, split->document->text, at);
    *line = split->cursor.line;
    *column = (unsigned)(at - split->cursor.line_start) + 1;
}

static void note(struct split *split, size_t at, const char *message)
{
    unsigned line, column;
    find_position(split, at, &line, &column);
    problems_add(split->problems, split->file, line, column, split->pointer.size ? split->pointer.bytes : "",
                 "%s", message);
}

static bool is_object(struct split *split, struct span value)
{
    char byte = split->document->text[value.at];
    if (byte == '{')
        return true;
    const char *what = byte == '[' ? "a list" : (byte == '"' ? "a string" : "a plain value");
    char *message = xasprintf("must be an object {…}, got %s", what);
    note(split, value.at, message);
    free(message);
    return false;
}

static bool skip(const char **at, const char *bytes, size_t size)
{
    bool is_there = strncmp(*at, bytes, size) == 0;
    *at += is_there ? size : 0;
    return is_there;
}

/* True if a service plainly stands where its name says; false also where it takes a closer look. */
static bool stands_as_named(const struct object *object, const char *pointer)
{
    static const char zones[] = "/zones/", services[] = "/services/";
    const char *owner = strchr(object->name, '/');
    return object->kind == OBJECT_SERVICE && owner != NULL && strchr(pointer, '~') == NULL &&
           skip(&pointer, zones, sizeof zones - 1) &&
           skip(&pointer, object->name, (size_t)(owner - object->name)) &&
           skip(&pointer, services, sizeof services - 1) && strcmp(pointer, owner + 1) == 0;
}

/* Adds the object whose JSON starts at `at`; takes over `text`. */
static void add(struct split *split, enum object_kind kind, const char *name, char *text, size_t size,
                size_t at)
{
    struct object *object = objects_add(split->out, kind, name, text, size);
    find_position(split, at, &object->line, &object->column);
    object->file = split->file;
    if (stands_as_named(object, split->pointer.bytes))
        return;
    char *usual = object_pointer(object);
    if (strcmp(usual, split->pointer.bytes) != 0)
        object->pointer = arena_string(&split->out->arena, split->pointer.bytes, split->pointer.size);
    free(usual);
}

static void add_span(struct split *split, enum object_kind kind, const char *name, struct span value)
{
    add(split, kind, name, split->document->text + value.at, value.size, value.at);
    struct object *object = &split->out->items[split->out->count - 1];
    object->is_scanned = object->is_borrowed = true;
}

/* ---- zones ---- */

enum { SERVICES, RRSETS, RECORDS_TEXT, FILE_NAME, PART_COUNT };
static const char *const part_names[PART_COUNT] = { "services", "rrsets", "records_text", "file" };

/* The members of a zone that the split looks at. */
struct zone_parts {
    struct span values[PART_COUNT]; /* size 0: absent */
    size_t last_kept;               /* start of the last member that stays in the zone's text; 0: none */
};

static int part_of(const char *text, struct span key)
{
    for (int part = 0; part < PART_COUNT; part++) {
        if (json_string_is(text, key, part_names[part]))
            return part;
    }
    return PART_COUNT;
}

static bool is_cut(int part)
{
    return part == SERVICES || part == RRSETS || part == RECORDS_TEXT;
}

static struct zone_parts find_parts(const struct document *document, struct span zone)
{
    const char *text = document->text;
    struct zone_parts parts = { 0 };
    struct json_member member;
    for (size_t at = 0; json_next_member_over(text, &document->ends, zone, &at, &member);) {
        int part = part_of(text, member.key);
        if (part < PART_COUNT)
            parts.values[part] = member.value;
        if (!is_cut(part))
            parts.last_kept = member.key.at;
    }
    return parts;
}

/* In place of a cut member, so that what follows keeps its line and column. */
static void put_padding(struct text *out, const char *bytes, size_t size)
{
    size_t column = 0;
    for (size_t i = 0; i < size; i++) {
        column = bytes[i] == '\n' ? 0 : column + 1;
        if (bytes[i] == '\n')
            text_add(out, "\n", 1);
    }
    for (; column > 0 && column <= PADDING_MAX; column--)
        text_add(out, " ", 1);
}

/* What stands between two members, with its comma only if `keeps_comma`. */
static void put_gap(struct text *out, const char *bytes, size_t size, bool keeps_comma)
{
    for (size_t i = 0; i < size; i++)
        text_add(out, bytes[i] == ',' && !keeps_comma ? " " : bytes + i, 1);
}

/* The zone's JSON without the members that become objects of their own. */
static char *zone_text(const struct split *split, struct span zone, const struct zone_parts *parts,
                       size_t *size)
{
    const char *text = split->document->text;
    const struct json_ends *ends = &split->document->ends;
    struct text out = { 0 };
    struct json_member member;
    size_t done = zone.at, kept = 0;
    for (size_t at = 0;
         json_next_member_over(text, ends, zone, &at, &member) && member.key.at <= parts->last_kept;) {
        bool stays = !is_cut(part_of(text, member.key));
        put_gap(&out, text + done, member.key.at - done, stays && kept > 0);
        if (stays)
            text_add(&out, text + member.key.at, at - member.key.at);
        else if (split->file != NULL)
            put_padding(&out, text + member.key.at, at - member.key.at);
        kept += stays;
        done = at;
    }
    text_puts(&out, kept > 0 ? " }" : "{}");
    *size = out.size;
    return text_take(&out);
}

static void add_zone_file(struct split *split, const char *zone, struct span value)
{
    size_t size;
    struct error err;
    char *name = json_unescape(split->document->text, value, NULL);
    char *path = file_path(split->directory, name);
    size_t errors_before = split->problems->error_count;
    char *bytes = zone_data_load(path, split->directory, &size, split->problems, &err);
    size_t before = enter(split, "file");
    if (bytes != NULL) {
        add(split, OBJECT_ZONE_DATA, zone, bytes, size, value.at);
    } else if (split->problems->error_count == errors_before) {
        char *message = xasprintf("zone file %s %s", path, err.text);
        note(split, value.at, message);
        free(message);
    }
    leave(split, before);
    free(path);
    free(name);
}

static void add_records_text(struct split *split, const char *zone, const struct zone_parts *parts)
{
    struct span value = parts->values[RECORDS_TEXT];
    size_t before = enter(split, part_names[RECORDS_TEXT]), size;
    if (split->document->text[value.at] != '"') {
        note(split, value.at, "must be a string: the contents of a master file");
    } else if (split->file != NULL && parts->values[FILE_NAME].size > 0) {
        note(split, value.at, "stands beside \"file\": keep one of them");
    } else {
        char *bytes = json_unescape(split->document->text, value, &size);
        add(split, OBJECT_ZONE_DATA, zone, bytes, size, value.at);
    }
    leave(split, before);
}

/* The scanner has refused a key that stands twice, whatever its case: only by escapes two are one name. */
static bool is_another(struct table *names, const char *name)
{
    return strchr(name, '\\') == NULL || table_put(names, name, names) == NULL;
}

static void add_services(struct split *split, const char *zone, struct span services)
{
    struct span value;
    char *owner;
    size_t before = enter(split, "services");
    struct table *names = table_new();
    for (size_t at = 0; is_object(split, services) &&
                        document_next_member(split->document, services, &at, &owner, &value);) {
        size_t inner = enter(split, owner);
        char *name = object_service_name(zone, owner);
        if (owner[0] == '\0')
            note(split, value.at, "a service needs an owner name: write \"@\" for the apex");
        else if (!is_another(names, name))
            note(split, value.at, "the same owner name twice, written differently");
        else if (is_object(split, value))
            add_span(split, OBJECT_SERVICE, name, value);
        free(name);
        free(owner);
        leave(split, inner);
    }
    table_free(names);
    leave(split, before);
}

/* The RRsets of one owner. */
static void add_owner(struct split *split, const char *zone, const char *owner, struct span types,
                      struct table *names)
{
    struct span value;
    char *type;
    for (size_t at = 0;
         is_object(split, types) && document_next_member(split->document, types, &at, &type, &value);) {
        struct error err;
        size_t before = enter(split, type);
        char *name = object_rrset_name(zone, owner, type, &err);
        if (name == NULL)
            note(split, value.at, err.text);
        else if (table_put(names, name, split) != NULL)
            note(split, value.at, "the same owner name and type twice, written differently");
        else if (is_object(split, value))
            add_span(split, OBJECT_RRSET, name, value);
        free(name);
        free(type);
        leave(split, before);
    }
}

static void add_rrsets(struct split *split, const char *zone, struct span rrsets)
{
    struct span types;
    char *owner;
    size_t before = enter(split, part_names[RRSETS]);
    struct table *names = table_new();
    for (size_t at = 0;
         is_object(split, rrsets) && document_next_member(split->document, rrsets, &at, &owner, &types);) {
        size_t inner = enter(split, owner);
        add_owner(split, zone, owner, types, names);
        free(owner);
        leave(split, inner);
    }
    table_free(names);
    leave(split, before);
}

static void add_zone(struct split *split, const char *name, struct span zone)
{
    struct zone_parts parts = find_parts(split->document, zone);
    size_t size;
    char *text = zone_text(split, zone, &parts, &size);
    add(split, OBJECT_ZONE, name, text, size, zone.at);
    split->out->items[split->out->count - 1].says_rrsets = parts.values[RRSETS].size > 0;
    struct span file = parts.values[FILE_NAME];
    if (parts.values[RECORDS_TEXT].size > 0)
        add_records_text(split, name, &parts);
    else if (split->file != NULL && file.size > 0 && split->document->text[file.at] == '"')
        add_zone_file(split, name, file);
    if (parts.values[SERVICES].size > 0)
        add_services(split, name, parts.values[SERVICES]);
    if (parts.values[RRSETS].size > 0)
        add_rrsets(split, name, parts.values[RRSETS]);
}

static void add_zones(struct split *split, struct span zones)
{
    struct span value;
    char *key;
    struct table *names = table_new();
    for (size_t at = 0; document_next_member(split->document, zones, &at, &key, &value);) {
        size_t before = enter(split, key);
        char *name = object_zone_name(key);
        if (name[0] == '\0')
            note(split, value.at, "a zone needs a name: write \".\" for the root zone");
        else if (table_put(names, name, split) != NULL)
            note(split, value.at, "the same zone twice, written differently");
        else if (is_object(split, value))
            add_zone(split, name, value);
        free(name);
        free(key);
        leave(split, before);
    }
    table_free(names);
}

/* ---- the document ---- */

/* Networks of clients, and what is said of them in a file. */
typedef char *file_reader(const char *file, const char *text, size_t size, struct problems *problems,
                          size_t *json_size);

/* {"file": "maps/offices.txt"}: the object is what the file says now. */
static void add_file(struct split *split, enum object_kind kind, const char *name, struct span value,
                     file_reader *read)
{
    size_t size, json_size;
    struct error err;
    char *written = json_unescape(split->document->text, value, NULL);
    char *path = file_path(split->directory, written), *json = NULL;
    char *bytes = file_read(path, &size, &err);
    size_t before = enter(split, "file");
    if (bytes == NULL) {
        char *message = xasprintf("%s file %s %s", object_kind_names[kind], path, err.text);
        note(split, value.at, message);
        free(message);
    } else {
        json = read(path, bytes, size, split->problems, &json_size);
    }
    leave(split, before);
    if (json != NULL)
        add(split, kind, name, json, json_size, value.at);
    free(bytes);
    free(path);
    free(written);
}

static void add_networks(struct split *split, enum object_kind kind, const char *name, struct span value)
{
    const char *text = split->document->text;
    struct json_member member;
    size_t at = 0;
    bool is_file = split->file != NULL && json_next_member(text, value, &at, &member) &&
                   json_string_is(text, member.key, "file") && text[member.value.at] == '"';
    if (is_file)
        add_file(split, kind, name, member.value, kind == OBJECT_MAP ? map_file_to_json : geofeed_to_json);
    else
        add_span(split, kind, name, value);
}

static void add_all(struct split *split, enum object_kind kind, struct span section)
{
    struct span value;
    char *name;
    for (size_t at = 0; document_next_member(split->document, section, &at, &name, &value);) {
        size_t before = enter(split, name);
        bool is_sound = is_object(split, value);
        if (is_sound && (kind == OBJECT_MAP || kind == OBJECT_LOCATIONS))
            add_networks(split, kind, name, value);
        else if (is_sound)
            add_span(split, kind, name, value);
        free(name);
        leave(split, before);
    }
}

static void add_section(struct split *split, const char *key, struct span value)
{
    static const struct {
        const char *key;
        enum object_kind kind;
    } sections[] = {
        { "checks", OBJECT_CHECK }, { "pools", OBJECT_POOL }, { "policies", OBJECT_POLICY },
        { "zones", OBJECT_ZONE },   { "maps", OBJECT_MAP },   { "locations", OBJECT_LOCATIONS }
    };
    struct suggestion suggestion = { .word = key };
    for (unsigned i = 0; i < sizeof sections / sizeof *sections; i++) {
        suggestion_consider(&suggestion, sections[i].key);
        if (strcmp(key, sections[i].key) != 0)
            continue;
        if (is_object(split, value) && sections[i].kind == OBJECT_ZONE)
            add_zones(split, value);
        else if (split->document->text[value.at] == '{')
            add_all(split, sections[i].kind, value);
        return;
    }
    char *message =
        suggestion.best != NULL
            ? xasprintf("unknown key: did you mean \"%s\"?", suggestion.best)
            : xstrdup("unknown key: there are checks, pools, policies, zones, maps and locations");
    note(split, value.at, message);
    free(message);
}

bool objects_of_steering(struct document *document, const char *directory, struct problems *problems,
                         struct objects *out)
{
    size_t errors_before = problems->error_count;
    *out = (struct objects){ 0 };
    struct split split = { .document = document,
                           .directory = directory,
                           .file = object_file_name(document->file),
                           .problems = problems,
                           .out = out,
                           .cursor = { .line = 1 } };
    struct span whole = json_trim(document->text, (struct span){ 0, document->size }), value;
    char *key;
    for (size_t at = 0;
         is_object(&split, whole) && document_next_member(document, whole, &at, &key, &value);) {
        size_t before = enter(&split, key);
        if (key[0] != '$')
            add_section(&split, key, value);
        leave(&split, before);
        free(key);
    }
    text_free(&split.pointer);
    arena_adopt(&out->arena, document->text);
    document->text = NULL;
    return problems->error_count == errors_before;
}

bool objects_load(const char *steering_file, struct problems *problems, struct objects *out)
{
    struct document document;
    *out = (struct objects){ 0 };
    if (!document_load(steering_file, problems, &document))
        return false;
    char *directory = file_directory(steering_file);
    bool is_good = objects_of_steering(&document, directory, problems, out);
    free(directory);
    document_free(&document);
    return is_good;
}
