/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/answer.h"

#include "answer/assembly.h"
#include "answer/chaos.h"
#include "answer/clients.h"
#include "answer/compose.h"
#include "answer/cookie.h"
#include "answer/count.h"
#include "answer/drafted.h"
#include "answer/reply_limit.h"
#include "answer/traffic.h"

#include <string.h>

#define KIND_ERROR 0 /* the kind of all errors, to rate limiting */

/* One message on its way to its reply.  Nobody outside gets its address, so that it lives in registers. */
struct exchange {
    struct answerer *answerer;
    const struct snapshot *now;
    const struct dns_query *query;
    const struct search *search;    /* for the qname of a query that is accepted */
    const struct zone_match *match; /* what it found */
    struct ready *ready;
    const struct address *source;
    struct dns_reply_edns *edns; /* of the reply */
    uint8_t *out;
    size_t limit;  /* bytes of the reply at most */
    uint64_t kind; /* of the reply, to rate limiting */
    unsigned rcode;
    enum transport transport;
    bool is_proven; /* the client gets what is sent to its address */
    /* of an answer that is recorded */
    struct draw_log *draws; /* NULL: it is not */
    uint64_t random;
};

static void reply_edns(const struct dns_query *query, enum transport transport,
                       const struct answer_settings *settings, struct dns_reply_edns *out)
{
    *out = (struct dns_reply_edns){ .ede = EDE_NONE, .keepalive_ds = -1 };
    if (!query->edns.is_present)
        return;
    out->udp_size = settings->udp_size;
    out->dnssec_ok = query->edns.dnssec_ok;
    if (query->edns.ecs.is_present)
        out->ecs = &query->edns.ecs;
    if (query->edns.wants_nsid)
        out->nsid = settings->nsid;
    if (transport == TRANSPORT_TCP && query->edns.wants_keepalive)
        out->keepalive_ds = settings->keepalive_ds;
}

/* True if the cookie of the query proves its source. */
static bool take_cookie(struct exchange *exchange, uint8_t out[COOKIE_REPLY_SIZE])
{
    const struct answerer *answerer = exchange->answerer;
    enum cookie_state state = cookie_answer(exchange->now->keys, &exchange->query->edns.cookie,
                                            exchange->source, answerer->now_wall_s, out);
    exchange->edns->cookie = out;
    exchange->edns->cookie_size = COOKIE_REPLY_SIZE;
    count_one(&answerer->counters->cookies[state]);
    return state == COOKIE_VALID;
}

/*
 * What is well-formed but not ours to look up; NOERROR means: look it up.  A QTYPE that no data can have, as
 * OPT or TSIG, is a type without data, as it is to NSD and Knot.
 */
static enum dns_rcode refusal(const struct dns_query *query, struct dns_reply_edns *edns)
{
    if (query->qclass != DNS_IN && query->qclass != DNS_CLASS_ANY) {
        edns->ede = EDE_NOT_AUTHORITATIVE;
        return DNS_REFUSED;
    }
    if (query->qtype == DNS_AXFR || query->qtype == DNS_IXFR) {
        edns->ede = EDE_NOT_SUPPORTED;
        return DNS_REFUSED;
    }
    return DNS_NOERROR;
}

static size_t assemble(struct assembly *assembly, struct dns_response *response, uint8_t *out, size_t limit)
{
    assembly->response = response;
    dns_response_begin(response, assembly->query, out, limit, assembly->edns);
    assembly_resolve(assembly);
    if (assembly->query->qclass != DNS_IN)
        response->flags &= (uint16_t)~DNS_FLAG_AA; /* of QCLASS ANY we know one class only */
    return dns_response_end(response, assembly->edns);
}

/* The labels of the name that a reply is about: made-up names shall not look like many. */
static unsigned counted_labels(const struct zone_match *match)
{
    if (match->outcome == ZONE_NXDOMAIN)
        return zone_apex(match->zone)->label_count;
    return (unsigned)match->owner_labels - match->is_wildcard;
}

/*
 * What a reply is counted with: one with data by name and type, one without by name, NXDOMAIN by zone, errors
 * all together.  Made-up names count as their wildcard or zone.
 */
static uint64_t reply_kind(const struct exchange *exchange)
{
    const uint8_t *header = exchange->out;
    if (exchange->rcode != DNS_NOERROR && exchange->rcode != DNS_NXDOMAIN)
        return KIND_ERROR;
    bool has_data = header[6] != 0 || header[7] != 0 || (header[2] & DNS_FLAG_TC >> 8) != 0;
    const struct dns_name *qname = &exchange->query->qname;
    const uint8_t *counted = dns_name_suffix(qname, counted_labels(exchange->match));
    return dns_name_hash(counted, dns_name_suffix_size(qname, counted)) + ((uint64_t)exchange->rcode << 32) +
           (has_data ? 1u + exchange->query->qtype : 0);
}

/* ---- records ---- */

/* True if the client asks for an id to explain this answer by, and may. */
static bool wants_record(const struct exchange *exchange)
{
    const struct answerer *answerer = exchange->answerer;
    const struct answer_settings *settings = answerer->settings;
    uint16_t option = exchange->query->edns.local_option;
    return option != 0 && option == settings->explain_option && answerer->records != NULL &&
           exchange->query->edns.is_present &&
           prefix_map_find(settings->explain_allow, exchange->source, NULL) != PREFIX_MAP_NONE;
}

/* What the answer will depend on, as far as it is known before. */
static void record_begin(const struct exchange *exchange, uint64_t random, struct answer_record *out)
{
    const struct dns_query *query = exchange->query;
    *out = (struct answer_record){ .generation = exchange->now->dataset->generation,
                                   .conditions = exchange->now->conditions->number,
                                   .random = random,
                                   .now_us = exchange->answerer->now_us,
                                   .wall_s = exchange->answerer->now_wall_s,
                                   .qtype = query->qtype,
                                   .qclass = query->qclass,
                                   .source = *exchange->source,
                                   .ecs = query->edns.ecs,
                                   .qname_size = (uint8_t)query->qname.size };
    memcpy(out->qname, query->qname.bytes, query->qname.size);
}

static size_t look_up(struct exchange *exchange);

/* The usual answer, with the id of a record of it.  Rare: not in the way of the others. */
static __attribute__((noinline)) size_t look_up_recorded(struct exchange *exchange)
{
    struct record_ring *ring = exchange->answerer->records;
    struct answer_record record;
    uint8_t id[RECORD_ID_SIZE];
    uint64_t number = record_ring_next(ring, id);
    exchange->random = rng_next(&exchange->answerer->rng);
    record_begin(exchange, exchange->random, &record);
    record.id = number;
    exchange->draws = &record.draws;
    exchange->edns->local = id;
    exchange->edns->local_code = exchange->query->edns.local_option;
    exchange->edns->local_size = sizeof id;
    size_t size = look_up(exchange);
    exchange->edns->local = NULL; /* `id` goes; what is written in place of this reply has none */
    if (record.draws.count <= RECORD_DRAWS_MAX)
        record_ring_put(ring, &record);
    return size;
}

static size_t look_up(struct exchange *exchange)
{
    struct answerer *answerer = exchange->answerer;
    const struct geo *geo = exchange->now->dataset->geo;
    struct client source_client, subnet_client;
    client_of_source(exchange->source, geo, &source_client);
    struct assembly assembly;
    struct dns_response response;
    assembly.now = exchange->now;
    assembly.query = exchange->query;
    assembly.search = exchange->search;
    assembly.first = *exchange->match;
    assembly.decided = exchange->ready->is_decided ? &exchange->ready->decision : NULL;
    assembly.source = &source_client;
    assembly.subnet = NULL;
    if (exchange->query->edns.is_present && client_of_subnet(&exchange->query->edns.ecs, geo, &subnet_client))
        assembly.subnet = &subnet_client;
    assembly.edns = exchange->edns;
    assembly.random = exchange->draws != NULL ? exchange->random : rng_next(&answerer->rng);
    assembly.draws = exchange->draws;
    assembly.now_us = answerer->now_us;
    assembly.peeks = false;
    assembly.trace = NULL;
    assembly.is_steered = assembly.is_degraded = false;
    assembly.lead_slot = SLOT_NONE;
    size_t size = assemble(&assembly, &response, exchange->out, exchange->limit);
    exchange->rcode = response.rcode;
    if (assembly.is_steered)
        traffic_count(answerer, &(struct traffic){ .service = assembly.service,
                                                   .client = &assembly.client->address,
                                                   .geo = geo,
                                                   .lead_slot = assembly.lead_slot,
                                                   .is_degraded = assembly.is_degraded });
    return size;
}

/* What is not looked up. */
static size_t refuse(struct exchange *exchange, bool is_question)
{
    const struct dns_query *query = exchange->query;
    struct dns_reply_edns *edns = exchange->edns;
    if (is_question && query->qclass == DNS_CH && exchange->rcode == DNS_REFUSED) {
        size_t size = chaos_answer(exchange->answerer->settings, query, edns, exchange->out, exchange->limit);
        exchange->rcode = exchange->out[3] & 15;
        return size;
    }
    if (exchange->rcode == DNS_NOERROR && edns->cookie == NULL)
        exchange->rcode = DNS_FORMERR; /* no question: it asked for a cookie, and there are none */
    if (exchange->rcode == DNS_NOTIMP)
        edns->ede = EDE_NOT_SUPPORTED;
    return dns_response_refuse(query, exchange->rcode, exchange->out, exchange->limit, edns);
}

static bool lacks_cookie(const struct exchange *exchange)
{
    return exchange->answerer->settings->requires_cookie && exchange->edns->cookie != NULL &&
           !exchange->is_proven;
}

/* 0: it is to be looked up. */
static size_t find_drafted(struct exchange *exchange)
{
    struct ready *ready = exchange->ready;
    if (exchange->search->zone == NULL)
        return 0;
    return drafted_answer(ready, exchange->edns, exchange->out, exchange->limit, &exchange->rcode);
}

static size_t reply_to(struct exchange *exchange, bool is_question)
{
    exchange->kind = KIND_ERROR;
    if (!is_question)
        exchange->rcode = exchange->query->rcode;
    else if (lacks_cookie(exchange))
        exchange->rcode = DNS_BADCOOKIE; /* RFC 7873 §5.2.3 */
    else
        exchange->rcode = refusal(exchange->query, exchange->edns);
    if (!is_question || exchange->rcode != DNS_NOERROR)
        return refuse(exchange, is_question);
    size_t size = wants_record(exchange) ? look_up_recorded(exchange) : find_drafted(exchange);
    if (size == 0)
        size = look_up(exchange);
    if (exchange->answerer->settings->limiter != NULL)
        exchange->kind = reply_kind(exchange);
    return size;
}

/* In place of a reply beyond the rate: who knows cookies comes back with the fresh one, others come by TCP.
 */
static size_t slip(struct exchange *exchange)
{
    struct dns_response response;
    bool knows_cookies = exchange->edns->cookie != NULL;
    dns_response_begin(&response, exchange->query, exchange->out, exchange->limit, exchange->edns);
    response.is_truncated = !knows_cookies;
    response.rcode = knows_cookies ? DNS_BADCOOKIE : DNS_NOERROR;
    exchange->rcode = response.rcode;
    return dns_response_end(&response, exchange->edns);
}

static size_t limit_rate(struct exchange *exchange, size_t reply_size)
{
    struct answerer *answerer = exchange->answerer;
    switch (rate_limiter_judge(answerer->settings->limiter, exchange->source, exchange->kind,
                               answerer->now_us, rng_next(&answerer->rng))) {
    case RATE_SEND: return reply_size;
    case RATE_DROP: count_one(&answerer->counters->limited_dropped); return 0;
    case RATE_SLIP: break;
    }
    count_one(&answerer->counters->limited_slipped);
    return slip(exchange);
}

size_t compose(enum transport transport, const struct asked *asked, struct ready *ready, uint8_t *out,
               size_t out_size)
{
    struct answerer *answerer = ready->answerer;
    const struct snapshot *now = ready->now;
    const struct dns_query *query = &asked->query;
    struct dns_reply_edns edns;
    uint8_t cookie[COOKIE_REPLY_SIZE];
    struct exchange exchange = { .answerer = answerer,
                                 .now = now,
                                 .query = query,
                                 .search = &asked->search,
                                 .match = &asked->match,
                                 .ready = ready,
                                 .source = ready->source,
                                 .edns = &edns,
                                 .out = out,
                                 .transport = transport,
                                 .is_proven = transport == TRANSPORT_TCP };
    reply_edns(query, transport, answerer->settings, &edns);
    if (query->edns.cookie.is_present && now->keys != NULL)
        exchange.is_proven |= take_cookie(&exchange, cookie);
    exchange.limit = reply_limit(answerer->settings, &query->edns, transport, exchange.is_proven, out_size);
    size_t reply_size = reply_to(&exchange, asked->outcome == DNS_QUERY_ACCEPT);
    if (answerer->settings->limiter != NULL && !exchange.is_proven)
        reply_size = limit_rate(&exchange, reply_size);
    if (query->edns.ecs.is_present)
        count_one(&answerer->counters->ecs);
    if (reply_size > 0) {
        count_one(&answerer->counters->rcodes[exchange.rcode]);
        if (exchange.out[2] & 2)
            count_one(&answerer->counters->truncated);
    }
    return reply_size;
}

/* ---- explain ---- */

/* Who is explained to, and by which chance. */
struct replay {
    const struct snapshot *now;
    const uint8_t *qname;
    size_t qname_size;
    uint16_t qtype, qclass;
    struct client source;
    struct edns_ecs ecs;
    uint64_t random, now_us;
    struct draw_log *draws;
    struct trace *trace;
};

/* The query as the client sent it, or would have. */
static void query_for(const struct replay *from, uint8_t *packet, struct dns_query *out)
{
    static const uint8_t header[DNS_HEADER_SIZE] = { [5] = 1 };
    memcpy(packet, header, sizeof header);
    memcpy(packet + sizeof header, from->qname, from->qname_size);
    uint8_t *tail = packet + sizeof header + from->qname_size;
    const uint8_t type_and_class[4] = { (uint8_t)(from->qtype >> 8), (uint8_t)from->qtype,
                                        (uint8_t)(from->qclass >> 8), (uint8_t)from->qclass };
    memcpy(tail, type_and_class, sizeof type_and_class);
    dns_query_parse(packet, sizeof header + from->qname_size + sizeof type_and_class, out);
    if (!from->ecs.is_present)
        return;
    out->edns = (struct edns){ .is_present = true, .udp_size = UINT16_MAX };
    out->edns.ecs = from->ecs;
}

static void replay(const struct replay *from, struct explanation *out)
{
    static const struct answer_settings settings = { .udp_size = UINT16_MAX };
    uint8_t packet[DNS_HEADER_SIZE + DNS_NAME_SIZE_MAX + 4];
    struct dns_query query;
    struct dns_reply_edns edns;
    struct client subnet;
    struct search search;
    uint32_t last_zone = 0;
    query_for(from, packet, &query);
    reply_edns(&query, TRANSPORT_TCP, &settings, &edns);
    bool has_subnet = client_of_subnet(&from->ecs, from->now->dataset->geo, &subnet);
    search_begin(from->now->dataset, &query.qname, from->qtype, &last_zone, &search);
    struct assembly assembly = {
        .now = from->now,
        .query = &query,
        .search = &search,
        .source = &from->source,
        .subnet = has_subnet ? &subnet : NULL,
        .edns = &edns,
        .random = from->random,
        .now_us = from->now_us,
        .peeks = true,
        .trace = from->trace,
        .draws = from->draws,
    };
    struct dns_response response;
    if (search.zone != NULL)
        search_end(&search, &query.qname, &assembly.first);
    unsigned rcode = refusal(&query, &edns);
    out->reply_size = rcode != DNS_NOERROR
                          ? dns_response_refuse(&query, rcode, out->reply, sizeof out->reply, &edns)
                          : assemble(&assembly, &response, out->reply, sizeof out->reply);
    out->rcode = out->reply[3] & 15;
    out->is_steered = assembly.is_steered;
    out->ede = edns.ede;
}

void answer_explain(const struct snapshot *now, const struct dns_name *qname, uint16_t qtype,
                    const struct prefix *client, bool is_ecs, uint64_t now_us, struct trace *trace,
                    struct explanation *out)
{
    struct replay from = {
        .now = now,
        .qname = qname->bytes,
        .qname_size = qname->size,
        .qtype = qtype,
        .qclass = DNS_IN,
        .random = ticket_key(qname->size, qtype, qtype), /* any bits: an explanation repeats */
        .now_us = now_us,
        .trace = trace,
    };
    client_of_source(&client->address, now->dataset->geo, &from.source);
    from.source.prefix_len = client->length;
    if (is_ecs)
        from.ecs = (struct edns_ecs){ true, client->address, client->length };
    replay(&from, out);
}

void answer_replay(const struct snapshot *now, const struct answer_record *record, struct trace *trace,
                   struct explanation *out)
{
    struct draw_log draws = record->draws;
    draws.count = 0;
    draws.is_replay = true;
    struct replay from = {
        .now = now,
        .qname = record->qname,
        .qname_size = record->qname_size,
        .qtype = record->qtype,
        .qclass = record->qclass,
        .ecs = record->ecs,
        .random = record->random,
        .now_us = record->now_us,
        .draws = &draws,
        .trace = trace,
    };
    client_of_source(&record->source, now->dataset->geo, &from.source);
    replay(&from, out);
}
