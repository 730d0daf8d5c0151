/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/reports.h"

#include "base/memory.h"

#include <stdlib.h>

void store_reports_free(struct store_report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(reports[i].endpoint);
        free(reports[i].check);
    }
    free(reports);
}

static bool put_one(struct database *db, const struct store_report *report, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT OR REPLACE INTO reports (endpoint, check_name, wall_ms, ttl_ms) VALUES (?, ?, ?, ?)");
    query_bind_string(&query, report->endpoint);
    query_bind_string(&query, report->check);
    query_bind_integer(&query, report->wall_ms);
    query_bind_integer(&query, report->ttl_ms);
    return query_run(&query, err);
}

bool reports_put(struct database *db, const struct store_report *reports, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!put_one(db, &reports[i], err))
            return false;
    return true;
}

bool reports_delete(struct database *db, const char *endpoint, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM reports WHERE endpoint = ?");
    query_bind_string(&query, endpoint);
    return query_run(&query, err);
}

bool reports_read(struct database *db, struct store_report **out, size_t *count, struct error *err)
{
    struct query query;
    size_t room = 0;
    query_begin(&query, db, "SELECT endpoint, check_name, wall_ms, ttl_ms FROM reports");
    while (query_next(&query)) {
        if (*count == room) {
            room = room == 0 ? 64 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        (*out)[(*count)++] = (struct store_report){
            .endpoint = xstrdup(query_string(&query, 0)),
            .check = xstrdup(query_string(&query, 1)),
            .wall_ms = query_integer(&query, 2),
            .ttl_ms = (uint32_t)query_integer(&query, 3),
        };
    }
    return query_end(&query, err);
}
