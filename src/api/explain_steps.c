/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/explain.h"

#include "api/endpoint_view.h"
#include "dns/type.h"
#include "snapshot/service.h"
#include "snapshot/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
    writer_string(steps->json, "zone", apex);
    writer_string(steps->json, "outcome", outcome_name(step));
    writer_bool(steps->json, "wildcard", step->match->is_wildcard);
    writer_string(steps->json, "service", step->service != NULL ? step->service->name : NULL);
    text_printf(steps->summary, "zone %s: ", apex);
    if (step->service != NULL)
        text_printf(steps->summary, "service %s%s\n", step->service->name,
                    step->match->is_wildcard ? " (by wildcard)" : "");
    else
        text_printf(steps->summary, "%s\n", outcome_name(step));
}

static void tell_location(struct explain_steps *steps, const struct location *location)
{
    if (location == NULL) {
        writer_null(steps->json, "location");
        text_puts(steps->summary, ", location unknown\n");
        return;
    }
    writer_object(steps->json, "location");
    writer_string(steps->json, "continent", location->continent);
    writer_string(steps->json, "country", location->country);
    writer_string(steps->json, "subdivision", location->subdivision);
    writer_string(steps->json, "city", location->city);
    writer_uint(steps->json, "asn", location->asn);
    if (location->at.is_known) {
        writer_array(steps->json, "at");
        writer_real(steps->json, NULL, location->at.latitude);
        writer_real(steps->json, NULL, location->at.longitude);
        writer_end(steps->json);
    }
    writer_end(steps->json);
    text_printf(steps->summary, ", in %s%s%s%s%s\n", location->city, location->city[0] != '\0' ? ", " : "",
                location->subdivision[0] != '\0' ? location->subdivision : location->country,
                location->continent[0] != '\0' ? ", " : "", location->continent);
}

static void tell_client(struct explain_steps *steps, const struct trace_step *step)
{
    char text[ADDRESS_TEXT_SIZE];
    struct prefix prefix = { step->client->address, step->client->prefix_len };
    prefix_format(&prefix, text);
    writer_string(steps->json, "client", text);
    writer_string(steps->json, "by", step->client->is_ecs ? "ecs" : "source");
    text_printf(steps->summary, "client %s by %s", text,
                step->client->is_ecs ? "EDNS Client Subnet" : "its own address");
    tell_location(steps, step->location);
}

static void tell_view(struct explain_steps *steps, const struct trace_step *step)
{
    writer_string(steps->json, "view", view_names[step->view]);
    if (step->view != VIEW_HEALTHY)
        text_printf(steps->summary, "%s\n", view_words[step->view]);
}

/* ---- nodes ---- */

static void say_node_state(const struct candidates *from, const struct node *node, bool is_available,
                           char why[ENDPOINT_WHY_SIZE])
{
    const struct node_state *state = conditions_node(from->conditions, node);
    if (is_available)
        snprintf(why, ENDPOINT_WHY_SIZE, "%u of %u available", state->available_count, node->child_count);
    else if (state->is_available[from->view])
        snprintf(why, ENDPOINT_WHY_SIZE, "it has nothing for this client");
    else
        snprintf(why, ENDPOINT_WHY_SIZE, "%u of %u available, %u%s needed", state->available_count,
                 node->child_count, node->min_healthy, node->is_percent ? " %" : "");
}

/* One child as the policy saw it. */
struct option {
    const char *name, *kind;
    uint32_t weight;
    bool is_available;
    char why[ENDPOINT_WHY_SIZE];
};

static bool has_family(const struct endpoint *endpoint, const struct explain_steps *steps)
{
    if (endpoint->hostname != NULL || (steps->qtype != DNS_A && steps->qtype != DNS_AAAA))
        return true;
    return (endpoint->families & (steps->qtype == DNS_A ? FAMILY_V4 : FAMILY_V6)) != 0;
}

static void describe_endpoint(const struct explain_steps *steps, const struct candidates *from,
                              const struct child *child, struct option *out)
{
    struct endpoint_state state;
    endpoint_state_of(child->endpoint, conditions_endpoint(from->conditions, child->endpoint), &state);
    out->name = child->endpoint->name;
    out->kind = "endpoint";
    out->weight = state.weight;
    memcpy(out->why, state.why, sizeof out->why);
    if (out->is_available && from->node->is_over_endpoints && !has_family(child->endpoint, steps)) {
        out->is_available = false;
        snprintf(out->why, sizeof out->why, "it has no address of the type asked for");
    }
}

static void describe(const struct explain_steps *steps, const struct candidates *from, uint16_t ordinal,
                     struct option *out)
{
    const struct child *child = &from->node->children[ordinal];
    out->weight = child->weight;
    out->is_available = candidates_has(from, ordinal);
    if (child->kind == CHILD_ENDPOINT) {
        describe_endpoint(steps, from, child, out);
        return;
    }
    const struct node *node = dataset_node(from->dataset, child);
    out->name = node->name;
    out->kind = child->kind == CHILD_SHARED ? "shared" : "inline";
    say_node_state(from, node, out->is_available, out->why);
}

static bool is_chosen(const struct choice *choice, uint16_t ordinal)
{
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++) {
        if (choice->index[i] == ordinal)
            return true;
    }
    return false;
}

static void tell_options(struct explain_steps *steps, const struct trace_step *step)
{
    struct option option;
    writer_array(steps->json, "candidates");
    for (uint16_t i = 0; i < step->candidates->node->child_count; i++) {
        describe(steps, step->candidates, i, &option);
        writer_object(steps->json, NULL);
        writer_string(steps->json, "name", option.name);
        writer_string(steps->json, "kind", option.kind);
        writer_uint(steps->json, "weight", option.weight);
        writer_bool(steps->json, "available", option.is_available);
        writer_bool(steps->json, "chosen", is_chosen(step->choice, i));
        writer_string(steps->json, "why", option.why);
        writer_end(steps->json);
        if (!option.is_available)
            text_printf(steps->summary, "%*snot %s: %s\n", (int)step->depth * 2 + 4, "", option.name,
                        option.why);
    }
    writer_end(steps->json);
}

static const char *child_name(const struct candidates *from, uint16_t ordinal)
{
    const struct child *child = &from->node->children[ordinal];
    if (child->kind == CHILD_ENDPOINT)
        return child->endpoint->name;
    return dataset_node(from->dataset, child)->name;
}

static void say_choice(struct explain_steps *steps, const struct trace_step *step)
{
    const struct choice *choice = step->choice;
    const struct node *node = step->candidates->node;
    text_printf(steps->summary, "%*s%s (%s): ", (int)step->depth * 2 + 2, "", node->name, node->policy->name);
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++)
        text_printf(steps->summary, "%s%s", i > 0 ? ", " : "",
                    child_name(step->candidates, choice->index[i]));
    if (choice == NULL || choice->count == 0)
        text_puts(steps->summary, "nothing for this client");
    if (choice != NULL && choice->reason != NULL)
        text_printf(steps->summary, ": %s", choice->reason);
    text_puts(steps->summary, "\n");
}

static void tell_choice(struct explain_steps *steps, const struct trace_step *step)
{
    const struct choice *choice = step->choice;
    writer_array(steps->json, "chosen");
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++)
        writer_string(steps->json, NULL, child_name(step->candidates, choice->index[i]));
    writer_end(steps->json);
    writer_string(steps->json, "reason", choice != NULL ? choice->reason : NULL);
    if (choice != NULL && choice->depends_on_client)
        writer_uint(steps->json, "scope", choice->scope_len);
}

static void tell_node(struct explain_steps *steps, const struct trace_step *step)
{
    const struct node *node = step->candidates->node;
    writer_string(steps->json, "node", node->name);
    writer_uint(steps->json, "depth", step->depth);
    writer_string(steps->json, "policy", node->policy->name);
    writer_uint(steps->json, "answers", node->answers);
    if (node->policy->needs_ticket && step->draw != NULL)
        writer_uint(steps->json, "draw", step->draw->ticket);
    tell_choice(steps, step);
    say_choice(steps, step);
    tell_options(steps, step);
}

/* ---- the result ---- */

static void tell_result(struct explain_steps *steps, const struct decision *decision)
{
    static const char *const names[] = {
        [STEER_ENDPOINTS] = "endpoints",
        [STEER_NODATA] = "nodata",
        [STEER_SERVFAIL] = "servfail",
    };
    writer_string(steps->json, "outcome", names[decision->outcome]);
    writer_array(steps->json, "endpoints");
    for (uint16_t i = 0; i < decision->count; i++)
        writer_string(steps->json, NULL, decision->endpoints[i]->name);
    writer_end(steps->json);
    writer_uint(steps->json, "ttl", decision->ttl_s);
    writer_bool(steps->json, "degraded",
                decision->outcome == STEER_ENDPOINTS && decision->view != VIEW_HEALTHY);
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
    case TRACE_EMPTY: tell_node(steps, step); break;
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
    };
}
