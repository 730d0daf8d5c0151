/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/single.h"

#include "answer/clients.h"
#include "answer/traffic.h"
#include "base/inlined.h"

static INLINED void count_single(struct answerer *answerer, const struct dns_query *query,
                                 const struct straight *way)
{
    count_one(&answerer->counters->rcodes[DNS_NOERROR]);
    if (query->edns.ecs.is_present)
        count_one(&answerer->counters->ecs);
    traffic_count(answerer, &(struct traffic){ .service = way->service,
                                               .client = way->address,
                                               .geo = way->now->dataset->geo,
                                               .lead_slot = way->endpoint->slot });
}

INLINED bool single_decide(const struct snapshot *now, const struct asked *asked,
                           const struct service *service, const struct message *message, struct straight *way,
                           struct begun *begun)
{
    const struct dns_query *query = &asked->query;
    begun->is_begun = false;
    if (!ready_asks_addresses(query) || !ready_is_usual(query, &asked->match) || service->unusual != 0)
        return false;
    const struct address *source = &message->source;
    const enum straight_end end =
        straight_begin(way, now, service, query->qtype,
                       service->uses_ecs ? client_address(query, source) : source, &begun->taken);
    if (end == STRAIGHT_ENDPOINT)
        return true;
    begun->is_begun = true;
    begun->end = end;
    begun->way = *way;
    return false;
}

INLINED size_t single_reply(struct answerer *answerer, const struct asked *asked,
                            const struct message *message, const struct straight *way)
{
    const struct dns_query *query = &asked->query;
    const struct endpoint *endpoint = way->endpoint;
    const uint8_t *rdata = query->qtype == DNS_A ? endpoint->ipv4 : endpoint_more(endpoint)->ipv6;
    const bool uses_ecs = way->address != &message->source;
    const uint8_t scope_len = uses_ecs && way->scope_len > 0 ? (uint8_t)way->scope_len : 0;
    count_single(answerer, query, way);
    return dns_ready_address(query, ready_edns(answerer, scope_len),
                             steer_ttl_s(way->service, way->ttl_cap_s), rdata, message->out);
}
