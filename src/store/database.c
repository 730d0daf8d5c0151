/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/database.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_TIMEOUT_MS = 5000 }; /* somebody looks at the file with the sqlite3 shell */
enum { LOG_PAGES = 1000 };       /* SQLite's own measure */

/* synchronous=FULL makes COMMIT wait for the disk.  The size limit gives space back after a large import.
 * What a savepoint may have to undo is kept in memory: a file for it would be made and removed with every
 * commit. */
static const char connection_sql[] = "PRAGMA journal_mode=WAL;"
                                     "PRAGMA synchronous=FULL;"
                                     "PRAGMA journal_size_limit=16777216;"
                                     "PRAGMA temp_store=MEMORY;";

/* SQLite itself would copy a long log within the COMMIT that made it long, while somebody waits for it. */
static int note_log(void *context, sqlite3 *handle, const char *schema, int pages)
{
    struct database *db = context;
    (void)handle, (void)schema;
    db->log_pages = pages;
    return SQLITE_OK;
}

void database_settle(struct database *db)
{
    if (db->log_pages < LOG_PAGES)
        return;
    db->log_pages = 0; /* what cannot be copied now stays in the log, and the next commit counts it again */
    sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

bool database_open(struct database *db, const char *path, struct error *err)
{
    *db = (struct database){ .path = xstrdup(path) };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (code != SQLITE_OK)
        return database_error(db, code, err);
    sqlite3_wal_hook(db->handle, note_log, db);
    return database_run(db, connection_sql, err);
}

void database_close(struct database *db)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        sqlite3_finalize(db->prepared[i].statement);
    sqlite3_close(db->handle);
    free(db->path);
    *db = (struct database){ 0 };
}

bool database_run(struct database *db, const char *sql, struct error *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || database_error(db, code, err);
}

static const char *advice(int code)
{
    switch (code & 0xff) { /* the primary code below the extended one */
    case SQLITE_FULL: return "free space and retry";
    case SQLITE_IOERR:
        return "check the disk, its free space, its quota and whether it is writable, then retry";
    case SQLITE_READONLY: return "make the file and its directory writable for steerd";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return "make the file and its directory accessible to steerd";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds it locked; end that and retry";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the file is damaged or no steerd database; move it and its -wal file away and put a backup "
               "in their place, or start without it to import the files anew";
    default: return NULL;
    }
}

/* What the system said last of the database or its log, where SQLite says only that it said something. */
static int system_error(const struct database *db)
{
    int number = 0;
    sqlite3_file *log = NULL;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number == 0)
        sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

static const char *reason(const struct database *db, int code)
{
    int number = (code & 0xff) == SQLITE_IOERR && db->handle != NULL ? system_error(db) : 0;
    return number != 0 ? strerrordesc_np(number) : NULL;
}

bool database_error(const struct database *db, int code, struct error *err)
{
    const char *what = db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    const char *todo = advice(code), *why = reason(db, code);
    return error_set(err, "%s: %s%s%s%s%s%s", db->path, what, why != NULL ? " (" : "", why != NULL ? why : "",
                     why != NULL ? ")" : "", todo != NULL ? "; " : "", todo != NULL ? todo : "");
}

bool database_is_in_place(const struct database *db, struct error *err)
{
    int has_moved = 0;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return !has_moved ||
           error_set(err,
                     "%s: the file was removed, moved or replaced while steerd works on it; put it "
                     "back, or restart steerd to go on with what is there",
                     db->path);
}

bool database_in_transaction(const struct database *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

static sqlite3_stmt *statement_get(struct database *db, const char *sql, int *code)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        if (db->prepared[i].sql == sql)
            return db->prepared[i].statement;
    assert(db->prepared_count < DATABASE_STATEMENTS_MAX);
    sqlite3_stmt *statement = NULL;
    *code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (*code != SQLITE_OK)
        return NULL;
    db->prepared[db->prepared_count].sql = sql;
    db->prepared[db->prepared_count++].statement = statement;
    return statement;
}

void query_begin(struct query *query, struct database *db, const char *sql)
{
    *query = (struct query){ .db = db, .code = SQLITE_OK };
    query->statement = statement_get(db, sql, &query->code);
}

void query_bind_integer(struct query *query, int64_t value)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_int64(query->statement, ++query->bound, value);
}

/* What is bound lives until query_end: nothing is copied. */
void query_bind_string(struct query *query, const char *value)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_text(query->statement, ++query->bound, value, -1, SQLITE_STATIC);
}

void query_bind_bytes(struct query *query, const void *bytes, size_t size)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_blob64(query->statement, ++query->bound, bytes, size, SQLITE_STATIC);
}

bool query_next(struct query *query)
{
    if (query->code != SQLITE_OK && query->code != SQLITE_ROW)
        return false;
    query->code = sqlite3_step(query->statement);
    return query->code == SQLITE_ROW;
}

int64_t query_integer(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *query_string(const struct query *query, int column)
{
    const char *value = (const char *)sqlite3_column_text(query->statement, column);
    return value != NULL ? value : "";
}

char *query_copy(const struct query *query, int column, size_t *size)
{
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(query->statement, column); /* NULL when it is empty */
    size_t length = (size_t)sqlite3_column_bytes(query->statement, column);
    char *copy = xcalloc(length + 1, 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    *size = length;
    return copy;
}

char *query_take(const struct query *query, int column, size_t *size, struct arena *arena)
{
    const void *bytes = sqlite3_column_blob(query->statement, column); /* NULL when it is empty */
    *size = (size_t)sqlite3_column_bytes(query->statement, column);
    return arena_string(arena, *size > 0 ? bytes : "", *size);
}

bool database_step(struct database *db, const char *sql, struct error *err)
{
    struct query query;
    query_begin(&query, db, sql);
    return query_run(&query, err);
}

bool query_end(struct query *query, struct error *err)
{
    int code = query->code;
    bool is_good = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
    if (!is_good)
        database_error(query->db, code, err); /* before the reset, which forgets the message */
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
    return is_good;
}

bool query_run(struct query *query, struct error *err)
{
    while (query_next(query))
        ;
    return query_end(query, err);
}
