/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/history.h"

#include "base/clock.h"
#include "base/memory.h"
#include "config/scope.h"
#include "store/generations.h"
#include "store/hostnames.h"
#include "store/paces.h"
#include "store/reports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = { [HEALTH_UP] = "up", [HEALTH_DOWN] = "down" };

/* ---- events ---- */

static bool event_put(struct database *db, const struct event *event, struct error *err)
{
    struct query query;
    query_begin(
        &query, db,
        "INSERT OR REPLACE INTO events (number, wall_ms, kind, subject, state, was, check_name, author,"
        " text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_bind_integer(&query, (int64_t)event->number);
    query_bind_integer(&query, event->wall_ms);
    query_bind_string(&query, event_kind_names[event->kind]);
    query_bind_string(&query, event->subject);
    query_bind_string(&query, event->state);
    query_bind_string(&query, event->was);
    query_bind_string(&query, event->check);
    query_bind_string(&query, event->author);
    query_bind_string(&query, event->text);
    return query_run(&query, err);
}

/* Numbers ascend with time, but for jumps of the clock: old ones stand in front. */
static bool events_prune(struct database *db, const struct store_history *keep, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?");
    query_bind_integer(&query, keep->events);
    if (!query_run(&query, err))
        return false;
    query_begin(&query, db,
                "DELETE FROM events WHERE number < (SELECT number FROM events WHERE wall_ms >= ?"
                " ORDER BY number LIMIT 1)");
    query_bind_integer(&query, clock_wall_ms() - (int64_t)keep->events_ms);
    return query_run(&query, err);
}

static const char after_sql[] =
    "SELECT number, wall_ms, kind, subject, state, was, check_name, author, text FROM events"
    " WHERE number > ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR subject = ?3 OR"
    " substr(subject, 1, length(?3) + 1) = ?3 || '/') ORDER BY number LIMIT ?4";
static const char newest_sql[] =
    "SELECT number, wall_ms, kind, subject, state, was, check_name, author, text FROM events"
    " WHERE number > ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR subject = ?3 OR"
    " substr(subject, 1, length(?3) + 1) = ?3 || '/') ORDER BY number DESC LIMIT ?4";

/* A row of a kind that only a newer steerd knows is passed over, as is one outside the scope. */
static void event_of_row(const struct query *query, const char *scope, struct events *out)
{
    struct event event = { .number = (uint64_t)query_integer(query, 0), .wall_ms = query_integer(query, 1) };
    if (!event_kind_parse(query_string(query, 2), &event.kind))
        return;
    event.subject = (char *)(uintptr_t)query_string(query, 3);
    if (!event_is_in_scope(&event, scope))
        return;
    char **texts[] = { &event.subject, &event.state, &event.was, &event.check, &event.author, &event.text };
    size_t size = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = query_copy(query, (int)i + 3, &size);
    events_add(out, &event);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*texts[i]);
}

static void reverse(struct events *events)
{
    for (size_t i = 0; i < events->count / 2; i++) {
        struct event *other = &events->items[events->count - 1 - i], event = events->items[i];
        events->items[i] = *other;
        *other = event;
    }
}

bool history_list(struct database *db, struct store_job *job, struct error *err)
{
    struct query query;
    query_begin(&query, db, job->has_before ? after_sql : newest_sql);
    query_bind_integer(&query, job->before > INT64_MAX ? INT64_MAX : (int64_t)job->before);
    query_bind_string(&query, job->has_kind ? event_kind_names[job->kind] : "");
    query_bind_string(&query, job->key != NULL ? job->key : "");
    query_bind_integer(&query, scope_is_everything(job->scope) ? (int64_t)job->most : -1);
    while (job->events.count < job->most && query_next(&query))
        event_of_row(&query, job->scope, &job->events);
    if (!job->has_before)
        reverse(&job->events);
    return query_end(&query, err);
}

bool history_last_number(struct database *db, uint64_t *out, struct error *err)
{
    struct query query;
    query_begin(&query, db, "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
    *out = query_next(&query) ? (uint64_t)query_integer(&query, 0) : 0;
    return query_end(&query, err);
}

/* ---- verdicts ---- */

/* Of one check, or of an endpoint that is gone with all that was said of it. */
static bool verdict_delete(struct database *db, const struct store_verdict *verdict, struct error *err)
{
    struct query query;
    query_begin(&query, db, "DELETE FROM verdicts WHERE endpoint = ?1 AND (?2 = '' OR check_name = ?2)");
    query_bind_string(&query, verdict->endpoint);
    query_bind_string(&query, verdict->evidence.check);
    return query_run(&query, err) &&
           (verdict->evidence.check[0] != '\0' || reports_delete(db, verdict->endpoint, err));
}

static bool verdict_put(struct database *db, const struct store_verdict *verdict, struct error *err)
{
    struct query query;
    if (verdict->verdict != HEALTH_UP && verdict->verdict != HEALTH_DOWN)
        return verdict_delete(db, verdict, err);
    query_begin(
        &query, db,
        "INSERT OR REPLACE INTO verdicts (endpoint, check_name, target, verdict, since_wall_ms, status,"
        " latency_us, has_replied, text, certificate_ends_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_bind_string(&query, verdict->endpoint);
    query_bind_string(&query, verdict->evidence.check);
    query_bind_string(&query, verdict->target);
    query_bind_string(&query, verdict_names[verdict->verdict]);
    query_bind_integer(&query, verdict->evidence.since_wall_ms);
    query_bind_integer(&query, verdict->evidence.status);
    query_bind_integer(&query, verdict->evidence.latency_us);
    query_bind_integer(&query, verdict->evidence.has_replied);
    query_bind_string(&query, verdict->evidence.text);
    query_bind_integer(&query, verdict->evidence.certificate_ends_s);
    return query_run(&query, err);
}

static void verdict_of_row(const struct query *query, struct store_verdict *out)
{
    *out = (struct store_verdict){
        .endpoint = xstrdup(query_string(query, 0)),
        .target = xstrdup(query_string(query, 2)),
        .verdict = strcmp(query_string(query, 3), verdict_names[HEALTH_UP]) == 0 ? HEALTH_UP : HEALTH_DOWN,
        .evidence = { .since_wall_ms = query_integer(query, 4),
                      .status = (int)query_integer(query, 5),
                      .latency_us = (uint32_t)query_integer(query, 6),
                      .has_replied = query_integer(query, 7) != 0,
                      .certificate_ends_s = query_integer(query, 9) },
    };
    snprintf(out->evidence.check, sizeof out->evidence.check, "%s", query_string(query, 1));
    snprintf(out->evidence.text, sizeof out->evidence.text, "%s", query_string(query, 8));
}

bool history_verdicts(struct database *db, struct store_verdict **out, size_t *count, struct error *err)
{
    struct query query;
    query_begin(
        &query, db,
        "SELECT endpoint, check_name, target, verdict, since_wall_ms, status, latency_us, has_replied,"
        " text, certificate_ends_s FROM verdicts");
    size_t room = 0;
    while (query_next(&query)) {
        if (*count == room) {
            room = room == 0 ? 64 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        verdict_of_row(&query, &(*out)[(*count)++]);
    }
    return query_end(&query, err);
}

/* ---- both ---- */

bool history_put(struct database *db, const struct store_job *job, const struct store_history *keep,
                 struct error *err)
{
    for (size_t i = 0; i < job->events.count; i++)
        if (!event_put(db, &job->events.items[i], err))
            return false;
    for (size_t i = 0; i < job->verdict_count; i++)
        if (!verdict_put(db, &job->verdicts[i], err))
            return false;
    if (!reports_put(db, job->reports, job->report_count, err) ||
        !paces_put(db, job->paces, job->pace_count, err) ||
        !hostnames_put(db, job->hostnames, job->hostname_count, err))
        return false;
    if (job->value != NULL && !meta_put(db, "verdicts_seen_ms", job->value, err))
        return false;
    return job->events.count == 0 || events_prune(db, keep, err);
}
