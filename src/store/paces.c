/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/paces.h"

#include "base/memory.h"

#include <stdlib.h>

void store_paces_free(struct store_pace *paces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paces[i].endpoint);
    free(paces);
}

static bool put_one(struct database *db, const struct store_pace *pace, struct error *err)
{
    struct query query;
    if (store_pace_is_empty(pace)) {
        query_begin(&query, db, "DELETE FROM paces WHERE endpoint = ?");
        query_bind_string(&query, pace->endpoint);
        return query_run(&query, err);
    }
    query_begin(
        &query, db,
        "INSERT OR REPLACE INTO paces (endpoint, was_down, hold_until_wall_ms, grown_ms) VALUES (?, ?, "
        "?, ?)");
    query_bind_string(&query, pace->endpoint);
    query_bind_integer(&query, pace->was_down);
    query_bind_integer(&query, pace->hold_until_wall_ms);
    query_bind_integer(&query, pace->grown_ms);
    return query_run(&query, err);
}

bool paces_put(struct database *db, const struct store_pace *paces, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!put_one(db, &paces[i], err))
            return false;
    return true;
}

bool paces_read(struct database *db, struct store_pace **out, size_t *count, struct error *err)
{
    struct query query;
    size_t room = 0;
    query_begin(&query, db, "SELECT endpoint, was_down, hold_until_wall_ms, grown_ms FROM paces");
    while (query_next(&query)) {
        if (*count == room) {
            room = room == 0 ? 64 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        (*out)[(*count)++] = (struct store_pace){
            .endpoint = xstrdup(query_string(&query, 0)),
            .was_down = query_integer(&query, 1) != 0,
            .hold_until_wall_ms = query_integer(&query, 2),
            .grown_ms = query_integer(&query, 3),
        };
    }
    return query_end(&query, err);
}
