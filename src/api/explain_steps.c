/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/explain.h"

#include "base/memory.h"
#include "api/resolved_view.h"
#include "snapshot/service.h"
#include "snapshot/zone.h"

#include <stdlib.h>

static const char *const view_names[VIEW_COUNT] = {
    [VIEW_HEALTHY] = "healthy",
    [VIEW_UNHELD] = "unheld",
    [VIEW_EVERYTHING] = "everything",
};
static const char *const view_words[VIEW_COUNT] = {
    [VIEW_HEALTHY] = "health and operators count",
    [VIEW_UNHELD] = "all are down: health is disregarded",
    [VIEW_EVERYTHING] = "nothing else is left: operators are disregarded, too",
};

/* ---- zone, client, view ---- */

static const char *outcome_name(const struct trace_step *step)
{
    if (step->service != NULL)
        return "service";
    switch (step->match->outcome) {
    case ZONE_FOUND: return "records";
    case ZONE_NXDOMAIN: return "nxdomain";
    case ZONE_REFERRAL: return "referral";
    case ZONE_DNAME: return "dname";
    }
    return "";
}

static void tell_zone(struct explain_steps *steps, const struct trace_step *step)
{
    char apex[DNS_NAME_TEXT_SIZE];
    dns_name_format(zone_apex(step->match->zone), apex);
    steps->service = step->service;
    steps->walk_count = 0;
    steps->cap_s = TTL_CAP_NONE;
    steps->scope_by = NULL;
    steps->scope_by_len = 0;
    writer_string(steps->json, "zone", apex);
    writer_string(steps->json, "outcome", outcome_name(step));
    writer_bool(steps->json, "wildcard", step->match->is_wildcard);
    writer_string(steps->json, "service", step->service != NULL ? step->service->name : NULL);
    if (step->service != NULL && step->service->more->failover_ms != 0)
        writer_real(steps->json, "objective_s", step->service->more->failover_ms / 1e3);
    text_printf(steps->summary, "zone %s: ", apex);
    if (step->service != NULL)
        text_printf(steps->summary, "service %s%s\n", step->service->name,
                    step->match->is_wildcard ? " (by wildcard)" : "");
    else
        text_printf(steps->summary, "%s\n", outcome_name(step));
    if (step->service != NULL && step->service->more->failover_ms != 0)
        text_printf(steps->summary, "its failover objective of %gs: TTL %us, the rest for the checks below\n",
                    step->service->more->failover_ms / 1e3, step->service->ttl_s);
}

static void write_location(struct writer *json, const struct location *location)
{
    writer_object(json, "location");
    writer_string(json, "continent", location->continent);
    writer_string(json, "country", location->country);
    writer_string(json, "subdivision", location->subdivision);
    writer_string(json, "city", location->city);
    writer_uint(json, "asn", location->asn);
    if (location->at.is_known) {
        writer_array(json, "at");
        writer_real(json, NULL, location->at.latitude);
        writer_real(json, NULL, location->at.longitude);
        writer_end(json);
    }
    writer_end(json);
}

static void tell_location(struct explain_steps *steps, const struct location *location, const char *set)
{
    if (location == NULL) {
        writer_null(steps->json, "location");
        text_puts(steps->summary, ", location unknown");
    } else {
        write_location(steps->json, location);
        text_printf(steps->summary, ", in %s%s%s%s%s", location->city, location->city[0] != '\0' ? ", " : "",
                    location->subdivision[0] != '\0' ? location->subdivision : location->country,
                    location->continent[0] != '\0' ? ", " : "", location->continent);
    }
    char *from = set != NULL ? xasprintf("locations/%s", set) : NULL;
    writer_string(steps->json, "location_from", from != NULL ? from : location != NULL ? "databases" : NULL);
    if (from != NULL)
        text_printf(steps->summary, " (location from %s)", from);
    text_puts(steps->summary, "\n");
    free(from);
}

static void tell_client(struct explain_steps *steps, const struct trace_step *step)
{
    char text[ADDRESS_TEXT_SIZE];
    struct prefix prefix = { step->client->address, step->client->prefix_len };
    prefix_format(&prefix, text);
    steps->client = step->client;
    writer_string(steps->json, "client", text);
    writer_string(steps->json, "by", step->client->is_ecs ? "ecs" : "source");
    text_printf(steps->summary, "client %s by %s", text,
                step->client->is_ecs ? "EDNS Client Subnet" : "its own address");
    tell_location(steps, step->location, step->location_set);
}

/* Where this walk begins: at the service's root, or, when that had nothing, at its sorry target. */
static const struct child *root_of_walk(struct explain_steps *steps)
{
    const struct service *service = steps->service;
    bool is_first = steps->walk_count++ == 0;
    if (service == NULL)
        return NULL;
    return is_first || service->when_all_down != ALL_DOWN_TARGET ? &service->root : &service->more->sorry;
}

static void tell_view(struct explain_steps *steps, const struct trace_step *step)
{
    const struct child *root = root_of_walk(steps);
    writer_string(steps->json, "view", view_names[step->view]);
    if (step->view != VIEW_HEALTHY)
        text_printf(steps->summary, "%s\n", view_words[step->view]);
    if (root != NULL && root->kind != CHILD_ENDPOINT)
        explain_tell_unavailable(steps, dataset_node(steps->now->dataset, root), step->view);
}

/* ---- the result ---- */

static void tell_name(struct explain_steps *steps, const struct endpoint *endpoint)
{
    const struct resolved *resolved = conditions_resolved(steps->now->conditions, endpoint);
    if (!endpoint_is_name(endpoint))
        return;
    resolved_view_write(steps->json, NULL, endpoint, resolved);
    text_puts(steps->summary, "  ");
    resolved_view_say(endpoint, resolved, steps->summary);
    text_puts(steps->summary, "\n");
}

/* Where the addresses of hostnames come from. */
static void tell_names(struct explain_steps *steps, const struct decision *decision)
{
    const struct service *service = steps->service;
    if (service == NULL || !service->has_names)
        return;
    writer_array(steps->json, "resolved");
    for (uint16_t i = 0; i < decision->count; i++)
        tell_name(steps, decision->endpoints[i]);
    if (decision->count == 0 && service->root.kind == CHILD_ENDPOINT)
        tell_name(steps, service->root.endpoint);
    writer_end(steps->json);
}

static void tell_result(struct explain_steps *steps, const struct decision *decision)
{
    static const char *const names[] = {
        [STEER_ENDPOINTS] = "endpoints",
        [STEER_NODATA] = "nodata",
        [STEER_SERVFAIL] = "servfail",
    };
    char room[ENDPOINT_NAME_SIZE];
    writer_string(steps->json, "outcome", names[decision->outcome]);
    writer_array(steps->json, "endpoints");
    for (uint16_t i = 0; i < decision->count; i++)
        writer_string(steps->json, NULL, endpoint_name(decision->endpoints[i], room));
    writer_end(steps->json);
    writer_uint(steps->json, "ttl", decision->ttl_s);
    writer_bool(steps->json, "degraded",
                decision->outcome == STEER_ENDPOINTS && decision->view != VIEW_HEALTHY);
    tell_names(steps, decision);
    explain_tell_derivation(steps, decision);
    steps->has_result = true;
    steps->ttl_s = decision->ttl_s;
    steps->scope_len = decision->scope_len;
    steps->depends_on_client = decision->depends_on_client;
    if (decision->outcome != STEER_ENDPOINTS)
        text_printf(steps->summary, "nothing to give: %s\n", names[decision->outcome]);
}

static void take_step(struct trace *trace, const struct trace_step *step)
{
    static const char *const names[] = {
        [TRACE_ZONE] = "zone", [TRACE_CLIENT] = "client", [TRACE_VIEW] = "view",
        [TRACE_NODE] = "node", [TRACE_EMPTY] = "empty",   [TRACE_RESULT] = "result",
    };
    struct explain_steps *steps = (struct explain_steps *)trace;
    writer_object(steps->json, NULL);
    writer_string(steps->json, "step", names[step->kind]);
    switch (step->kind) {
    case TRACE_ZONE: tell_zone(steps, step); break;
    case TRACE_CLIENT: tell_client(steps, step); break;
    case TRACE_VIEW: tell_view(steps, step); break;
    case TRACE_NODE:
    case TRACE_EMPTY:
        explain_note_node(steps, step);
        explain_tell_node(steps, step);
        break;
    case TRACE_RESULT: tell_result(steps, step->decision); break;
    }
    writer_end(steps->json);
}

void explain_steps_begin(struct explain_steps *steps, const struct snapshot *now, uint16_t qtype,
                         struct writer *json, struct text *summary)
{
    *steps = (struct explain_steps){
        .trace = { .step = take_step },
        .now = now,
        .json = json,
        .summary = summary,
        .qtype = qtype,
        .cap_s = TTL_CAP_NONE,
    };
}
