/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a service's decision to RRs. */
#include "answer/addresses.h"
#include "answer/assembly.h"

static void decide(struct assembly *assembly, const struct service *service, struct decision *out)
{
    bool uses_ecs = service->uses_ecs && assembly->subnet != NULL;
    const struct client *client = uses_ecs ? assembly->subnet : assembly->source;
    if (assembly->trace != NULL) {
        const struct geo *geo = assembly->now->dataset->geo;
        assembly->trace->step(assembly->trace,
                              &(struct trace_step){ .kind = TRACE_CLIENT,
                                                    .client = client,
                                                    .location = geo_find(geo, &client->address, NULL),
                                                    .location_set = geo_operator_of(geo, &client->address) });
    }
    const struct steering steering = {
        .now = assembly->now,
        .service = service,
        .client = client,
        .qtype = assembly->query->qtype,
        .random = assembly->random,
        .peeks = assembly->peeks,
        .trace = assembly->trace,
        .draws = assembly->draws,
    };
    if (assembly->decided != NULL && assembly->chain_length == 0)
        *out = *assembly->decided; /* asked again, it would give the next ticket's answer */
    else
        steer(&steering, out);
    /* Of a chain of CNAMEs from service to service, the whole answer holds for the narrowest scope. */
    if (uses_ecs && out->depends_on_client && out->scope_len > assembly->edns->scope_len)
        assembly->edns->scope_len = out->scope_len;
    if (!assembly->is_steered) {
        assembly->service = service;
        assembly->client = client;
    }
    assembly->is_steered = true;
    if (out->outcome == STEER_ENDPOINTS)
        assembly->lead_slot = out->endpoints[0]->slot;
    assembly->is_degraded = out->outcome == STEER_ENDPOINTS && out->view != VIEW_HEALTHY;
}

static void add_endpoints(struct assembly *assembly, const struct decision *decision)
{
    const uint8_t *rdatas[CHOICE_MAX];
    bool is_v4 = assembly->query->qtype == DNS_A;
    uint8_t family = is_v4 ? FAMILY_V4 : FAMILY_V6;
    size_t count = 0;
    for (uint16_t i = 0; i < decision->count; i++) {
        const struct endpoint *endpoint = decision->endpoints[i];
        if (endpoint->families & family)
            rdatas[count++] = is_v4 ? endpoint->ipv4 : endpoint->more->ipv6;
    }
    if (count > 0)
        dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly),
                              assembly->query->qtype, decision->ttl_s, rdatas, is_v4 ? 4 : 16, count);
}

/* The same of a service with hostnames. */
static void add_resolved(struct assembly *assembly, const struct decision *decision)
{
    struct addresses addresses;
    bool is_v4 = assembly->query->qtype == DNS_A;
    addresses_collect(assembly, decision, is_v4 ? FAMILY_V4 : FAMILY_V6, &addresses);
    if (addresses.count > 0)
        dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly),
                              assembly->query->qtype, addresses.ttl_s, addresses.rdatas, is_v4 ? 4 : 16,
                              addresses.count);
}

static const uint8_t *add_cname(struct assembly *assembly, const struct decision *decision)
{
    const uint8_t *target = decision->endpoints[0]->more->hostname;
    if (target == NULL)
        return NULL;
    dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly), DNS_CNAME,
                          decision->ttl_s, &target, (uint16_t)dns_name_wire_size(target), 1);
    return target;
}

/* Only an operator who looks closely would see it otherwise.  The texts are for him. */
static void tell_all_down(struct assembly *assembly, const struct decision *decision)
{
    static const char *const texts[VIEW_COUNT] = {
        [VIEW_HEALTHY] = "all endpoints are down: serving their substitute",
        [VIEW_UNHELD] = "all endpoints are down: serving all of them",
        [VIEW_EVERYTHING] = "all endpoints are down or held: serving all of them",
    };
    assembly->edns->ede = EDE_OTHER;
    assembly->edns->ede_text = decision->outcome == STEER_ENDPOINTS ? texts[decision->view]
                               : decision->is_unresolved ? "no address of an endpoint's name is known"
                                                         : "all endpoints are down";
}

const uint8_t *assembly_steer(struct assembly *assembly, const struct zone_match *match)
{
    const struct service *service = zone_node_service(match->node);
    const uint8_t *target = NULL;
    struct decision decision;
    decide(assembly, service, &decision);
    if (decision.is_all_down)
        tell_all_down(assembly, &decision);
    uint16_t before = assembly->response->counts[DNS_ANSWER];
    if (decision.outcome == STEER_SERVFAIL) {
        assembly->response->rcode = DNS_SERVFAIL;
        return NULL;
    }
    if (decision.outcome == STEER_ENDPOINTS && service->is_cname)
        target = add_cname(assembly, &decision);
    else if (decision.outcome == STEER_ENDPOINTS && assembly->query->qtype == DNS_HTTPS)
        assembly_add_service_binding(assembly, service, &decision);
    else if (decision.outcome == STEER_ENDPOINTS && service->has_names)
        add_resolved(assembly, &decision);
    else if (decision.outcome == STEER_ENDPOINTS)
        add_endpoints(assembly, &decision);
    bool is_nodata = assembly->response->counts[DNS_ANSWER] == before && !assembly->response->is_truncated;
    if (is_nodata)
        dns_response_add(assembly->response, DNS_AUTHORITY, zone_apex(match->zone)->bytes,
                         zone_soa(match->zone), zone_negative_ttl_s(match->zone), false);
    return target;
}
