/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on their way to their replies, many at a time. */
#include "answer/compose.h"
#include "answer/count.h"
#include "answer/clients.h"
#include "answer/ready.h"
#include "answer/steer_fetch.h"

#define TOGETHER 16 /* under way at a time: what they need fits into the first-level cache */

static void read_query(struct answerer *answerer, const struct snapshot *now, const uint8_t *packet,
                       size_t size, struct asked *out)
{
    out->outcome = dns_query_parse(packet, size, &out->query);
    out->search.zone = NULL;
    if (out->outcome == DNS_QUERY_ACCEPT)
        search_begin(now->dataset, &out->query.qname, out->query.qtype, &answerer->last_zone, &out->search);
}

static void find_name(struct asked *asked)
{
    if (asked->search.zone != NULL)
        search_end(&asked->search, &asked->query.qname, &asked->match);
}

static size_t reply(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                    const struct asked *asked, const struct address *source, uint8_t *out, size_t out_size)
{
    struct ready ready;
    if (asked->outcome == DNS_QUERY_DROP) {
        count_one(&answerer->counters->dropped);
        return 0;
    }
    count_one(&answerer->counters->queries[transport]);
    ready.answerer = answerer;
    ready.now = now;
    ready.query = &asked->query;
    ready.match = &asked->match;
    ready.source = source;
    ready.is_decided = false;
    if (asked->search.zone != NULL && answerer->settings->limiter == NULL &&
        ready_is_plain(&asked->query.edns)) {
        size_t size = ready_answer(&ready, out);
        if (size > 0)
            return size;
    }
    return compose(transport, asked, &ready, out, out_size);
}

/* What the service at the name will read, if there is one. */
static void fetch_service(const struct answerer *answerer, const struct snapshot *now,
                          const struct asked *asked, const struct address *source, unsigned fetch)
{
    if (asked->search.zone == NULL || asked->match.outcome != ZONE_FOUND)
        return;
    const struct service *service = zone_node_service(asked->match.node);
    if (service != NULL)
        steer_fetch(answerer, now, service, client_address(&asked->query, source), asked->query.qtype, fetch);
}

static __attribute__((noinline)) void answer_some(struct answerer *answerer, const struct snapshot *now,
                                                  enum transport transport, struct message *messages,
                                                  size_t count)
{
    struct asked asked[TOGETHER];
    for (size_t i = 0; i < count; i++)
        read_query(answerer, now, messages[i].packet, messages[i].size, &asked[i]);
    for (unsigned fetch = 0; count > 1 && fetch < ZONE_FETCHES; fetch++) {
        for (size_t i = 0; i < count; i++) {
            if (asked[i].search.zone != NULL)
                zone_fetch(asked[i].search.zone, asked[i].search.hash, fetch);
        }
    }
    for (size_t i = 0; i < count; i++)
        find_name(&asked[i]);
    for (unsigned fetch = 0; count > 1 && fetch < STEER_FETCHES; fetch++) {
        for (size_t i = 0; i < count; i++)
            fetch_service(answerer, now, &asked[i], &messages[i].source, fetch);
    }
    for (size_t i = 0; i < count; i++)
        messages[i].reply_size = reply(answerer, now, transport, &asked[i], &messages[i].source,
                                       messages[i].out, messages[i].out_size);
}

void answer_batch(struct answerer *answerer, const struct snapshot *now, struct message *messages,
                  size_t count)
{
    for (size_t first = 0; first < count; first += TOGETHER) {
        size_t left = count - first;
        answer_some(answerer, now, TRANSPORT_UDP, messages + first, left < TOGETHER ? left : TOGETHER);
    }
}

size_t answer_message(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                      const uint8_t *packet, size_t size, const struct address *source, uint8_t *out,
                      size_t out_size)
{
    struct message message = {
        .packet = packet, .size = size, .source = *source, .out = out, .out_size = out_size
    };
    answer_some(answerer, now, transport, &message, 1);
    return message.reply_size;
}
