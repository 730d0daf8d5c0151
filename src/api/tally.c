/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/tally.h"

#include "api/reader.h"
#include "config/scope.h"

#include <stdatomic.h>

void tally_walk(const struct snapshot *now, const char *scope,
                void (*visit)(void *context, const struct node *pool, const struct endpoint *endpoint,
                              const struct endpoint_condition *condition),
                void *context)
{
    uint32_t at = 0;
    const struct node *node;
    while ((node = reader_next_node(now->dataset, &at)) != NULL) {
        if (!reader_is_pool(node) || !scope_has_pool(scope, node->name))
            continue;
        for (uint16_t i = 0; i < node->child_count; i++) {
            const struct endpoint *endpoint = node->children[i].endpoint;
            visit(context, node, endpoint, conditions_endpoint(now->conditions, endpoint));
        }
    }
}

static void count(void *context, const struct node *pool, const struct endpoint *endpoint,
                  const struct endpoint_condition *condition)
{
    struct tally *tally = context;
    tally->pools += pool->children[0].endpoint == endpoint;
    tally->endpoints++;
    tally->available += condition == NULL || condition->is_available;
    if (condition == NULL)
        return;
    tally->down += condition->verdict == HEALTH_DOWN;
    tally->unknown += condition->verdict == HEALTH_UNKNOWN;
    tally->held += condition->is_held;
    tally->overridden += condition->override != NULL;
}

void tally_take(const struct snapshot *now, const char *scope, struct tally *out)
{
    *out = (struct tally){ 0 };
    tally_walk(now, scope, count, out);
    for (size_t i = 0; i < zone_set_count(now->dataset->zones); i++)
        out->zones += reader_reaches_zone(scope, zone_set_at(now->dataset->zones, i));
}

static uint64_t read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_times(const struct answer_counters *from, struct query_totals *to)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
            to->times[i].counts[bucket] += read(&from->times[i].counts[bucket]);
        to->times[i].sum_us += read(&from->times[i].sum_us);
    }
}

static void add(const struct answer_counters *from, struct query_totals *to)
{
    for (size_t i = 0; i < 2; i++)
        to->queries[i] += read(&from->queries[i]);
    for (size_t i = 0; i < sizeof to->rcodes / sizeof *to->rcodes; i++)
        to->rcodes[i] += read(&from->rcodes[i]);
    to->dropped += read(&from->dropped);
    to->truncated += read(&from->truncated);
    to->ecs += read(&from->ecs);
    to->steered += read(&from->steered);
    to->steered_degraded += read(&from->steered_degraded);
    to->limited_dropped += read(&from->limited_dropped);
    to->limited_slipped += read(&from->limited_slipped);
    for (size_t i = 0; i < COOKIE_STATE_COUNT; i++)
        to->cookies[i] += read(&from->cookies[i]);
    to->log_taken += read(&from->log_taken);
    to->log_dropped += read(&from->log_dropped);
    to->log_failed += read(&from->log_failed);
    add_times(from, to);
}

void query_totals_take(const struct api_data_plane *data_plane, struct query_totals *out)
{
    *out = (struct query_totals){ 0 };
    for (unsigned worker = 0; worker < data_plane->worker_count; worker++) {
        add(data_plane->counters(data_plane->server, worker), out);
        out->receive_dropped += data_plane->receive_dropped(data_plane->server, worker);
        out->tcp_connections += data_plane->tcp_connections(data_plane->server, worker);
    }
}
