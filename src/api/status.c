/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/endpoint_view.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/resources.h"
#include "api/tally.h"
#include "api/state.h"
#include "base/clock.h"
#include "config/scope.h"

#include <stdatomic.h>

void status_alive(struct request *request)
{
    struct text text = { 0 };
    text_puts(&text, "ok\n");
    reply_text(request, "text/plain; charset=utf-8", &text);
}

void status_ready(struct request *request)
{
    if (atomic_load(&request->api->is_stopping))
        problem_reply(request, 503, "steerd is stopping");
    else
        status_alive(request);
}

static void write_world(struct writer *json, const char *scope)
{
    struct tally tally = { 0 };
    const struct snapshot *now = reader_acquire();
    if (now != NULL)
        tally_take(now, scope, &tally);
    if (now != NULL && scope == NULL)
        writer_uint(json, "conditions", now->conditions->number);
    if (now != NULL)
        writer_uint(json, "zones", tally.zones);
    reader_release();
    writer_uint(json, "pools", tally.pools);
    writer_object(json, "endpoints");
    writer_uint(json, "total", tally.endpoints);
    writer_uint(json, "available", tally.available);
    writer_uint(json, "down", tally.down);
    writer_uint(json, "held", tally.held);
    writer_uint(json, "unknown", tally.unknown);
    writer_uint(json, "overridden", tally.overridden);
    writer_end(json);
}

static void write_queries(struct writer *json, const struct api *api)
{
    struct query_totals totals;
    query_totals_take(&api->data_plane, &totals);
    writer_uint(json, "workers", api->data_plane.worker_count);
    writer_object(json, "queries");
    writer_uint(json, "udp", totals.queries[TRANSPORT_UDP]);
    writer_uint(json, "tcp", totals.queries[TRANSPORT_TCP]);
    writer_uint(json, "steered", totals.steered);
    writer_uint(json, "dropped", totals.dropped);
    writer_end(json);
    writer_uint(json, "tcp_connections", totals.tcp_connections);
}

static void write_checks(struct writer *json, struct control *control)
{
    const struct checker_counters *checks = control_checker_counters(control);
    writer_object(json, "checks");
    writer_uint(json, "bindings", atomic_load_explicit(&checks->bindings, memory_order_relaxed));
    writer_uint(json, "in_flight", atomic_load_explicit(&checks->in_flight, memory_order_relaxed));
    writer_uint(json, "started", atomic_load_explicit(&checks->started, memory_order_relaxed));
    writer_uint(json, "succeeded", atomic_load_explicit(&checks->succeeded, memory_order_relaxed));
    writer_uint(json, "failed", atomic_load_explicit(&checks->failed, memory_order_relaxed));
    writer_end(json);
}

/* Who sees a part is not told what is about all of it. */
static void write_work(struct writer *json, const struct request *request)
{
    if (request->scope != NULL)
        return;
    write_queries(json, request->api);
    write_checks(json, request->api->control);
}

void status_get(struct request *request)
{
    struct api *api = request->api;
    struct control_status status;
    control_status(api->control, &status);
    if (request->scope != NULL)
        status.last_import_error[0] = status.suspicion[0] = '\0'; /* they name things */
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_string(&json, "version", STEERD_VERSION);
    writer_time(&json, "started", api->started_wall_ms);
    writer_int(&json, "uptime_s", (clock_wall_ms() - api->started_wall_ms) / 1000);
    writer_uint(&json, "generation", status.generation);
    writer_time(&json, "published", status.published_wall_ms);
    writer_uint(&json, "publications", status.publications);
    writer_string(&json, "steering_mode", api->settings->is_file_mode ? "file" : "store");
    writer_string(&json, "import_error",
                  status.last_import_error[0] != '\0' ? status.last_import_error : NULL);
    if (request->scope == NULL)
        writer_string(&json, "geoip", status.geo_source[0] != '\0' ? status.geo_source : NULL);
    writer_object(&json, "suspicion");
    writer_bool(&json, "suspects_itself", status.suspects_itself);
    writer_time(&json, "since", status.suspicion_wall_ms);
    writer_string(&json, "why", status.suspicion[0] != '\0' ? status.suspicion : NULL);
    writer_end(&json);
    write_world(&json, request->scope);
    write_work(&json, request);
    writer_end(&json);
    reply_json(request, &json);
}

/* ---- what is not well ---- */

static void write_ill(void *context, const struct node *pool, const struct endpoint *endpoint,
                      const struct endpoint_condition *condition)
{
    struct writer *json = context;
    struct endpoint_state state;
    endpoint_state_of(endpoint, condition, &state);
    if (state.is_available)
        return;
    const struct evidence *evidence = condition != NULL ? condition->evidence : NULL;
    writer_object(json, NULL);
    writer_string(json, "pool", pool->name);
    writer_string(json, "endpoint", endpoint_more(endpoint)->name);
    writer_string(json, "state", state.word);
    writer_string(json, "verdict",
                  endpoint_verdict_name(condition != NULL ? condition->verdict : HEALTH_UNCHECKED));
    writer_time(json, "since", evidence != NULL ? evidence->since_wall_ms : 0);
    writer_string(json, "why", state.why);
    writer_end(json);
}

static void write_unavailable_nodes(struct writer *json, const struct snapshot *now, const char *scope)
{
    uint32_t at = 0;
    const struct node *node;
    writer_array(json, "unavailable_nodes");
    while ((node = reader_next_node(now->dataset, &at)) != NULL) {
        const struct node_state *state = conditions_node(now->conditions, node);
        bool is_in_scope = scope == NULL || (reader_is_pool(node) && scope_has_pool(scope, node->name));
        if (state == NULL || state->is_available[VIEW_HEALTHY] || !is_in_scope)
            continue;
        writer_object(json, NULL);
        writer_string(json, "name", node->name);
        writer_uint(json, "available", state->available_count);
        writer_uint(json, "of", node->child_count);
        writer_end(json);
    }
    writer_end(json);
}

static void write_health(struct writer *json, const struct snapshot *now, const char *scope)
{
    writer_array(json, "unavailable_endpoints");
    tally_walk(now, scope, write_ill, json);
    writer_end(json);
    write_unavailable_nodes(json, now, scope);
}

void status_health(struct request *request)
{
    struct writer json = { 0 };
    writer_object(&json, NULL);
    const struct snapshot *now = reader_acquire();
    write_health(&json, now, request->scope);
    reader_release();
    if (request->scope == NULL)
        write_checks(&json, request->api->control);
    writer_end(&json);
    reply_json(request, &json);
}
