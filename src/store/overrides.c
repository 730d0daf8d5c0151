/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/overrides.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
    [OVERRIDE_NONE] = "none", [OVERRIDE_UP] = "up", [OVERRIDE_DOWN] = "down", [OVERRIDE_DRAIN] = "drain"
};
enum { STATE_COUNT = sizeof state_names / sizeof *state_names };

bool overrides_put(struct database *db, const char *key, const struct override *override, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT OR REPLACE INTO overrides (key, state, set_wall_ms, expires_wall_ms, author, reason,"
                " cached_until_wall_ms, weight) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    query_bind_string(&query, key);
    query_bind_string(&query, state_names[override->state]);
    query_bind_integer(&query, override->set_wall_ms);
    query_bind_integer(&query, override->expires_wall_ms);
    query_bind_string(&query, override->author);
    query_bind_string(&query, override->reason);
    query_bind_integer(&query, override->cached_until_wall_ms);
    if (override->has_weight)
        query_bind_integer(&query, override->weight); /* what is not bound is NULL */
    return query_run(&query, err);
}

bool overrides_delete(struct database *db, const char *key, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM overrides WHERE key = ?");
    query_bind_string(&query, key);
    return query_run(&query, err);
}

static bool state_of(const char *name, uint8_t *out)
{
    for (uint8_t state = 0; state < STATE_COUNT; state++) {
        if (strcmp(name, state_names[state]) == 0) {
            *out = state;
            return true;
        }
    }
    return false;
}

static bool override_of_row(const struct query *query, struct override *out)
{
    *out = (struct override){ 0 };
    if (!state_of(query_string(query, 1), &out->state))
        return false;
    out->has_weight = query_integer(query, 2) != 0;
    out->weight = (uint32_t)query_integer(query, 3);
    out->set_wall_ms = query_integer(query, 4);
    out->expires_wall_ms = query_integer(query, 5);
    out->cached_until_wall_ms = query_integer(query, 8);
    snprintf(out->author, sizeof out->author, "%s", query_string(query, 6));
    snprintf(out->reason, sizeof out->reason, "%s", query_string(query, 7));
    return true;
}

bool overrides_read(struct database *db, struct store_override **out, size_t *count, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "SELECT key, state, weight IS NOT NULL, weight, set_wall_ms, expires_wall_ms, author, reason,"
                " cached_until_wall_ms"
                " FROM overrides ORDER BY key");
    size_t room = 0;
    while (query_next(&query)) {
        struct override override;
        if (!override_of_row(&query, &override)) {
            error_set(err, "%s: the override of %s has the state \"%s\", unknown to this version of steerd",
                      db->path, query_string(&query, 0), query_string(&query, 1));
            query_end(&query, NULL);
            return false;
        }
        if (*count == room) {
            room = room == 0 ? 16 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        (*out)[*count].key = xstrdup(query_string(&query, 0));
        (*out)[(*count)++].override = override;
    }
    return query_end(&query, err);
}
