/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients measured, place by place. */
#include "api/page.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/resources.h"
#include "base/memory.h"
#include "config/scope.h"
#include "policy/network_latency.h"
#include "snapshot/latency_place.h"

#include <stdlib.h>
#include <string.h>

static const char *const level_names[LATENCY_LEVELS] = {
    [LATENCY_NETWORK] = "network",
    [LATENCY_ASN] = "asn",
    [LATENCY_COUNTRY] = "country",
};

/* Items are places, so a cursor is one: figures come and go, their order stays. */
struct listing {
    const struct latency_table *table;
    const char *pool, *scope; /* NULL: all */
    bool has_place, has_after;
    struct latency_place place, after;
    uint64_t limit, written;
    bool *is_wanted; /* by endpoint of the table */
    bool has_more;
    char last[LATENCY_PLACE_SIZE];
    struct writer json;
};

/* ---- which ---- */

static bool read_place(struct request *request, const char *name, bool *has, struct latency_place *out)
{
    const char *value = target_param(&request->target, name);
    *has = value != NULL;
    return value == NULL || latency_place_parse(value, out) ||
           problem_parameter(request, name,
                             "must be a network as 203.0.113.0/24, an AS as AS64500 or a country as DE, got "
                             "\"%s\"",
                             value);
}

static bool wants_endpoint(const struct listing *listing, const char *endpoint)
{
    char *pool = xstrndup(endpoint, strcspn(endpoint, "/"));
    bool is_wanted =
        (listing->pool == NULL || strcmp(pool, listing->pool) == 0) && scope_has_pool(listing->scope, pool);
    free(pool);
    return is_wanted;
}

static void choose_endpoints(struct listing *listing)
{
    const struct latency_table *table = listing->table;
    listing->is_wanted = xcalloc(table->endpoint_count + 1, sizeof *listing->is_wanted);
    for (size_t i = 0; i < table->endpoint_count; i++)
        listing->is_wanted[i] = wants_endpoint(listing, table->endpoints[i]);
}

static bool wants_place(const struct listing *listing, const struct latency_place *place)
{
    return (!listing->has_after || latency_place_compare(place, &listing->after) > 0) &&
           (!listing->has_place || latency_place_meets(place, &listing->place));
}

static bool has_figures(const struct listing *listing, const struct latency_row *row)
{
    for (uint32_t i = row->first; i < row->first + row->count; i++)
        if (listing->is_wanted[listing->table->figures[i].endpoint])
            return true;
    return false;
}

/* ---- the reply ---- */

static void write_figure(struct writer *json, const char *endpoint, const struct latency_figure *figure)
{
    size_t size = strcspn(endpoint, "/");
    char *pool = xstrndup(endpoint, size);
    writer_object(json, NULL);
    writer_string(json, "pool", pool);
    writer_string(json, "endpoint", endpoint + size + (endpoint[size] == '/'));
    writer_real(json, "ms", figure->median_us / 1000.0);
    writer_uint(json, "samples", figure->samples);
    writer_bool(json, "enough", figure->samples >= LATENCY_SAMPLES_LEAST);
    writer_time(json, "newest", figure->newest_wall_ms);
    writer_end(json);
    free(pool);
}

static void write_row(struct listing *listing, const struct latency_place *place,
                      const struct latency_row *row)
{
    const struct latency_table *table = listing->table;
    struct writer *json = &listing->json;
    latency_place_format(place, listing->last);
    writer_object(json, NULL);
    writer_string(json, "place", listing->last);
    writer_string(json, "of", level_names[place->level]);
    writer_array(json, "figures");
    for (uint32_t i = row->first; i < row->first + row->count; i++) {
        const struct latency_figure *figure = &table->figures[i];
        if (listing->is_wanted[figure->endpoint])
            write_figure(json, table->endpoints[figure->endpoint], figure);
    }
    writer_end(json);
    writer_end(json);
    listing->written++;
}

static void write_level(struct listing *listing, enum latency_level level)
{
    const struct latency_table *table = listing->table;
    for (size_t i = 0; i < table->row_count[level] && !listing->has_more; i++) {
        const struct latency_row *row = &table->rows[level][i];
        struct latency_place place;
        latency_place_of_row(table, level, i, &place);
        if (!wants_place(listing, &place) || !has_figures(listing, row))
            continue;
        listing->has_more = listing->written == listing->limit;
        if (!listing->has_more)
            write_row(listing, &place, row);
    }
}

static void write_places(struct listing *listing, const struct snapshot *now)
{
    const struct latency_view *view = now != NULL ? now->conditions->latency : NULL;
    if (view == NULL)
        return;
    listing->table = view->table;
    choose_endpoints(listing);
    for (enum latency_level level = 0; level < LATENCY_LEVELS; level++)
        write_level(listing, level);
    free(listing->is_wanted);
}

void latency_list(struct request *request)
{
    struct listing listing = { .pool = target_param(&request->target, "pool"), .scope = request->scope };
    if (!page_limit(request, &listing.limit) ||
        !read_place(request, "place", &listing.has_place, &listing.place) ||
        !read_place(request, "after", &listing.has_after, &listing.after))
        return;
    writer_object(&listing.json, NULL);
    writer_array(&listing.json, "items");
    write_places(&listing, reader_acquire());
    reader_release();
    writer_end(&listing.json);
    writer_string(&listing.json, "next", listing.has_more ? listing.last : NULL);
    writer_end(&listing.json);
    reply_json(request, &listing.json);
}
