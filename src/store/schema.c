/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/schema.h"

#include <inttypes.h>

enum { APPLICATION_ID = 0x53544552 }; /* "STER", where file(1) and SQLite look for it */

/*
 * Each step brings a database of one version to the next (PRAGMA user_version).  Steps are never edited, only
 * added.
 *
 * An object's row stays after its generation was pruned, as long as it is the newest below the kept ones:
 * hence no foreign key from objects to generations.
 */
static const char at_first[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE generations (number INTEGER PRIMARY KEY, wall_ms INTEGER NOT NULL, origin TEXT NOT NULL,"
    "  author TEXT NOT NULL, comment TEXT NOT NULL);"
    "CREATE TABLE objects (kind TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL,"
    "  text BLOB," /* NULL: deleted in this generation */
    "  PRIMARY KEY (kind, name, generation));"
    "CREATE INDEX objects_by_generation ON objects (generation);"
    "CREATE TABLE overrides (key TEXT PRIMARY KEY, state TEXT NOT NULL, weight INTEGER,"
    "  set_wall_ms INTEGER NOT NULL, expires_wall_ms INTEGER NOT NULL, author TEXT NOT NULL,"
    "  reason TEXT NOT NULL) WITHOUT ROWID;"
    "PRAGMA application_id=1398031698; PRAGMA user_version=1;";

/* AUTOINCREMENT: the highest number is remembered when its event is forgotten */
static const char with_events[] =
    "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, wall_ms INTEGER NOT NULL,"
    "  kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, was TEXT NOT NULL,"
    "  check_name TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL);"
    "CREATE TABLE verdicts (endpoint TEXT NOT NULL, check_name TEXT NOT NULL, target TEXT NOT NULL,"
    "  verdict TEXT NOT NULL, since_wall_ms INTEGER NOT NULL, status INTEGER NOT NULL,"
    "  latency_us INTEGER NOT NULL, has_replied INTEGER NOT NULL, text TEXT NOT NULL,"
    "  PRIMARY KEY (endpoint, check_name)) WITHOUT ROWID;"
    "PRAGMA user_version=2;";

static const char with_latencies[] =
    "CREATE TABLE latencies (place TEXT NOT NULL, endpoint TEXT NOT NULL, newest_wall_ms INTEGER NOT NULL,"
    "  faded_wall_ms INTEGER NOT NULL, median_us INTEGER NOT NULL, counts BLOB NOT NULL,"
    "  PRIMARY KEY (place, endpoint)) WITHOUT ROWID;"
    "PRAGMA user_version=3;";

static const char with_cached_until[] =
    "ALTER TABLE overrides ADD COLUMN cached_until_wall_ms INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version=4;";

static const char with_reports[] =
    "CREATE TABLE reports (endpoint TEXT NOT NULL, check_name TEXT NOT NULL, wall_ms INTEGER NOT NULL,"
    "  ttl_ms INTEGER NOT NULL, PRIMARY KEY (endpoint, check_name)) WITHOUT ROWID;"
    "ALTER TABLE verdicts ADD COLUMN certificate_ends_s INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version=5;";

static const char with_paces[] =
    "CREATE TABLE paces (endpoint TEXT PRIMARY KEY, was_down INTEGER NOT NULL,"
    "  hold_until_wall_ms INTEGER NOT NULL, grown_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version=6;";

static const char with_ledger[] =
    "CREATE TABLE tokens (name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, role TEXT NOT NULL,"
    "  scope TEXT NOT NULL, author TEXT NOT NULL, comment TEXT NOT NULL, made_wall_ms INTEGER NOT NULL,"
    "  expires_wall_ms INTEGER NOT NULL, used_wall_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, wall_ms INTEGER NOT NULL,"
    "  who TEXT NOT NULL, how TEXT NOT NULL, origin TEXT NOT NULL, method TEXT NOT NULL,"
    "  target TEXT NOT NULL, comment TEXT NOT NULL, detail TEXT NOT NULL, status INTEGER NOT NULL,"
    "  is_dry_run INTEGER NOT NULL, generation INTEGER NOT NULL);"
    "PRAGMA user_version=7;";

static const char with_hostnames[] =
    "CREATE TABLE hostnames (name TEXT PRIMARY KEY, addresses TEXT NOT NULL, ttl_s INTEGER NOT NULL,"
    "  resolved_wall_ms INTEGER NOT NULL, is_stale INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version=8;";

static const char *const steps[] = { at_first,     with_events, with_latencies, with_cached_until,
                                     with_reports, with_paces,  with_ledger,    with_hostnames };
enum { VERSION = sizeof steps / sizeof *steps };

static bool integer_read(struct database *db, const char *sql, int64_t *out, struct error *err)
{
    struct query query;
    query_begin(&query, db, sql);
    if (query_next(&query))
        *out = query_integer(&query, 0);
    return query_end(&query, err);
}

/* What has tables but not our mark is somebody else's. */
static bool schema_is_ours(struct database *db, int64_t *version, struct error *err)
{
    int64_t application = 0, tables = 0;
    if (!integer_read(db, "PRAGMA application_id", &application, err) ||
        !integer_read(db, "PRAGMA user_version", version, err) ||
        !integer_read(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    bool is_empty = tables == 0 && application == 0 && *version == 0;
    if (!is_empty && application != APPLICATION_ID)
        return error_set(err,
                         "%s: this is a database of another program; move it away or set another state_dir",
                         db->path);
    if (*version < 0 || *version > VERSION)
        return error_set(err,
                         "%s: schema %" PRId64
                         " was written by a newer steerd, this one knows up to %d; run the "
                         "newer one or restore the backup from before its first start",
                         db->path, *version, (int)VERSION);
    return true;
}

bool schema_bring_up_to_date(struct database *db, struct error *err)
{
    int64_t version = 0;
    if (!schema_is_ours(db, &version, err))
        return false;
    for (; version < VERSION; version++) {
        if (!database_run(db, "BEGIN IMMEDIATE", err))
            return false;
        if (!database_run(db, steps[version], err) || !database_run(db, "COMMIT", err)) {
            database_run(db, "ROLLBACK", NULL);
            return false;
        }
    }
    return true;
}

bool schema_check(struct database *db, struct error *err)
{
    int64_t version = 0;
    if (!schema_is_ours(db, &version, err))
        return false;
    return version > 0 || error_set(err, "%s: there is nothing in this database", db->path);
}
