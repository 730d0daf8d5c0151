/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One SQLite connection and the statements it has prepared.  One thread at a time.
 */
#define DATABASE_STATEMENTS_MAX 64

struct database {
    sqlite3 *handle;
    char *path;
    struct {
        const char *sql; /* compared by address: statements are literals */
        sqlite3_stmt *statement;
    } prepared[DATABASE_STATEMENTS_MAX];
    size_t prepared_count;
    int log_pages; /* in the write-ahead log after the last commit */
};

/** Opens an existing file (it may be empty) in WAL mode: what is committed has reached the disk. */
bool database_open(struct database *db, const char *path, struct error *err);
void database_close(struct database *db); /* a half-open one too */

/** Runs a statement that takes and gives nothing. */
bool database_run(struct database *db, const char *sql, struct error *err);

/** The same of one that stands in the program and is run often: it is prepared once. */
bool database_step(struct database *db, const char *sql, struct error *err);

/** Copies the write-ahead log into the database if it has become long.  To be called when nobody waits. */
void database_settle(struct database *db);

/** Says what the connection's last failure was, where, and what the operator can do.  Returns false. */
bool database_error(const struct database *db, int code, struct error *err);

/** False when the path leads to another file by now: what is written would not be found again. */
bool database_is_in_place(const struct database *db, struct error *err);

/** False when a failure has already undone the transaction (SQLite does so when the disk is full, …). */
bool database_in_transaction(const struct database *db);

/*
 * One use of a statement.  Bind in the order of the question marks, then walk the rows.  Sticky: after the
 * first failure every call does nothing, and query_end tells it.
 */
struct query {
    struct database *db;
    sqlite3_stmt *statement; /* NULL if it could not be prepared */
    int code;                /* SQLITE_OK so far */
    int bound;
};

void query_begin(struct query *query, struct database *db, const char *sql);
void query_bind_integer(struct query *query, int64_t value);
void query_bind_string(struct query *query, const char *value);             /* NULL binds NULL */
void query_bind_bytes(struct query *query, const void *bytes, size_t size); /* NULL binds NULL */
/** True: there is a row to read. */
bool query_next(struct query *query);
int64_t query_integer(const struct query *query, int column);
/** Valid until the next row; "" for NULL. */
const char *query_string(const struct query *query, int column);
/** A copy with a NUL behind it, for the caller to free; NULL for NULL. */
char *query_copy(const struct query *query, int column, size_t *size);
/** The same in an arena; an empty string for NULL. */
char *query_take(const struct query *query, int column, size_t *size, struct arena *arena);
bool query_end(struct query *query, struct error *err);
/** For statements without rows: next and end. */
bool query_run(struct query *query, struct error *err);
