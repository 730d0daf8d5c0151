/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Prometheus text format, version 0.0.4. */
#include "api/metrics.h"

#include "api/metrics_shares.h"
#include "api/reader.h"
#include "api/resolved_view.h"
#include "api/resources.h"
#include "api/state.h"
#include "api/tls.h"
#include "api/tally.h"
#include "dns/type.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

void metrics_label(struct text *out, const char *name, const char *value)
{
    text_printf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            text_puts(out, "\\n");
        else if (*value == '"' || *value == '\\')
            text_printf(out, "\\%c", *value);
        else
            text_add(out, value, 1);
    }
    text_puts(out, "\"");
}

void metrics_family(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *out, const char *name, const char *type, const char *help, uint64_t value)
{
    metrics_family(out, name, type, help);
    text_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* One sample of a family with one label. */
static void labelled(struct text *out, const char *name, const char *label, const char *value,
                     uint64_t number)
{
    text_printf(out, "%s{", name);
    metrics_label(out, label, value);
    text_printf(out, "} %" PRIu64 "\n", number);
}

static void write_limits(struct text *out, const struct query_totals *totals)
{
    metrics_family(out, "steerd_dns_rate_limited_total", "counter", "Replies beyond the rate limit.");
    labelled(out, "steerd_dns_rate_limited_total", "action", "dropped", totals->limited_dropped);
    labelled(out, "steerd_dns_rate_limited_total", "action", "slipped", totals->limited_slipped);
    metrics_family(out, "steerd_dns_cookies_total", "counter", "Queries with a DNS cookie.");
    labelled(out, "steerd_dns_cookies_total", "state", "valid", totals->cookies[COOKIE_VALID]);
    labelled(out, "steerd_dns_cookies_total", "state", "client_only", totals->cookies[COOKIE_CLIENT_ONLY]);
    labelled(out, "steerd_dns_cookies_total", "state", "bad", totals->cookies[COOKIE_BAD]);
}

static void write_times(struct text *out, const struct query_totals *totals)
{
    static const char *const transports[] = { "udp", "tcp" };
    const char *name = "steerd_dns_request_duration_seconds";
    metrics_family(out, name, "histogram",
                   "From the receipt of a batch of queries to its last reply; of a sample of the batches.");
    for (size_t i = 0; i < 2; i++) {
        uint64_t sum = 0;
        for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
            sum += totals->times[i].counts[bucket];
            text_printf(out, "%s_bucket{transport=\"%s\",le=\"", name, transports[i]);
            if (bucket < HISTOGRAM_BOUNDS)
                text_printf(out, "%.6g", histogram_bounds_us[bucket] / 1e6);
            else
                text_puts(out, "+Inf");
            text_printf(out, "\"} %" PRIu64 "\n", sum);
        }
        text_printf(out, "%s_sum{transport=\"%s\"} %.6f\n", name, transports[i],
                    (double)totals->times[i].sum_us / 1e6);
        text_printf(out, "%s_count{transport=\"%s\"} %" PRIu64 "\n", name, transports[i], sum);
    }
}

static void write_queries(struct text *out, const struct api_data_plane *data_plane)
{
    struct query_totals totals;
    query_totals_take(data_plane, &totals);
    metrics_family(out, "steerd_dns_requests_total", "counter", "Messages received.");
    labelled(out, "steerd_dns_requests_total", "transport", "udp", totals.queries[TRANSPORT_UDP]);
    labelled(out, "steerd_dns_requests_total", "transport", "tcp", totals.queries[TRANSPORT_TCP]);
    metrics_family(out, "steerd_dns_responses_total", "counter", "Replies sent.");
    for (unsigned rcode = 0; rcode < sizeof totals.rcodes / sizeof *totals.rcodes; rcode++) {
        if (totals.rcodes[rcode] > 0 || rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN)
            labelled(out, "steerd_dns_responses_total", "rcode", dns_rcode_name(rcode), totals.rcodes[rcode]);
    }
    one(out, "steerd_dns_dropped_total", "counter", "Messages that no reply was due to.", totals.dropped);
    one(out, "steerd_dns_receive_dropped_total", "counter",
        "Datagrams that the kernel dropped because a worker's socket was full.", totals.receive_dropped);
    one(out, "steerd_dns_truncated_total", "counter", "Replies with TC.", totals.truncated);
    one(out, "steerd_dns_ecs_total", "counter", "Queries with a client subnet.", totals.ecs);
    one(out, "steerd_dns_steered_total", "counter", "Answers that a service gave.", totals.steered);
    one(out, "steerd_dns_steered_degraded_total", "counter", "Of these, with all endpoints down.",
        totals.steered_degraded);
    write_limits(out, &totals);
    one(out, "steerd_dns_tcp_connections", "gauge", "TCP connections open.", totals.tcp_connections);
    write_times(out, &totals);
    metrics_family(out, "steerd_query_log_total", "counter",
                   "Queries for the query log and dnstap: taken, too many, not delivered.");
    labelled(out, "steerd_query_log_total", "result", "taken", totals.log_taken);
    labelled(out, "steerd_query_log_total", "result", "dropped", totals.log_dropped);
    labelled(out, "steerd_query_log_total", "result", "failed", totals.log_failed);
}

/* ---- endpoints ---- */

struct family {
    struct text *out;
    const char *name;
    /* Writes the sample's value, or returns false if there is none. */
    bool (*value)(struct text *out, const struct endpoint *endpoint,
                  const struct endpoint_condition *condition);
    const char *more_labels; /* "" or `,kind="declared"` */
};

static bool available(struct text *out, const struct endpoint *endpoint,
                      const struct endpoint_condition *condition)
{
    (void)endpoint;
    text_puts(out, condition == NULL || condition->is_available ? "1" : "0");
    return true;
}

static bool healthy(struct text *out, const struct endpoint *endpoint,
                    const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->verdict == HEALTH_UNCHECKED || condition->verdict == HEALTH_UNKNOWN)
        return false;
    text_puts(out, condition->verdict == HEALTH_UP ? "1" : "0");
    return true;
}

static bool declared_weight(struct text *out, const struct endpoint *endpoint,
                            const struct endpoint_condition *condition)
{
    (void)condition;
    text_printf(out, "%" PRIu32, endpoint->weight);
    return true;
}

static bool effective_weight(struct text *out, const struct endpoint *endpoint,
                             const struct endpoint_condition *condition)
{
    text_printf(out, "%" PRIu32, condition != NULL ? condition->weight : endpoint->weight);
    return true;
}

static bool latency(struct text *out, const struct endpoint *endpoint,
                    const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->latency_us == 0)
        return false;
    text_printf(out, "%.6f", condition->latency_us / 1e6);
    return true;
}

static bool certificate_end(struct text *out, const struct endpoint *endpoint,
                            const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->certificate_ends_s == 0)
        return false;
    text_printf(out, "%" PRId64, condition->certificate_ends_s);
    return true;
}

static bool objective(struct text *out, const struct endpoint *endpoint,
                      const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->failover.objective_ms == 0)
        return false;
    text_printf(out, "%.3f", condition->failover.objective_ms / 1e3);
    return true;
}

static bool promised(struct text *out, const struct endpoint *endpoint,
                     const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->failover.objective_ms == 0)
        return false;
    text_printf(out, "%.3f", (double)failover_promised_ms(&condition->failover) / 1e3);
    return true;
}

static bool achieved(struct text *out, const struct endpoint *endpoint,
                     const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->failover.objective_ms == 0 || condition->failover.at_wall_ms == 0)
        return false;
    text_printf(out, "%.3f", (double)failover_achieved_ms(&condition->failover) / 1e3);
    return true;
}

static bool noticed(struct text *out, const struct endpoint *endpoint,
                    const struct endpoint_condition *condition)
{
    (void)endpoint;
    if (condition == NULL || condition->failover.at_wall_ms == 0)
        return false;
    text_printf(out, "%.3f", condition->failover.noticed_ms / 1e3);
    return true;
}

static void write_sample(void *context, const struct node *pool, const struct endpoint *endpoint,
                         const struct endpoint_condition *condition)
{
    const struct family *family = context;
    size_t before = family->out->size;
    text_printf(family->out, "%s{", family->name);
    metrics_label(family->out, "pool", pool->name);
    text_puts(family->out, ",");
    metrics_label(family->out, "endpoint", endpoint_more(endpoint)->name);
    text_printf(family->out, "%s} ", family->more_labels);
    if (family->value(family->out, endpoint, condition))
        text_puts(family->out, "\n");
    else
        family->out->size = before; /* nothing is known */
}

static void write_endpoints(struct text *out, const struct snapshot *now)
{
    static const struct {
        const char *name, *help;
        struct family family;
    } families[] = {
        { "steerd_endpoint_available",
          "1 if queries are sent there: override over declared over observed.",
          { .value = available, .more_labels = "" } },
        { "steerd_endpoint_healthy",
          "1 if its checks are content; absent where nobody checks.",
          { .value = healthy, .more_labels = "" } },
        { "steerd_endpoint_weight",
          "The declared weight, and the one in force.",
          { .value = declared_weight, .more_labels = ",kind=\"declared\"" } },
        { NULL, NULL, { .value = effective_weight, .more_labels = ",kind=\"effective\"" } },
        { "steerd_endpoint_latency_seconds",
          "Smoothed connect time of its checks.",
          { .value = latency, .more_labels = "" } },
        { "steerd_endpoint_certificate_end_seconds",
          "Unix time of the end of the certificate that its checks were shown last.",
          { .value = certificate_end, .more_labels = "" } },
        { "steerd_endpoint_noticed_seconds",
          "When it died last: from its last good check to the first changed answer.",
          { .value = noticed, .more_labels = "" } },
        { "steerd_endpoint_failover_seconds",
          "Until no cache leads to it: the objective, what checks and TTL promise, and the last time.",
          { .value = objective, .more_labels = ",kind=\"objective\"" } },
        { NULL, NULL, { .value = promised, .more_labels = ",kind=\"promised\"" } },
        { NULL, NULL, { .value = achieved, .more_labels = ",kind=\"achieved\"" } },
    };
    const char *name = NULL;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct family family = families[i].family;
        if (families[i].name != NULL) {
            name = families[i].name;
            metrics_family(out, name, "gauge", families[i].help);
        }
        family.out = out;
        family.name = name;
        tally_walk(now, NULL, write_sample, &family);
    }
}

/* ---- the rest ---- */

static void write_webhooks(struct text *out, const struct control *control)
{
    struct webhook_counters hooks;
    control_webhook_counters(control, &hooks);
    metrics_family(out, "steerd_webhooks_total", "counter",
                   "Events delivered, tries that failed, events given up.");
    labelled(out, "steerd_webhooks_total", "result", "delivered", hooks.delivered);
    labelled(out, "steerd_webhooks_total", "result", "failed", hooks.failed);
    labelled(out, "steerd_webhooks_total", "result", "dropped", hooks.dropped);
    one(out, "steerd_webhooks_waiting", "gauge", "Events that wait for their delivery.", hooks.waiting);
}

static void write_event_command(struct text *out, const struct control *control)
{
    struct event_command_counters runs;
    control_event_command_counters(control, &runs);
    metrics_family(out, "steerd_event_command_total", "counter",
                   "Events that the command took, at which it failed, that found the queue full.");
    labelled(out, "steerd_event_command_total", "result", "done", runs.done);
    labelled(out, "steerd_event_command_total", "result", "failed", runs.failed);
    labelled(out, "steerd_event_command_total", "result", "dropped", runs.dropped);
    one(out, "steerd_event_command_waiting", "gauge", "Events that wait for the command.", runs.waiting);
}

static void write_control(struct text *out, struct control *control)
{
    struct control_status status;
    control_status(control, &status);
    one(out, "steerd_generation", "gauge", "Number of the configuration.", status.generation);
    one(out, "steerd_snapshot_publications_total", "counter", "Snapshots published.", status.publications);
    one(out, "steerd_suspects_itself", "gauge",
        "1 while most of what it checks is silent and verdicts are frozen.", status.suspects_itself);
    one(out, "steerd_events_total", "counter", "Number of the newest event.",
        feed_last(control_feed(control)));
    one(out, "steerd_events_lost_total", "counter", "Events that the disk did not take.", status.events_lost);
    metrics_family(out, "steerd_failovers_total", "counter",
                   "Deaths of endpoints under a failover objective.");
    labelled(out, "steerd_failovers_total", "result", "kept", status.failovers_kept);
    labelled(out, "steerd_failovers_total", "result", "missed", status.failovers_missed);
    const struct checker_counters *checks = control_checker_counters(control);
    metrics_family(out, "steerd_checks_total", "counter", "Health checks that ended.");
    labelled(out, "steerd_checks_total", "result", "success",
             atomic_load_explicit(&checks->succeeded, memory_order_relaxed));
    labelled(out, "steerd_checks_total", "result", "failure",
             atomic_load_explicit(&checks->failed, memory_order_relaxed));
    labelled(out, "steerd_checks_total", "result", "unmeasured",
             atomic_load_explicit(&checks->unmeasured, memory_order_relaxed));
    metrics_family(out, "steerd_check_reports_total", "counter",
                   "Reports to push checks, and times to live that went by without one.");
    labelled(out, "steerd_check_reports_total", "result", "taken",
             atomic_load_explicit(&checks->reports_taken, memory_order_relaxed));
    labelled(out, "steerd_check_reports_total", "result", "missed",
             atomic_load_explicit(&checks->reports_missed, memory_order_relaxed));
    one(out, "steerd_checks_delayed_total", "counter",
        "Health checks that waited because too many were under way to their address.",
        atomic_load_explicit(&checks->delayed, memory_order_relaxed));
    one(out, "steerd_checks_skipped_total", "counter",
        "Starts of health checks left out: too many under way.",
        atomic_load_explicit(&checks->skipped, memory_order_relaxed));
    one(out, "steerd_checks_certificates_ending", "gauge",
        "Checks whose certificate is within warn_before of its end.",
        atomic_load_explicit(&checks->certificates_ending, memory_order_relaxed));
    one(out, "steerd_checks_in_flight", "gauge", "Health checks under way.",
        atomic_load_explicit(&checks->in_flight, memory_order_relaxed));
}

static void write_doors(struct text *out, const struct api *api)
{
    struct door_counters all = { 0 };
    for (size_t i = 0; i < api->listener_count; i++) {
        struct door_counters one_door;
        door_count(api->listeners[i].door, &one_door);
        all.inside += one_door.inside;
        all.came += one_door.came;
        all.evicted += one_door.evicted;
        all.refused += one_door.refused;
        all.overdue += one_door.overdue;
    }
    one(out, "steerd_api_connections", "gauge", "Open connections of the API.", all.inside);
    one(out, "steerd_api_connections_total", "counter", "Connections of the API so far.", all.came);
    metrics_family(
        out, "steerd_api_connections_ended_total", "counter",
        "Connections that the API ended: idle ones for new ones, new ones for want of room, slow ones.");
    labelled(out, "steerd_api_connections_ended_total", "reason", "evicted", all.evicted);
    labelled(out, "steerd_api_connections_ended_total", "reason", "refused", all.refused);
    labelled(out, "steerd_api_connections_ended_total", "reason", "overdue", all.overdue);
}

static void write_tls(struct text *out, const struct api *api)
{
    if (api->tls != NULL)
        one(out, "steerd_api_certificate_end_seconds", "gauge",
            "Unix time of the end of the API's certificate.", (uint64_t)tls_end_s(api->tls));
}

static void write_failures(struct text *out, const struct api *api)
{
    one(out, "steerd_api_wrong_tokens_total", "counter",
        "Tokens that opened nothing: wrong, revoked or expired.", failures_count(api->failures));
}

static void write_build(struct text *out, const struct api *api)
{
    metrics_family(out, "steerd_build_info", "gauge", "Always 1.");
    labelled(out, "steerd_build_info", "version", STEERD_VERSION, 1);
    metrics_family(out, "process_start_time_seconds", "gauge", "Unix time of the start.");
    text_printf(out, "process_start_time_seconds %.3f\n", (double)api->started_wall_ms / 1000.0);
}

void metrics_get(struct request *request)
{
    struct api *api = request->api;
    struct text out = { 0 };
    write_build(&out, api);
    write_queries(&out, &api->data_plane);
    write_control(&out, api->control);
    write_webhooks(&out, api->control);
    write_event_command(&out, api->control);
    write_doors(&out, api);
    write_failures(&out, api);
    write_tls(&out, api);
    const struct snapshot *now = reader_acquire();
    if (now != NULL) {
        write_endpoints(&out, now);
        resolved_view_metrics(&out, now);
        metrics_write_shares(&out, now, &api->data_plane);
    }
    reader_release();
    reply_text(request, "text/plain; version=0.0.4; charset=utf-8", &out);
}
