/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a service's decision to RRs. */
#include "answer/assembly.h"
#include "answer/rank.h"

void assembly_begin_steering(const struct assembly *assembly, const struct service *service, uint16_t qtype,
                             struct steering *out)
{
    *out = (struct steering){
        .now = assembly->now,
        .service = service,
        .client = assembly_client(assembly, service),
        .qtype = qtype,
        .random = assembly->random,
        .peeks = assembly->peeks,
        .trace = assembly->trace,
        .draws = assembly->draws,
    };
    if (assembly->trace == NULL)
        return;
    const struct geo *geo = assembly->now->dataset->geo;
    const struct address *address = &out->client->address;
    assembly->trace->step(assembly->trace,
                          &(struct trace_step){ .kind = TRACE_CLIENT,
                                                .client = out->client,
                                                .location = geo_find(geo, address, NULL),
                                                .location_set = geo_operator_of(geo, address) });
}

/* Of a chain of CNAMEs from service to service, the whole answer holds for the narrowest scope. */
void assembly_note_scope(struct assembly *assembly, const struct service *service,
                         const struct decision *decision)
{
    bool uses_ecs = assembly_client(assembly, service) == assembly->subnet;
    if (uses_ecs && decision->depends_on_client && decision->scope_len > assembly->edns->scope_len)
        assembly->edns->scope_len = decision->scope_len;
}

static void note_decision(struct assembly *assembly, const struct service *service,
                          const struct decision *decision)
{
    assembly_note_scope(assembly, service, decision);
    if (!assembly->is_steered) {
        assembly->service = service;
        assembly->client = assembly_client(assembly, service);
    }
    assembly->is_steered = true;
    assembly->is_degraded = decision->outcome == STEER_ENDPOINTS && decision->view != VIEW_HEALTHY;
}

static void decide(struct assembly *assembly, const struct service *service, struct decision *out)
{
    struct steering steering;
    assembly_begin_steering(assembly, service, assembly->query->qtype, &steering);
    if (assembly->decided != NULL && assembly->chain_length == 0)
        *out = *assembly->decided; /* asked again, it would give the next ticket's answer */
    else
        steer(&steering, out);
    note_decision(assembly, service, out);
    if (out->outcome == STEER_ENDPOINTS)
        assembly->lead_slot = out->endpoints[0]->slot;
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
            rdatas[count++] = is_v4 ? endpoint->ipv4 : endpoint_more(endpoint)->ipv6;
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
    const struct addresses_now now = assembly_addresses_now(assembly);
    addresses_collect(&now, decision, is_v4 ? FAMILY_V4 : FAMILY_V6, &addresses);
    if (addresses.count > 0)
        dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly),
                              assembly->query->qtype, addresses.ttl_s, addresses.rdatas, is_v4 ? 4 : 16,
                              addresses.count);
}

static const uint8_t *add_cname(struct assembly *assembly, const struct decision *decision)
{
    const uint8_t *target = endpoint_more(decision->endpoints[0])->hostname;
    if (target == NULL)
        return NULL;
    dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly), DNS_CNAME,
                          decision->ttl_s, &target, (uint16_t)dns_name_wire_size(target), 1);
    return target;
}

const char *assembly_all_down_text(const struct decision *decision)
{
    static const char *const texts[VIEW_COUNT] = {
        [VIEW_HEALTHY] = "all endpoints are down: serving their substitute",
        [VIEW_UNHELD] = "all endpoints are down: serving all of them",
        [VIEW_EVERYTHING] = "all endpoints are down or held: serving all of them",
    };
    return decision->outcome == STEER_ENDPOINTS ? texts[decision->view]
           : decision->is_unresolved            ? "no address of an endpoint's name is known"
                                                : "all endpoints are down";
}

void assembly_tell_all_down(struct dns_reply_edns *edns, const struct decision *decision)
{
    edns->ede = EDE_OTHER;
    edns->ede_text = assembly_all_down_text(decision);
}

static void add_negative(struct assembly *assembly, const struct zone *zone, uint16_t before)
{
    bool is_nodata = assembly->response->counts[DNS_ANSWER] == before && !assembly->response->is_truncated;
    if (is_nodata)
        dns_response_add(assembly->response, DNS_AUTHORITY, zone_apex(zone)->bytes, zone_soa(zone),
                         zone_negative_ttl_s(zone), false);
}

/* MX and SRV: names in the order of the policy. */
static void steer_names(struct assembly *assembly, const struct zone_match *match,
                        const struct service_names *names)
{
    const struct service *service = zone_node_service(match->node);
    struct ranking ranking;
    struct steering steering;
    uint16_t before = assembly->response->counts[DNS_ANSWER];
    assembly_begin_steering(assembly, service, assembly->query->qtype, &steering);
    rank(&steering, &names->root, &ranking);
    note_decision(assembly, service, &ranking.decision);
    if (ranking.decision.is_all_down)
        assembly_tell_all_down(assembly->edns, &ranking.decision);
    if (ranking.decision.outcome == STEER_SERVFAIL) {
        assembly->response->rcode = DNS_SERVFAIL;
        return;
    }
    if (ranking.decision.count > 0)
        assembly_add_names(assembly, match->zone, names, &ranking);
    add_negative(assembly, match->zone, before);
}

static const struct service_names *names_of(const struct service *service, uint16_t qtype)
{
    return qtype == DNS_MX ? service->more->mx : qtype == DNS_SRV ? service->more->srv : NULL;
}

const uint8_t *assembly_steer(struct assembly *assembly, const struct zone_match *match)
{
    const struct service *service = zone_node_service(match->node);
    const struct service_names *names = names_of(service, assembly->query->qtype);
    const uint8_t *target = NULL;
    struct decision decision;
    if (names != NULL) {
        steer_names(assembly, match, names);
        return NULL;
    }
    decide(assembly, service, &decision);
    if (decision.is_all_down)
        assembly_tell_all_down(assembly->edns, &decision);
    uint16_t before = assembly->response->counts[DNS_ANSWER];
    if (decision.outcome == STEER_SERVFAIL) {
        assembly->response->rcode = DNS_SERVFAIL;
        return NULL;
    }
    if (decision.outcome == STEER_ENDPOINTS && service->is_cname)
        target = add_cname(assembly, &decision);
    else if (decision.outcome == STEER_ENDPOINTS &&
             assembly_binding_of(service, assembly->query->qtype) != NULL)
        assembly_add_service_binding(assembly, assembly_binding_of(service, assembly->query->qtype),
                                     &decision);
    else if (decision.outcome == STEER_ENDPOINTS && service->has_names)
        add_resolved(assembly, &decision);
    else if (decision.outcome == STEER_ENDPOINTS)
        add_endpoints(assembly, &decision);
    add_negative(assembly, match->zone, before);
    return target;
}
