/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/latencies.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void store_latencies_free(struct store_latency *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].place);
        free(rows[i].endpoint);
    }
    free(rows);
}

static bool put_row(struct database *db, const struct store_latency *row, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "INSERT OR REPLACE INTO latencies (place, endpoint, newest_wall_ms, faded_wall_ms, median_us,"
                " counts) VALUES (?, ?, ?, ?, ?, ?)");
    query_bind_string(&query, row->place);
    query_bind_string(&query, row->endpoint);
    query_bind_integer(&query, row->newest_wall_ms);
    query_bind_integer(&query, row->faded_wall_ms);
    query_bind_integer(&query, row->median_us);
    query_bind_bytes(&query, row->counts, sizeof row->counts);
    return query_run(&query, err);
}

static bool delete_row(struct database *db, const struct store_latency *row, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM latencies WHERE place = ? AND endpoint = ?");
    query_bind_string(&query, row->place);
    query_bind_string(&query, row->endpoint);
    return query_run(&query, err);
}

bool latencies_put(struct database *db, const struct store_latency *rows, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!(rows[i].is_gone ? delete_row : put_row)(db, &rows[i], err))
            return false;
    return true;
}

bool latencies_read(struct database *db, struct store_latency **out, size_t *count, struct error *err)
{
    struct query query;
    query_begin(&query, db,
                "SELECT place, endpoint, newest_wall_ms, faded_wall_ms, median_us, counts FROM latencies");
    size_t room = 0;
    while (query_next(&query)) {
        size_t size = 0;
        char *counts = query_copy(&query, 5, &size);
        if (counts == NULL || size != LATENCY_BUCKETS) {
            free(counts);
            continue;
        }
        if (*count == room) {
            room = room == 0 ? 64 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        struct store_latency *row = &(*out)[(*count)++];
        *row = (struct store_latency){ .place = xstrdup(query_string(&query, 0)),
                                       .endpoint = xstrdup(query_string(&query, 1)),
                                       .newest_wall_ms = query_integer(&query, 2),
                                       .faded_wall_ms = query_integer(&query, 3),
                                       .median_us = (uint32_t)query_integer(&query, 4) };
        memcpy(row->counts, counts, size);
        free(counts);
    }
    return query_end(&query, err);
}
