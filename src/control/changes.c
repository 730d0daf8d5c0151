/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/changes.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"
#include "control/merge_patch.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *object_key(enum object_kind kind, const char *name)
{
    return xasprintf("%d/%s", (int)kind, name);
}

static void note_deletion(struct objects *out, const struct object *object)
{
    objects_add(out, object->kind, object->name, NULL, 0);
}

static char *canonical(const struct object *object)
{
    struct arena arena = { 0 };
    cJSON *json = cJSON_ParseWithLength(object_text(object, &arena), object->text_size);
    char *printed = json != NULL ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    arena_free(&arena);
    return printed;
}

/* Equal but for white space; the order of members counts, because rotations follow it.  Zone data is no JSON.
 */
static bool is_same(const struct object *a, const struct object *b)
{
    if (object_is_same(a, b))
        return true;
    if (a->kind == OBJECT_ZONE_DATA)
        return false;
    char *a_text = canonical(a), *b_text = canonical(b);
    bool is_equal = a_text != NULL && b_text != NULL && strcmp(a_text, b_text) == 0;
    cJSON_free(a_text);
    cJSON_free(b_text);
    return is_equal;
}

/* What is wanted, by kind and name. */
static void *find_wanted(const struct table *names, enum object_kind kind, const char *name)
{
    char *key = object_key(kind, name);
    void *found = table_find(names, key);
    free(key);
    return found;
}

static const struct object *find_zone_of(const struct table *names, const struct object *object)
{
    char *zone = xstrndup(object->name, strcspn(object->name, "/"));
    const struct object *found = find_wanted(names, OBJECT_ZONE, zone);
    free(zone);
    return found;
}

/* True if an object of the head stays though the document does not have it. */
static bool is_kept(const struct table *names, const struct object *object, bool keeps_zone_data)
{
    switch (object->kind) {
    case OBJECT_SERIAL: return true; /* the compiler's own business */
    case OBJECT_ZONE_DATA: return keeps_zone_data && find_zone_of(names, object) != NULL;
    case OBJECT_RRSET: {
        const struct object *zone = find_zone_of(names, object);
        return keeps_zone_data && zone != NULL && !zone->says_rrsets;
    }
    default: return false;
    }
}

/* Of the head what the document does not have. */
static void note_deletions(const struct compiler *compiler, struct objects *wanted, bool keeps_zone_data,
                           struct objects *out)
{
    struct objects all = { 0 };
    struct table *names = table_new();
    for (size_t i = 0; i < wanted->count; i++) {
        struct object *object = &wanted->items[i];
        char *key = object_key(object->kind, object->name);
        table_put(names, key, object);
        free(key);
    }
    compiler_list(compiler, &all);
    for (size_t i = 0; i < all.count; i++) {
        const struct object *object = &all.items[i];
        if (find_wanted(names, object->kind, object->name) == NULL &&
            !is_kept(names, object, keeps_zone_data))
            note_deletion(out, object);
    }
    objects_free(&all);
    table_free(names);
}

void changes_to(const struct compiler *compiler, struct objects *wanted, bool keeps_zone_data,
                struct objects *out)
{
    size_t known_count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        struct object *object = &wanted->items[i];
        if (object->kind == OBJECT_SERIAL)
            continue; /* of another generation: it must not go back */
        const struct object *head = compiler_find(compiler, object->kind, object->name);
        known_count += head != NULL;
        if (head == NULL || !is_same(head, object))
            objects_move(out, object);
    }
    objects_take_arena(out, wanted);
    if (known_count < compiler_count(compiler)) /* names are unique: else none is missing */
        note_deletions(compiler, wanted, keeps_zone_data, out);
}

/* ---- commands; what those before them in a batch have changed lies over the head ---- */

/* Among the first `count`. */
static struct object *find_change(const struct objects *changes, size_t count, enum object_kind kind,
                                  const char *name)
{
    for (size_t i = 0; i < count; i++) {
        struct object *change = &changes->items[i];
        if (change->kind == kind && strcmp(change->name, name) == 0)
            return change;
    }
    return NULL;
}

/* What the object is now, or NULL. */
static const struct object *find_now(const struct compiler *compiler, const struct objects *changes,
                                     enum object_kind kind, const char *name)
{
    const struct object *change = find_change(changes, changes->count, kind, name);
    if (change != NULL)
        return change->text != NULL ? change : NULL;
    return compiler_find(compiler, kind, name);
}

/* Takes `text` over; NULL deletes. */
static void set_change(struct objects *changes, enum object_kind kind, const char *name, char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    struct object *change = find_change(changes, changes->count, kind, name);
    if (change == NULL) {
        objects_add(changes, kind, name, text, size);
        return;
    }
    free(change->text);
    change->text = text;
    change->text_size = size;
}

static bool not_found(struct command *command)
{
    command->result = RESULT_NOT_FOUND;
    return object_unknown(command->object_kind, command->name, &command->error);
}

/* Parses the body strictly; NULL with problems noted. */
static cJSON *parse_body(struct command *command)
{
    struct document document;
    command->result = RESULT_INVALID;
    if (!document_scan(NULL, command->body, command->body_size, &command->problems, &document))
        return NULL;
    cJSON *json = document_parse(&document, (struct span){ 0, document.size });
    document_free(&document);
    return json;
}

static void set_json(struct objects *out, const struct command *command, const cJSON *json)
{
    char *printed = cJSON_PrintUnformatted(json);
    set_change(out, command->object_kind, command->name, xstrdup(printed));
    cJSON_free(printed);
}

static bool is_there(const struct compiler *compiler, const struct objects *changes,
                     const struct command *command)
{
    if (command->object_kind == OBJECT_RRSET)
        return compiler_rrset(compiler, command->name) != RRSET_ABSENT;
    return find_now(compiler, changes, command->object_kind, command->name) != NULL;
}

/* The name of an object that differs in the case of letters alone, or NULL. */
static const char *find_alike(const struct compiler *compiler, const struct objects *changes,
                              const struct command *command)
{
    enum object_kind kind = command->object_kind;
    const char *alike = compiler_find_alike(compiler, kind, command->name);
    if (alike != NULL && find_now(compiler, changes, kind, alike) != NULL)
        return alike;
    for (size_t i = 0; i < changes->count; i++) {
        const struct object *change = &changes->items[i];
        if (change->kind == kind && change->text != NULL && strcasecmp(change->name, command->name) == 0)
            return change->name;
    }
    return NULL;
}

/* No document may hold "US" beside "us": what is configured could not be read back. */
static bool may_be_put(const struct compiler *compiler, const struct objects *changes,
                       struct command *command)
{
    const char *kind = object_kind_names[command->object_kind];
    if (is_there(compiler, changes, command)) {
        command->result = RESULT_EXISTS;
        return !command->must_be_new ||
               error_set(&command->error, "there is a %s named \"%s\"", kind, command->name);
    }
    const char *alike = find_alike(compiler, changes, command);
    command->result = RESULT_CONFLICT;
    return alike == NULL || error_set(&command->error,
                                      "there is a %s named \"%s\": names that differ in the case of letters "
                                      "alone are the same",
                                      kind, alike);
}

static bool put_object(const struct compiler *compiler, struct command *command, struct objects *out)
{
    if (!may_be_put(compiler, out, command))
        return false;
    cJSON *json = parse_body(command);
    if (json == NULL)
        return false;
    set_json(out, command, json);
    cJSON_Delete(json);
    return true;
}

/* Changes the value at command->pointer by the body; the rest of the object stays. */
static bool patch_object(const struct compiler *compiler, struct command *command, struct objects *out)
{
    const struct object *now = find_now(compiler, out, command->object_kind, command->name);
    if (now == NULL)
        return not_found(command);
    cJSON *patch = parse_body(command);
    if (patch == NULL)
        return false;
    struct arena arena = { 0 };
    cJSON *json = cJSON_ParseWithLength(object_text(now, &arena), now->text_size);
    arena_free(&arena);
    cJSON *target = json_at(json, command->pointer != NULL ? command->pointer : "");
    bool is_done = false;
    if (target == NULL) {
        command->result = RESULT_NOT_FOUND;
        /* "/endpoints/us-1": nothing else has a path of its own */
        const char *part = command->pointer != NULL ? strrchr(command->pointer, '/') : NULL;
        error_set(&command->error, "%s \"%s\" has no endpoint \"%s\"",
                  object_kind_words[command->object_kind], command->name, part != NULL ? part + 1 : "");
    } else if (!cJSON_IsObject(patch)) {
        problems_add(&command->problems, NULL, 0, 0, "",
                     "a merge patch is an object such as {\"weight\": 9}");
    } else {
        merge_patch(target, patch);
        set_json(out, command, json);
        is_done = true;
    }
    cJSON_Delete(json);
    cJSON_Delete(patch);
    return is_done;
}

/* An RRset that the zone's file has stays declared, as none. */
static bool delete_rrset(const struct compiler *compiler, struct command *command, struct objects *out)
{
    enum rrset_source source = compiler_rrset(compiler, command->name);
    const struct object *head = compiler_find(compiler, OBJECT_RRSET, command->name),
                        *change = find_change(out, out->count, OBJECT_RRSET, command->name);
    bool is_declared_none = source == RRSET_ABSENT && head != NULL;
    if (source == RRSET_ABSENT && (change == NULL || change->text == NULL)) {
        command->result = RESULT_NOT_FOUND;
        return error_set(&command->error, "there are no records \"%s\"", command->name);
    }
    set_change(out, OBJECT_RRSET, command->name,
               source == RRSET_SEEDED || is_declared_none ? xstrdup("{\"values\":[]}") : NULL);
    return true;
}

/* Everything that stands in the zone. */
static bool stands_in(const struct object *object, const char *prefix)
{
    size_t zone_size = strlen(prefix) - 1;
    switch (object->kind) {
    case OBJECT_ZONE_DATA:
        return strlen(object->name) == zone_size && strncmp(object->name, prefix, zone_size) == 0;
    case OBJECT_SERVICE:
    case OBJECT_RRSET: return strncmp(object->name, prefix, zone_size + 1) == 0;
    default: return false;
    }
}

static void delete_zone_content(const struct compiler *compiler, const char *zone, struct objects *out)
{
    char *prefix = xasprintf("%s/", zone);
    struct objects all = { 0 };
    size_t count = out->count; /* a zone may hold 100,000 services: those that are added need no search */
    for (size_t i = 0; i < count; i++) {
        struct object *object = &out->items[i];
        if (stands_in(object, prefix))
            set_change(out, object->kind, object->name, NULL);
    }
    compiler_list(compiler, &all);
    for (size_t i = 0; i < all.count; i++) {
        const struct object *object = &all.items[i];
        if (stands_in(object, prefix) && find_change(out, count, object->kind, object->name) == NULL)
            objects_add(out, object->kind, object->name, NULL, 0);
    }
    objects_free(&all);
    free(prefix);
}

/* A zone goes with its data, its services and its RRsets. */
static bool delete_object(const struct compiler *compiler, struct command *command, struct objects *out)
{
    if (command->object_kind == OBJECT_RRSET)
        return delete_rrset(compiler, command, out);
    if (find_now(compiler, out, command->object_kind, command->name) == NULL)
        return not_found(command);
    set_change(out, command->object_kind, command->name, NULL);
    if (command->object_kind == OBJECT_ZONE)
        delete_zone_content(compiler, command->name, out);
    return true;
}

static bool replace_all(const struct compiler *compiler, struct command *command, struct objects *out)
{
    struct document document;
    struct objects wanted = { 0 };
    command->result = RESULT_INVALID;
    if (!document_scan(NULL, command->body, command->body_size, &command->problems, &document))
        return false;
    bool is_good = objects_of_steering(&document, NULL, &command->problems, &wanted);
    if (is_good)
        changes_to(compiler, &wanted, true, out);
    objects_free(&wanted);
    document_free(&document);
    return is_good;
}

static bool change_object(const struct compiler *compiler, struct command *command, struct objects *out)
{
    switch ((enum command_kind)command->letter.kind) {
    case COMMAND_OBJECT_PUT: return put_object(compiler, command, out);
    case COMMAND_OBJECT_PATCH: return patch_object(compiler, command, out);
    case COMMAND_OBJECT_DELETE: return delete_object(compiler, command, out);
    default: break;
    }
    command->result = RESULT_INVALID;
    return error_set(&command->error, "not a change of the configuration");
}

/* What is wrong with an item is said at its place in the batch. */
static void tell_item(struct command *batch, size_t index, const struct command *item)
{
    char *place = xasprintf("/items/%zu", index);
    for (size_t i = 0; i < item->problems.count; i++) {
        const struct problem *problem = &item->problems.items[i];
        char *pointer = xasprintf("%s/body%s", place, problem->pointer != NULL ? problem->pointer : "");
        problems_add(&batch->problems, NULL, 0, 0, pointer, "%s", problem->message);
        free(pointer);
    }
    if (item->problems.count == 0)
        problems_add(&batch->problems, NULL, 0, 0, place, "%s", item->error.text);
    free(place);
}

/* True if there is white space between its tokens: what we write has none. */
static bool is_laid_out(const struct object *object)
{
    struct arena arena = { 0 };
    const char *text = object_text(object, &arena);
    bool is_in_string = false, is_found = false;
    for (size_t i = 0; i < object->text_size && !is_found; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            is_in_string = !is_in_string;
        else
            is_found = !is_in_string && isspace((unsigned char)text[i]);
    }
    arena_free(&arena);
    return is_found;
}

/* True if the head is so already. */
static bool is_idle(const struct compiler *compiler, const struct object *change)
{
    const struct object *head = compiler_find(compiler, change->kind, change->name);
    if (head == NULL || change->text == NULL)
        return head == NULL && change->text == NULL;
    return object_is_same(head, change) || (is_laid_out(head) && is_same(head, change));
}

/* What comes and goes within one batch never was, and what is written as it stands is no change. */
static void drop_idle(const struct compiler *compiler, struct objects *changes)
{
    size_t count = 0;
    for (size_t i = 0; i < changes->count; i++) {
        struct object *change = &changes->items[i];
        if (!is_idle(compiler, change))
            changes->items[count++] = *change;
        else
            free(change->text);
    }
    changes->count = count;
}

static bool run_batch(const struct compiler *compiler, struct command *batch, struct objects *out)
{
    bool is_good = true;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct command *item = batch->items[i];
        if (change_object(compiler, item, out))
            continue;
        is_good = false;
        tell_item(batch, i, item);
    }
    batch->result = RESULT_INVALID;
    return is_good;
}

bool changes_of_command(const struct compiler *compiler, struct command *command, struct objects *out)
{
    if (command->letter.kind == COMMAND_CONFIG_REPLACE)
        return replace_all(compiler, command, out);
    bool is_good = command->letter.kind == COMMAND_BATCH ? run_batch(compiler, command, out)
                                                         : change_object(compiler, command, out);
    drop_idle(compiler, out);
    return is_good;
}

void changes_relate_problems(const struct command *command, struct problems *problems)
{
    size_t cut = command->pointer != NULL ? strlen(command->pointer) : 0;
    for (size_t i = 0; cut > 0 && i < problems->count; i++) {
        char *pointer = problems->items[i].pointer;
        if (strncmp(pointer, command->pointer, cut) == 0 && (pointer[cut] == '/' || pointer[cut] == '\0'))
            memmove(pointer, pointer + cut, strlen(pointer + cut) + 1);
    }
}

char *changes_digest(const struct objects *objects)
{
    uint64_t digest = HASH_START, size = 0;
    for (size_t i = 0; i < objects->count; i++) {
        const struct object *object = &objects->items[i];
        digest = hash_words(digest, &object->kind, sizeof object->kind);
        digest = hash_words(digest, object->name, strlen(object->name) + 1);
        digest = hash_words(digest, object->text, object->text_size);
        size += object->text_size;
    }
    return xasprintf("%016llx-%llu", (unsigned long long)digest, (unsigned long long)size);
}
