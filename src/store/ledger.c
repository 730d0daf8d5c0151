/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/ledger.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PRUNE_EVERY = 64 }; /* entries: a search now and then, not with every write */

/* ---- tokens ---- */

bool ledger_put_token(struct database *db, const struct token *token, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT INTO tokens (name, digest, role, scope, author, comment, made_wall_ms,"
                " expires_wall_ms, used_wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_bind_string(&query, token->name);
    query_bind_bytes(&query, token->digest, sizeof token->digest);
    query_bind_string(&query, token->role);
    query_bind_string(&query, token->scope);
    query_bind_string(&query, token->author);
    query_bind_string(&query, token->comment);
    query_bind_integer(&query, token->made_wall_ms);
    query_bind_integer(&query, token->expires_wall_ms);
    query_bind_integer(&query, token->used_wall_ms);
    return query_run(&query, err);
}

bool ledger_delete_token(struct database *db, const char *name, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM tokens WHERE name = ?");
    query_bind_string(&query, name);
    return query_run(&query, err);
}

static bool touch(struct database *db, const struct token *token, struct error *err)
{
    struct query query;
    query_begin(&query, db, "UPDATE tokens SET used_wall_ms = ? WHERE name = ? AND digest = ?");
    query_bind_integer(&query, token->used_wall_ms);
    query_bind_string(&query, token->name);
    query_bind_bytes(&query, token->digest, sizeof token->digest);
    return query_run(&query, err);
}

bool ledger_touch_tokens(struct database *db, const struct tokens *tokens, struct error *err)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (!touch(db, &tokens->items[i], err))
            return false;
    return true;
}

/* A digest of another size fits no token: the row is shown and opens nothing. */
static void token_of_row(const struct query *query, struct tokens *out)
{
    size_t size = 0;
    struct token token = { .made_wall_ms = query_integer(query, 6),
                           .expires_wall_ms = query_integer(query, 7),
                           .used_wall_ms = query_integer(query, 8) };
    struct token *added = tokens_add(out, &token);
    char **texts[] = { &added->name, &added->role, &added->scope, &added->author, &added->comment };
    static const int columns[] = { 0, 2, 3, 4, 5 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(*texts[i]);
        *texts[i] = xstrdup(query_string(query, columns[i]));
    }
    char *digest = query_copy(query, 1, &size);
    if (size == sizeof added->digest)
        memcpy(added->digest, digest, size);
    else
        added->expires_wall_ms = 1;
    free(digest);
}

bool ledger_list_tokens(struct database *db, struct tokens *out, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "SELECT name, digest, role, scope, author, comment, made_wall_ms, expires_wall_ms,"
                " used_wall_ms FROM tokens ORDER BY name");
    while (query_next(&query))
        token_of_row(&query, out);
    return query_end(&query, err);
}

/* ---- audit ---- */

static bool put_entry(struct database *db, const struct audit_entry *entry, uint64_t generation,
                      struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT INTO audit (wall_ms, who, how, origin, method, target, comment, detail, status,"
                " is_dry_run, generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_bind_integer(&query, entry->wall_ms);
    query_bind_string(&query, entry->who);
    query_bind_string(&query, entry->how);
    query_bind_string(&query, entry->from);
    query_bind_string(&query, entry->method);
    query_bind_string(&query, entry->target);
    query_bind_string(&query, entry->comment);
    query_bind_string(&query, entry->detail);
    query_bind_integer(&query, entry->status);
    query_bind_integer(&query, entry->is_dry_run);
    query_bind_integer(&query, (int64_t)(generation != 0 ? generation : entry->generation));
    return query_run(&query, err);
}

/* As with events: old ones stand in front, whatever the clock did. */
static bool prune(struct database *db, const struct store_history *keep, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?");
    query_bind_integer(&query, keep->events);
    if (!query_run(&query, err))
        return false;
    query_begin(&query, db,
                "DELETE FROM audit WHERE number < (SELECT number FROM audit WHERE wall_ms >= ?"
                " ORDER BY number LIMIT 1)");
    query_bind_integer(&query, clock_wall_ms() - (int64_t)keep->events_ms);
    return query_run(&query, err);
}

bool ledger_put_audit(struct database *db, const struct audit *audit, uint64_t generation,
                      const struct store_history *keep, struct error *err)
{
    for (size_t i = 0; i < audit->count; i++)
        if (!put_entry(db, &audit->items[i], generation, err))
            return false;
    uint64_t last = (uint64_t)sqlite3_last_insert_rowid(db->handle);
    bool is_time = audit->count > 0 && last / PRUNE_EVERY != (last - audit->count) / PRUNE_EVERY;
    return !is_time || prune(db, keep, err);
}

static void entry_of_row(const struct query *query, struct audit *out)
{
    size_t size = 0;
    struct audit_entry entry = { .number = (uint64_t)query_integer(query, 0),
                                 .wall_ms = query_integer(query, 1),
                                 .status = (unsigned)query_integer(query, 9),
                                 .is_dry_run = query_integer(query, 10) != 0,
                                 .generation = (uint64_t)query_integer(query, 11) };
    char **texts[] = { &entry.who,    &entry.how,     &entry.from,  &entry.method,
                       &entry.target, &entry.comment, &entry.detail };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = query_copy(query, (int)i + 2, &size);
    audit_add(out, &entry);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*texts[i]);
}

bool ledger_list_audit(struct database *db, const struct audit_filter *filter, struct audit *out,
                       struct error *err)
{
    struct query query;
    uint64_t before = filter->before == 0 || filter->before > INT64_MAX ? INT64_MAX : filter->before;
    query_begin(&query, db,
                "SELECT number, wall_ms, who, how, origin, method, target, comment, detail, status,"
                " is_dry_run, generation FROM audit WHERE number < ?1 AND (?2 IS NULL OR who = ?2)"
                " AND (?3 IS NULL OR substr(target, 1, length(?3)) = ?3)"
                " AND (?4 = 0 OR status >= 400) ORDER BY number DESC LIMIT ?5");
    query_bind_integer(&query, (int64_t)before);
    query_bind_string(&query, filter->who);
    query_bind_string(&query, filter->target);
    query_bind_integer(&query, filter->only_refused);
    query_bind_integer(&query, filter->most);
    while (query_next(&query))
        entry_of_row(&query, out);
    return query_end(&query, err);
}
