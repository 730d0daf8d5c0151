/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/ready.h"

#include "answer/clients.h"
#include "answer/count.h"
#include "answer/traffic.h"
#include "dns/ready.h"

static struct dns_ready_edns edns_of(const struct ready *ready, uint8_t scope_len)
{
    return (struct dns_ready_edns){ .udp_size = ready->answerer->settings->udp_size, .scope_len = scope_len };
}

static void count_rcode(const struct ready *ready, unsigned rcode)
{
    count_one(&ready->answerer->counters->rcodes[rcode]);
    if (ready->query->edns.ecs.is_present)
        count_one(&ready->answerer->counters->ecs);
}

static size_t deny(const struct ready *ready, unsigned rcode, uint8_t *out)
{
    const struct zone *zone = ready->match->zone;
    size_t size = dns_ready_negative(ready->query, edns_of(ready, 0), rcode, zone_negative(zone),
                                     zone_apex(zone)->size, out);
    if (size > 0)
        count_rcode(ready, rcode);
    return size;
}

/* Without a service. */
static size_t copy(const struct ready *ready, uint8_t *out)
{
    const uint16_t qtype = ready->query->qtype;
    const struct dns_rrset *rrset = zone_node_rrset(ready->match->node, qtype);
    if (rrset == NULL)
        return zone_node_rrset(ready->match->node, DNS_CNAME) == NULL ? deny(ready, DNS_NOERROR, out) : 0;
    if (!dns_type_layout(qtype)->is_alone)
        return 0;
    size_t size = dns_ready_copy(ready->query, edns_of(ready, 0), rrset, out);
    if (size > 0)
        count_rcode(ready, DNS_NOERROR);
    return size;
}

/* True if there are only addresses of the queried family to tell, and nothing about their state. */
static bool has_addresses_only(const struct ready *ready, const uint8_t **rdatas)
{
    const struct decision *decision = &ready->decision;
    const bool is_v4 = ready->query->qtype == DNS_A;
    const uint8_t family = is_v4 ? FAMILY_V4 : FAMILY_V6;
    if (decision->outcome != STEER_ENDPOINTS || decision->is_all_down)
        return false;
    for (uint16_t i = 0; i < decision->count; i++) {
        const struct endpoint *endpoint = decision->endpoints[i];
        if ((endpoint->families & family) == 0) /* hostnames have none of their own */
            return false;
        rdatas[i] = is_v4 ? endpoint->ipv4 : endpoint->more->ipv6;
    }
    return true;
}

void ready_decide(struct ready *ready, const struct service *service)
{
    const struct geo *geo = ready->now->dataset->geo;
    if (ready->is_decided)
        return;
    ready->uses_ecs = service->uses_ecs && ready->query->edns.is_present &&
                      client_of_subnet(&ready->query->edns.ecs, geo, &ready->client);
    if (!ready->uses_ecs)
        client_of_source(ready->source, geo, &ready->client);
    ready->random = rng_next(&ready->answerer->rng);
    const struct steering steering = { .now = ready->now,
                                       .service = service,
                                       .client = &ready->client,
                                       .qtype = ready->query->qtype,
                                       .random = ready->random };
    steer(&steering, &ready->decision);
    ready->is_decided = true;
}

void ready_count_traffic(const struct ready *ready, const struct service *service)
{
    const struct decision *decision = &ready->decision;
    const bool has_endpoints = decision->outcome == STEER_ENDPOINTS;
    traffic_count(ready->answerer->counters,
                  &(struct traffic){ .service = service,
                                     .client = &ready->client,
                                     .random = ready->random,
                                     .lead_slot = has_endpoints ? decision->endpoints[0]->slot : SLOT_NONE,
                                     .is_degraded = has_endpoints && decision->view != VIEW_HEALTHY });
}

static size_t steer_to_addresses(struct ready *ready, const struct service *service, uint8_t *out)
{
    const uint8_t *rdatas[CHOICE_MAX];
    ready_decide(ready, service);
    if (!has_addresses_only(ready, rdatas))
        return 0;
    size_t size = dns_ready_addresses(ready->query, edns_of(ready, ready_scope_len(ready)),
                                      ready->decision.ttl_s, rdatas, ready->decision.count, out);
    if (size == 0)
        return 0;
    count_rcode(ready, DNS_NOERROR);
    ready_count_traffic(ready, service);
    return size;
}

size_t ready_answer(struct ready *ready, uint8_t *out)
{
    const struct zone_match *match = ready->match;
    const struct dns_query *query = ready->query;
    if (query->qclass != DNS_IN || ready_is_meta(query->qtype) || zone_allowed(match->zone) != NULL)
        return 0;
    if (match->outcome != ZONE_FOUND)
        return match->outcome == ZONE_NXDOMAIN ? deny(ready, DNS_NXDOMAIN, out) : 0;
    const struct service *service = zone_node_service(match->node);
    if (service == NULL)
        return copy(ready, out);
    bool asks_addresses = query->qtype == DNS_A || query->qtype == DNS_AAAA;
    return asks_addresses && !service->is_cname && !service->has_no_addresses
               ? steer_to_addresses(ready, service, out)
               : 0;
}
