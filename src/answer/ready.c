/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/ready.h"

#include "answer/clients.h"
#include "answer/cookie.h"
#include "answer/leading.h"
#include "answer/traffic.h"
#include "base/inlined.h"

/* Of a name without RRsets of the queried type, or which does not exist. */
static __attribute__((noinline)) size_t deny(const struct answerer *answerer, const struct dns_query *query,
                                             const struct zone_match *match, uint8_t *out)
{
    const bool exists = match->outcome == ZONE_FOUND;
    const unsigned rcode = exists ? DNS_NOERROR : DNS_NXDOMAIN;
    if (ready_is_meta(query->qtype) || (!exists && match->outcome != ZONE_NXDOMAIN) ||
        (exists && zone_node_rrset(match->node, DNS_CNAME) != NULL))
        return 0;
    return ready_count(answerer, query, rcode,
                       dns_ready_negative(query, ready_edns(answerer, 0), rcode, zone_negative(match->zone),
                                          zone_apex(match->zone)->size, out));
}

INLINED size_t ready_stored(const struct answerer *answerer, const struct dns_query *query,
                            const struct zone_match *match, uint8_t *out)
{
    if (!ready_is_usual(query, match))
        return 0;
    const struct dns_rrset *rrset =
        match->outcome == ZONE_FOUND ? zone_node_rrset(match->node, query->qtype) : NULL;
    if (rrset == NULL)
        return deny(answerer, query, match, out);
    if (!dns_type_layout(query->qtype)->is_alone)
        return 0;
    return ready_count(answerer, query, DNS_NOERROR,
                       dns_ready_copy(query, ready_edns(answerer, 0), rrset, out));
}

INLINED size_t ready_leading(const struct ready *ready, struct ready_room room)
{
    const struct dns_query *query = ready->query;
    const struct zone_match *match = ready->match;
    bool leads_on = match->outcome == ZONE_FOUND || match->outcome == ZONE_REFERRAL;
    return leads_on && ready_is_usual(query, match) && !ready_is_meta(query->qtype)
               ? leading_answer(ready, room)
               : 0;
}

size_t ready_refuse(const struct answerer *answerer, const struct dns_query *query, uint8_t *out)
{
    if (query->qclass != DNS_IN || query->qtype == DNS_AXFR || query->qtype == DNS_IXFR)
        return 0;
    return ready_count(
        answerer, query, DNS_REFUSED,
        dns_ready_refuse(query, ready_edns(answerer, 0), DNS_REFUSED, EDE_NOT_AUTHORITATIVE, out));
}

size_t ready_add_cookie(struct answerer *answerer, const struct snapshot *now, const struct dns_query *query,
                        const struct address *source, uint8_t *out, size_t size)
{
    uint8_t cookie[COOKIE_REPLY_SIZE];
    answerer_know_time(answerer);
    enum cookie_state state =
        cookie_answer(now->keys, &query->edns.cookie, source, answerer->now_wall_s, cookie);
    count_one(&answerer->counters->cookies[state]);
    return dns_ready_add_cookie(query, cookie, out, size);
}

/* ---- services ---- */

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
        rdatas[i] = is_v4 ? endpoint->ipv4 : endpoint_more(endpoint)->ipv6;
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
    if (ready->begun != NULL)
        steer_on(&steering, ready->begun, &ready->decision);
    else
        steer_query(&steering, &ready->decision);
    ready->is_decided = true;
}

void ready_count_traffic(const struct ready *ready, const struct service *service)
{
    const struct decision *decision = &ready->decision;
    const bool has_endpoints = decision->outcome == STEER_ENDPOINTS;
    traffic_count(ready->answerer,
                  &(struct traffic){ .service = service,
                                     .client = &ready->client.address,
                                     .geo = ready->client.geo,
                                     .lead_slot = has_endpoints ? decision->endpoints[0]->slot : SLOT_NONE,
                                     .is_degraded = has_endpoints && decision->view != VIEW_HEALTHY });
}

size_t ready_steered(struct ready *ready, const struct service *service, uint8_t *out)
{
    const struct dns_query *query = ready->query;
    const uint8_t *rdatas[CHOICE_MAX];
    if (!ready_asks_addresses(query) || !ready_is_usual(query, ready->match) || service->is_cname ||
        service->has_no_addresses)
        return 0;
    ready_decide(ready, service);
    if (!has_addresses_only(ready, rdatas))
        return 0;
    size_t size = dns_ready_addresses(query, ready_edns(ready->answerer, ready_scope_len(ready)),
                                      ready->decision.ttl_s, rdatas, ready->decision.count, out);
    if (ready_count(ready->answerer, query, DNS_NOERROR, size) == 0)
        return 0;
    ready_count_traffic(ready, service);
    return size;
}
