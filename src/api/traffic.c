/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who gets how much, now.  The workers only count; a rate is what was counted since the sample before,
 * divided by the time in between.  A sample is taken when somebody asks and the last one is a second old, so
 * the period is that since somebody last asked; the first is since the start.
 */
#include "api/traffic.h"

#include "answer/answer.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/resources.h"
#include "api/state.h"
#include "api/tally.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/scope.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_LEAST_MS 1000
#define LIMIT_USUAL     20
#define LIMIT_MOST      10000

/* Numbers by slot or id; what lies behind `count` is 0. */
struct column {
    uint64_t *counts;
    size_t count;
};

enum { COLUMN_ENDPOINTS, COLUMN_SERVICES, COLUMN_COUNTRIES, COLUMN_COUNT };

struct sample {
    uint64_t time_ms; /* monotonic */
    uint64_t steered;
    struct column columns[COLUMN_COUNT];
};

struct traffic {
    pthread_mutex_t mutex; /* listeners have a thread each */
    struct sample before, last;
};

struct traffic *traffic_new(void)
{
    struct traffic *traffic = xcalloc(1, sizeof *traffic);
    pthread_mutex_init(&traffic->mutex, NULL);
    traffic->before.time_ms = traffic->last.time_ms = clock_monotonic_ms();
    return traffic;
}

static void clear(struct sample *sample)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        free(sample->columns[i].counts);
    *sample = (struct sample){ 0 };
}

void traffic_free(struct traffic *traffic)
{
    if (traffic == NULL)
        return;
    clear(&traffic->before);
    clear(&traffic->last);
    pthread_mutex_destroy(&traffic->mutex);
    free(traffic);
}

static uint64_t column_get(const struct column *column, size_t index)
{
    return index < column->count ? column->counts[index] : 0;
}

/* ---- what there is ---- */

/* One thing that gets traffic. */
struct line {
    const char *first, *second; /* names, of the snapshot; first NULL: a country */
    unsigned column;
    uint32_t index; /* in its column */
    uint64_t total;
    double rate;
};

struct lines {
    struct line *items;
    size_t count, room;
    size_t ends[COLUMN_COUNT]; /* in `items`, where each column's lines end */
};

static void lines_add(struct lines *lines, struct line line)
{
    if (line.index >= SERVED_ROOM)
        return;
    if (lines->count == lines->room) {
        lines->room = lines->room > 0 ? 2 * lines->room : 64;
        lines->items = xrealloc(lines->items, lines->room, sizeof *lines->items);
    }
    lines->items[lines->count++] = line;
}

static void add_endpoint(void *context, const struct node *pool, const struct endpoint *endpoint,
                         const struct endpoint_condition *condition)
{
    (void)condition;
    lines_add(context, (struct line){ pool->name, endpoint_more(endpoint)->name, COLUMN_ENDPOINTS,
                                      endpoint->slot, 0, 0 });
}

static void add_service(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    const struct service *service = zone_node_service(node);
    (void)owner;
    if (service != NULL)
        lines_add(context, (struct line){ service->name, NULL, COLUMN_SERVICES, service->id, 0, 0 });
}

static void list_all(const struct snapshot *now, struct lines *lines)
{
    tally_walk(now, NULL, add_endpoint, lines);
    lines->ends[COLUMN_ENDPOINTS] = lines->count;
    for (size_t i = 0; i < zone_set_count(now->dataset->zones); i++)
        zone_walk(zone_set_at(now->dataset->zones, i), add_service, lines);
    lines->ends[COLUMN_SERVICES] = lines->count;
    for (unsigned i = 0; i < COUNTRY_COUNT; i++)
        lines_add(lines, (struct line){ NULL, NULL, COLUMN_COUNTRIES, i, 0, 0 });
    lines->ends[COLUMN_COUNTRIES] = lines->count;
}

/* ---- how much it gets ---- */

static uint64_t read_counter(const struct answer_counters *from, const struct line *line)
{
    const _Atomic uint64_t *const columns[] = {
        [COLUMN_ENDPOINTS] = from->served,
        [COLUMN_SERVICES] = from->services,
        [COLUMN_COUNTRIES] = from->countries,
    };
    const _Atomic uint64_t *column = columns[line->column];
    return column != NULL ? atomic_load_explicit(&column[line->index], memory_order_relaxed) : 0;
}

static void count_line(const struct api_data_plane *data_plane, struct line *line)
{
    line->total = 0;
    for (unsigned worker = 0; worker < data_plane->worker_count; worker++)
        line->total += read_counter(data_plane->counters(data_plane->server, worker), line);
    line->total *= line->column == COLUMN_COUNTRIES ? COUNTRY_SAMPLE : 1;
}

static void keep(struct column *column, const struct line *line)
{
    if (line->index >= column->count) {
        size_t count =
            (size_t)line->index + 1 > 2 * column->count ? (size_t)line->index + 1 : 2 * column->count;
        column->counts = xrealloc(column->counts, count, sizeof *column->counts);
        memset(column->counts + column->count, 0, (count - column->count) * sizeof *column->counts);
        column->count = count;
    }
    column->counts[line->index] = line->total;
}

static void take_sample(const struct lines *lines, uint64_t steered, uint64_t time_ms, struct sample *out)
{
    *out = (struct sample){ .time_ms = time_ms, .steered = steered };
    for (size_t i = 0; i < lines->count; i++)
        keep(&out->columns[lines->items[i].column], &lines->items[i]);
}

/* A counter that goes on under another name has no rate below 0. */
static double rate_of(uint64_t total, uint64_t before, double period_s)
{
    return total > before && period_s > 0 ? (double)(total - before) / period_s : 0;
}

/* Sets the rates, and returns the period in seconds. */
static double find_rates(struct traffic *traffic, struct lines *lines, uint64_t steered, double *steered_rate)
{
    uint64_t now_ms = clock_monotonic_ms();
    pthread_mutex_lock(&traffic->mutex);
    bool is_first = traffic->last.time_ms == traffic->before.time_ms;
    if (is_first || now_ms - traffic->last.time_ms >= PERIOD_LEAST_MS) {
        clear(&traffic->before);
        traffic->before = traffic->last;
        take_sample(lines, steered, now_ms, &traffic->last);
    }
    const struct sample *before = &traffic->before;
    double period_s = (double)(now_ms - before->time_ms) / 1000;
    *steered_rate = rate_of(steered, before->steered, period_s);
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        line->rate = rate_of(line->total, column_get(&before->columns[line->column], line->index), period_s);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return period_s;
}

/* ---- the reply ---- */

static int busiest_first(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->rate != b->rate)
        return a->rate < b->rate ? 1 : -1;
    if (a->total != b->total)
        return a->total < b->total ? 1 : -1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void write_name(struct writer *json, const struct line *line)
{
    char country[3] = { (char)('A' + line->index / 26), (char)('A' + line->index % 26), '\0' };
    if (line->column == COLUMN_COUNTRIES) {
        writer_string(json, "country", line->index != COUNTRY_NONE ? country : NULL);
    } else if (line->column == COLUMN_SERVICES) {
        writer_string(json, "service", line->first);
    } else {
        writer_string(json, "pool", line->first);
        writer_string(json, "endpoint", line->second);
    }
}

/* A service is found by its name: it is in the zone with the longest apex around it. */
static bool is_shown(const struct line *line, const char *scope)
{
    switch (line->column) {
    case COLUMN_ENDPOINTS: return scope_has_pool(scope, line->first);
    case COLUMN_SERVICES: return scope_has_name(scope, line->first);
    default: return scope_is_everything(scope);
    }
}

/* Drops what is outside the scope, and sums up what is steered inside. */
static void keep_scope(struct lines *lines, const char *scope, uint64_t *steered, double *steered_rate)
{
    size_t count = 0, start = 0;
    if (scope_is_everything(scope))
        return;
    *steered = 0;
    *steered_rate = 0;
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        for (size_t i = start; i < lines->ends[column]; i++) {
            const struct line *line = &lines->items[i];
            if (!is_shown(line, scope))
                continue;
            *steered += column == COLUMN_SERVICES ? line->total : 0;
            *steered_rate += column == COLUMN_SERVICES ? line->rate : 0;
            lines->items[count++] = *line;
        }
        start = lines->ends[column];
        lines->ends[column] = count;
    }
}

static void write_column(struct writer *json, const char *key, struct line *lines, size_t count, size_t most)
{
    if (count > 0)
        qsort(lines, count, sizeof *lines, busiest_first);
    writer_array(json, key);
    for (size_t i = 0; i < count && i < most; i++) {
        if (lines[i].column == COLUMN_COUNTRIES && lines[i].total == 0)
            break; /* of all that could be */
        writer_object(json, NULL);
        write_name(json, &lines[i]);
        writer_uint(json, "answers", lines[i].total);
        writer_real(json, "rate", lines[i].rate);
        writer_end(json);
    }
    writer_end(json);
}

static void write_traffic(struct writer *json, struct request *request, struct lines *lines, size_t most)
{
    struct api *api = request->api;
    static const char *const keys[] = { "endpoints", "services", "countries" };
    struct query_totals totals;
    double steered_rate;
    query_totals_take(&api->data_plane, &totals);
    for (size_t i = 0; i < lines->count; i++)
        count_line(&api->data_plane, &lines->items[i]);
    double period_s = find_rates(api->traffic, lines, totals.steered, &steered_rate);
    keep_scope(lines, request->scope, &totals.steered, &steered_rate);
    writer_time(json, "time", clock_wall_ms());
    writer_real(json, "period_s", period_s);
    writer_object(json, "steered");
    writer_uint(json, "answers", totals.steered);
    writer_real(json, "rate", steered_rate);
    writer_end(json);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t start = i > 0 ? lines->ends[i - 1] : 0;
        write_column(json, keys[i], lines->items + start, lines->ends[i] - start, most);
    }
}

void traffic_get(struct request *request)
{
    struct lines lines = { 0 };
    struct writer json = { 0 };
    uint64_t most;
    if (!request_number(request, "limit", 0, LIMIT_MOST, LIMIT_USUAL, &most))
        return;
    const struct snapshot *now = reader_acquire(); /* names are borrowed from it to the end */
    writer_object(&json, NULL);
    list_all(now, &lines);
    write_traffic(&json, request, &lines, most);
    writer_end(&json);
    reader_release();
    free(lines.items);
    reply_json(request, &json);
}
