/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/generations.h"

#include "base/clock.h"
#include "base/memory.h"
#include "config/scope.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Words, not numbers: enumerations may be reordered, and people read the tables. */
static const char *const origin_names[] = { [STORE_ORIGIN_FILES] = "files", [STORE_ORIGIN_API] = "api" };

static enum store_origin origin_of(const char *name)
{
    return strcmp(name, origin_names[STORE_ORIGIN_FILES]) == 0 ? STORE_ORIGIN_FILES : STORE_ORIGIN_API;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* SQLite's integers are signed; no generation comes near. */
static int64_t integer_of(uint64_t number)
{
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

bool generations_head(struct database *db, uint64_t *number, enum store_origin *origin, struct error *err)
{
    struct query query;
    query_begin(&query, db, "SELECT number, origin FROM generations ORDER BY number DESC LIMIT 1");
    *number = 0;
    *origin = STORE_ORIGIN_FILES;
    if (query_next(&query)) {
        *number = (uint64_t)query_integer(&query, 0);
        *origin = origin_of(query_string(&query, 1));
    }
    return query_end(&query, err);
}

static bool object_put(struct database *db, uint64_t generation, const struct object *object,
                       struct error *err)
{
    struct query query;
    query_begin(&query, db, "INSERT INTO objects (kind, name, generation, text) VALUES (?, ?, ?, ?)");
    query_bind_string(&query, object_kind_names[object->kind]);
    query_bind_string(&query, object->name);
    query_bind_integer(&query, integer_of(generation));
    query_bind_bytes(&query, object->text, object->text_size);
    return query_run(&query, err);
}

static bool generation_row_put(struct database *db, const struct store_job *job, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT INTO generations (number, wall_ms, origin, author, comment) VALUES (?, ?, ?, ?, ?)");
    query_bind_integer(&query, integer_of(job->generation));
    query_bind_integer(&query, clock_wall_ms());
    query_bind_string(&query, origin_names[job->origin]);
    query_bind_string(&query, or_empty(job->author));
    query_bind_string(&query, or_empty(job->comment));
    return query_run(&query, err);
}

bool generations_put(struct database *db, const struct store_job *job, struct error *err)
{
    uint64_t head;
    enum store_origin origin;
    if (!generations_head(db, &head, &origin, err))
        return false;
    if (job->generation != head + 1)
        return error_set(err, "%s: generation %" PRIu64 " cannot follow %" PRIu64, db->path, job->generation,
                         head);
    if (!generation_row_put(db, job, err))
        return false;
    for (size_t i = 0; i < job->objects.count; i++)
        if (!object_put(db, job->generation, &job->objects.items[i], err))
            return false;
    return job->import_digest == NULL || meta_put(db, "import_digest", job->import_digest, err);
}

static bool generation_is_kept(struct database *db, uint64_t generation, struct error *err)
{
    struct query query;
    query_begin(&query, db, "SELECT 1 FROM generations WHERE number = ?");
    query_bind_integer(&query, integer_of(generation));
    bool is_kept = query_next(&query);
    if (!query_end(&query, err))
        return false;
    return is_kept || error_set(err, "generation %" PRIu64 " is not kept", generation);
}

static bool kind_of(const char *name, enum object_kind *out)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        if (strcmp(name, object_kind_names[kind]) == 0) {
            *out = (enum object_kind)kind;
            return true;
        }
    }
    return false;
}

static int object_compare(const void *a, const void *b)
{
    const struct object *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return strcmp(left->name, right->name);
}

static const char read_sql[] =
    "SELECT kind, name, text FROM objects AS o WHERE text IS NOT NULL AND generation ="
    " (SELECT max(generation) FROM objects WHERE kind = o.kind AND name = o.name AND generation <= ?)";

bool generations_read(struct database *db, uint64_t generation, struct objects *out, struct error *err)
{
    if (!generation_is_kept(db, generation, err))
        return false;
    struct query query;
    query_begin(&query, db, read_sql);
    query_bind_integer(&query, integer_of(generation));
    while (query_next(&query)) {
        enum object_kind kind;
        if (!kind_of(query_string(&query, 0), &kind)) {
            error_set(err, "%s: objects of kind \"%s\" are unknown to this version of steerd", db->path,
                      query_string(&query, 0));
            query_end(&query, NULL);
            return false;
        }
        size_t size = 0;
        char *text = kind == OBJECT_ZONE_DATA ? query_copy(&query, 2, &size) /* large: changes hands */
                                              : query_take(&query, 2, &size, &out->arena);
        objects_add(out, kind, query_string(&query, 1), text, size)->is_borrowed = kind != OBJECT_ZONE_DATA;
    }
    if (!query_end(&query, err))
        return false;
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, object_compare);
    return true;
}

static struct store_generation generation_of_row(const struct query *query)
{
    return (struct store_generation){
        .generation = (uint64_t)query_integer(query, 0),
        .wall_ms = query_integer(query, 1),
        .origin = origin_of(query_string(query, 2)),
        .author = xstrdup(query_string(query, 3)),
        .comment = xstrdup(query_string(query, 4)),
    };
}

/* Whether it changed something of the scope. */
static bool generation_touches(struct database *db, int64_t generation, const char *scope, bool *out,
                               struct error *err)
{
    struct query query;
    *out = scope_is_everything(scope);
    if (*out)
        return true;
    query_begin(&query, db, "SELECT kind, name FROM objects WHERE generation = ?");
    query_bind_integer(&query, generation);
    while (!*out && query_next(&query)) {
        enum object_kind kind;
        *out =
            kind_of(query_string(&query, 0), &kind) && scope_has_object(scope, kind, query_string(&query, 1));
    }
    return query_end(&query, err);
}

static void add_generation(const struct query *query, struct store_job *job)
{
    if ((job->list_count & (job->list_count - 1)) == 0)
        job->list = xrealloc(job->list, job->list_count == 0 ? 1 : 2 * job->list_count, sizeof *job->list);
    job->list[job->list_count++] = generation_of_row(query);
}

bool generations_list(struct database *db, struct store_job *job, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "SELECT number, wall_ms, origin, author, comment FROM generations WHERE number < ?"
                " ORDER BY number DESC LIMIT ?");
    query_bind_integer(&query, job->before == 0 ? INT64_MAX : integer_of(job->before));
    query_bind_integer(&query, scope_is_everything(job->scope) ? (int64_t)job->most : -1);
    bool is_good = true, is_wanted;
    while (is_good && job->list_count < job->most && query_next(&query)) {
        is_good = generation_touches(db, query_integer(&query, 0), job->scope, &is_wanted, err);
        if (is_good && is_wanted)
            add_generation(&query, job);
    }
    return query_end(&query, is_good ? err : NULL) && is_good;
}

/*
 * Between the oldest generation that is there (?1) and the oldest to keep (?2), each changed object leaves
 * its newest version only.  What is older than ?1 was thinned out before, so the cost is that of the changes
 * in between and not that of the configuration.
 */
static const char *const prune_sql[] = {
    "DELETE FROM objects WHERE rowid IN (SELECT older.rowid FROM objects AS newer JOIN objects AS older"
    " ON older.kind = newer.kind AND older.name = newer.name AND older.generation < newer.generation"
    " WHERE newer.generation > ?1 AND newer.generation <= ?2)",
    /* nothing is left below these, so nothing need be hidden */
    "DELETE FROM objects WHERE text IS NULL AND generation >= ?1 AND generation <= ?2",
    "DELETE FROM generations WHERE number >= ?1 AND number < ?2",
};

bool generations_prune(struct database *db, unsigned keep, struct error *err)
{
    struct query query;
    /* each by itself is a look at one end, both at once a walk over all */
    query_begin(&query, db,
                "SELECT (SELECT min(number) FROM generations), (SELECT max(number) FROM generations)");
    int64_t oldest = 0, head = 0;
    if (query_next(&query)) {
        oldest = query_integer(&query, 0);
        head = query_integer(&query, 1);
    }
    if (!query_end(&query, err))
        return false;
    int64_t oldest_kept = head - (keep > 0 ? (int64_t)keep : 1) + 1;
    if (oldest_kept <= oldest)
        return true;
    for (size_t i = 0; i < sizeof prune_sql / sizeof *prune_sql; i++) {
        query_begin(&query, db, prune_sql[i]);
        query_bind_integer(&query, oldest);
        query_bind_integer(&query, oldest_kept);
        if (!query_run(&query, err))
            return false;
    }
    return true;
}

bool meta_put(struct database *db, const char *key, const char *value, struct error *err)
{
    struct query query;
    if (value == NULL) {
        query_begin(&query, db, "DELETE FROM meta WHERE key = ?");
        query_bind_string(&query, key);
        return query_run(&query, err);
    }
    query_begin(&query, db, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
    query_bind_string(&query, key);
    query_bind_string(&query, value);
    return query_run(&query, err);
}

bool meta_get(struct database *db, const char *key, char **out, struct error *err)
{
    struct query query;
    query_begin(&query, db, "SELECT value FROM meta WHERE key = ?");
    query_bind_string(&query, key);
    size_t size = 0;
    *out = query_next(&query) ? query_copy(&query, 0, &size) : NULL;
    return query_end(&query, err);
}
