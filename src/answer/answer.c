/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/answer.h"

#include "answer/assembly.h"

#include <stdatomic.h>
#include <string.h>

#define UDP_SIZE_LEAST 512 /* RFC 1035 §4.2.1, and the floor of RFC 6891 §6.2.3 */

static void count_one(_Atomic uint64_t *counter)
{
    /* one writer: a plain add is enough, the store is atomic for who reads */
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

static void client_of_source(const struct address *source, const struct geo *geo, struct client *out)
{
    out->address = *source;
    out->prefix_len = address_bits(source);
    out->is_ecs = false;
    out->geo = geo;
}

/* RFC 7871 §7.1.2: source length 0 asks that the address be left out of it. */
static bool client_of_subnet(const struct edns_ecs *ecs, const struct geo *geo, struct client *out)
{
    if (!ecs->is_present || ecs->source_len == 0 || ecs->address.family == ADDRESS_NONE)
        return false;
    out->address = ecs->address;
    out->prefix_len = ecs->source_len;
    out->is_ecs = true;
    out->geo = geo;
    return true;
}

static size_t reply_limit(const struct dns_query *query, enum transport transport,
                          const struct answer_settings *settings, size_t out_size)
{
    if (transport == TRANSPORT_TCP)
        return out_size < 65535 ? out_size : 65535;
    size_t asked = query->edns.is_present && query->edns.udp_size > UDP_SIZE_LEAST ? query->edns.udp_size
                                                                                   : UDP_SIZE_LEAST;
    size_t limit = asked < settings->udp_size ? asked : settings->udp_size;
    return limit < out_size ? limit : out_size;
}

static void reply_edns(const struct dns_query *query, enum transport transport,
                       const struct answer_settings *settings, struct dns_reply_edns *out)
{
    *out = (struct dns_reply_edns){ .ede = -1, .keepalive_ds = -1 };
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

/* What is well-formed but not ours to look up; NOERROR means: look it up. */
static enum dns_rcode refusal(const struct dns_query *query)
{
    if (query->qclass != DNS_IN)
        return DNS_REFUSED; /* CHAOS names are off, other classes we do not have */
    switch (query->qtype) {
    case DNS_OPT:
    case DNS_TSIG: return DNS_FORMERR; /* never a question */
    case DNS_AXFR:
    case DNS_IXFR: return DNS_REFUSED;
    default: return DNS_NOERROR;
    }
}

static size_t assemble(struct assembly *assembly, uint8_t *out, size_t limit)
{
    struct dns_response response;
    assembly->response = &response;
    dns_response_begin(&response, assembly->query, out, limit, assembly->edns);
    assembly_resolve(assembly);
    return dns_response_end(&response, assembly->edns);
}

static void count_reply(struct answer_counters *counters, enum transport transport,
                        const struct dns_query *query, const uint8_t *reply)
{
    count_one(&counters->queries[transport]);
    count_one(&counters->rcodes[reply[3] & 15]);
    if (reply[2] & 2)
        count_one(&counters->truncated);
    if (query->edns.is_present && query->edns.ecs.is_present)
        count_one(&counters->ecs);
}

static size_t answer_accepted(struct answerer *answerer, const struct snapshot *now,
                              const struct dns_query *query, const struct address *source,
                              struct dns_reply_edns *edns, uint8_t *out, size_t limit)
{
    const struct geo *geo = now->dataset->geo;
    struct client source_client, subnet_client;
    client_of_source(source, geo, &source_client);
    struct assembly assembly;
    assembly.now = now;
    assembly.query = query;
    assembly.source = &source_client;
    assembly.subnet = NULL;
    if (query->edns.is_present && client_of_subnet(&query->edns.ecs, geo, &subnet_client))
        assembly.subnet = &subnet_client;
    assembly.edns = edns;
    assembly.random = rng_next(&answerer->rng);
    assembly.peeks = false;
    assembly.trace = NULL;
    assembly.is_steered = assembly.is_degraded = false;
    size_t size = assemble(&assembly, out, limit);
    if (assembly.is_steered)
        count_one(&answerer->counters->steered);
    if (assembly.is_degraded)
        count_one(&answerer->counters->steered_degraded);
    return size;
}

size_t answer_message(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                      const uint8_t *packet, size_t size, const struct address *source, uint8_t *out,
                      size_t out_size)
{
    struct dns_query query;
    struct dns_reply_edns edns;
    enum dns_query_outcome outcome = dns_query_parse(packet, size, &query);
    if (outcome == DNS_QUERY_DROP) {
        count_one(&answerer->counters->dropped);
        return 0;
    }
    reply_edns(&query, transport, answerer->settings, &edns);
    size_t limit = reply_limit(&query, transport, answerer->settings, out_size);
    unsigned rcode = outcome == DNS_QUERY_REFUSE ? query.rcode : refusal(&query);
    size_t reply_size = rcode != DNS_NOERROR
                            ? dns_response_refuse(&query, rcode, out, limit, &edns)
                            : answer_accepted(answerer, now, &query, source, &edns, out, limit);
    if (reply_size > 0)
        count_reply(answerer->counters, transport, &query, out);
    return reply_size;
}

/* The query that a client behind `client` would have sent. */
static void query_for(const struct dns_name *qname, uint16_t qtype, const struct prefix *client, bool is_ecs,
                      uint8_t *packet, struct dns_query *out)
{
    static const uint8_t header[DNS_HEADER_SIZE] = { [5] = 1 };
    memcpy(packet, header, sizeof header);
    memcpy(packet + sizeof header, qname->bytes, qname->size);
    uint8_t *tail = packet + sizeof header + qname->size;
    const uint8_t type_and_class[4] = { (uint8_t)(qtype >> 8), (uint8_t)qtype, 0, DNS_IN };
    memcpy(tail, type_and_class, sizeof type_and_class);
    dns_query_parse(packet, sizeof header + qname->size + sizeof type_and_class, out);
    if (!is_ecs)
        return;
    out->edns = (struct edns){ .is_present = true, .udp_size = UINT16_MAX };
    out->edns.ecs = (struct edns_ecs){ true, client->address, client->length };
}

void answer_explain(const struct snapshot *now, const struct dns_name *qname, uint16_t qtype,
                    const struct prefix *client, bool is_ecs, struct trace *trace, struct explanation *out)
{
    static const struct answer_settings settings = { .udp_size = UINT16_MAX };
    const struct geo *geo = now->dataset->geo;
    uint8_t packet[DNS_HEADER_SIZE + DNS_NAME_SIZE_MAX + 4];
    struct dns_query query;
    struct dns_reply_edns edns;
    struct client as_source, as_subnet;
    query_for(qname, qtype, client, is_ecs, packet, &query);
    reply_edns(&query, TRANSPORT_TCP, &settings, &edns);
    client_of_source(&client->address, geo, &as_source);
    as_source.prefix_len = client->length;
    bool has_subnet = is_ecs && client_of_subnet(&query.edns.ecs, geo, &as_subnet);
    struct assembly assembly = {
        .now = now,
        .query = &query,
        .source = &as_source,
        .subnet = has_subnet ? &as_subnet : NULL,
        .edns = &edns,
        .random = ticket_key(qname->size, qtype, qtype), /* any bits: an explanation repeats */
        .peeks = true,
        .trace = trace,
    };
    unsigned rcode = refusal(&query);
    out->reply_size = rcode != DNS_NOERROR
                          ? dns_response_refuse(&query, rcode, out->reply, sizeof out->reply, &edns)
                          : assemble(&assembly, out->reply, sizeof out->reply);
    out->rcode = out->reply[3] & 15;
    out->is_steered = assembly.is_steered;
}
