/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on their way to their replies, many at a time. */
#include "answer/compose.h"
#include "answer/count.h"
#include "answer/clients.h"
#include "answer/decided.h"
#include "answer/ready.h"
#include "answer/reply_limit.h"
#include "answer/single.h"
#include "answer/steer_fetch.h"
#include "base/inlined.h"

#include <assert.h>

#define TOGETHER 16 /* under way at a time: what they need fits into the first-level cache */
#define AHEAD    4  /* replies that are written while the last of what a service reads is on its way */

/* Reads what a glance does not tell about; then the search begins. */
static __attribute__((noinline)) void read_closely(struct answerer *answerer, const struct snapshot *now,
                                                   const struct message *message, struct asked *out)
{
    bool is_read = out->is_glanced && dns_query_read_labels(&out->query);
    out->outcome = is_read ? DNS_QUERY_ACCEPT : dns_query_parse(message->packet, message->size, &out->query);
    out->is_glanced = false;
    out->search.zone = NULL;
    if (out->outcome == DNS_QUERY_ACCEPT)
        search_begin(now->dataset, &out->query.qname, out->query.qtype, &answerer->last_zone, &out->search);
}

static INLINED void read_query(struct answerer *answerer, const struct snapshot *now,
                               const struct message *message, struct asked *out)
{
    out->outcome = DNS_QUERY_ACCEPT;
    out->is_glanced = dns_query_glance(message->packet, message->size, &out->query);
    if (!out->is_glanced || !search_guess(now->dataset, &out->query, &answerer->last_zone, &out->search))
        read_closely(answerer, now, message, out);
}

/* True if the name, now that its labels are read, is in the zone that was guessed. */
static bool was_guessed_right(struct asked *asked)
{
    return asked->is_glanced && dns_query_read_labels(&asked->query) &&
           dns_name_is_within(&asked->query.qname, zone_apex(asked->search.zone));
}

static __attribute__((noinline)) void find_closely(struct answerer *answerer, const struct snapshot *now,
                                                   const struct message *message, struct asked *asked)
{
    if (was_guessed_right(asked)) {
        asked->is_glanced = false;
        zone_look_closer(asked->search.zone, &asked->query.qname, &asked->match);
        return;
    }
    if (asked->is_glanced)
        read_closely(answerer, now, message, asked);
    if (asked->search.zone != NULL)
        search_end(&asked->search, &asked->query.qname, &asked->match);
}

static INLINED void find_name(struct answerer *answerer, const struct snapshot *now,
                              const struct message *message, struct asked *asked)
{
    if (!asked->is_glanced ||
        !zone_glance(asked->search.zone, &asked->query.qname, asked->search.hash, &asked->match))
        find_closely(answerer, now, message, asked);
}

/* What was found was a name: now its labels are needed. */
static void know_labels(struct asked *asked)
{
    bool is_name = !asked->is_glanced || dns_query_read_labels(&asked->query);
    assert(is_name);
    (void)is_name;
    if (asked->is_glanced)
        asked->match.owner_labels = asked->query.qname.label_count;
    asked->is_glanced = false;
}

/* The service at the name of a search that has ended, or NULL. */
static const struct service *service_of(const struct asked *asked)
{
    return asked->match.outcome == ZONE_FOUND ? zone_node_service(asked->match.node) : NULL;
}

/* What is known of a query whose name was looked for. */
static inline void begin_ready(struct answerer *answerer, const struct snapshot *now,
                               const struct asked *asked, const struct message *message, struct ready *out)
{
    out->answerer = answerer;
    out->now = now;
    out->query = &asked->query;
    out->match = &asked->match;
    out->source = &message->source;
    out->begun = NULL;
    out->is_decided = false;
}

/* The room for a reply to who has proven nothing. */
static INLINED struct ready_room room_of(const struct answerer *answerer, enum transport transport,
                                         const struct dns_query *query, const struct message *message)
{
    const size_t most = message->out_size - DNS_PLAIN_SLACK;
    const size_t limit = reply_limit(answerer->settings, &query->edns, transport, false, message->out_size);
    return (struct ready_room){ .out = message->out,
                                .limit = limit < most ? limit : most,
                                .may_cut = limit <= most && transport == TRANSPORT_UDP };
}

/* What a service decides for. */
static size_t reply_decided(struct ready *ready, enum transport transport, struct asked *asked,
                            const struct message *message)
{
    const struct dns_query *query = &asked->query;
    const struct service *service = service_of(asked);
    size_t size = ready_steered(ready, service, message->out);
    if (size == 0 && service->is_cname)
        know_labels(asked);
    if (size == 0)
        size = decided_answer(ready, service, room_of(ready->answerer, transport, query, message));
    if (size > 0 && query->edns.cookie.is_present)
        size = ready_add_cookie(ready->answerer, ready->now, query, &message->source, message->out, size);
    return size > 0 ? decided_add_error(ready, message->out, size) : 0;
}

/* Of what does not lie ready, but what a service decides might: `begun` is not NULL then. */
static __attribute__((noinline)) size_t reply_at_length(struct answerer *answerer, const struct snapshot *now,
                                                        enum transport transport, struct asked *asked,
                                                        const struct message *message, struct begun *begun)
{
    struct ready ready;
    begin_ready(answerer, now, asked, message, &ready);
    if (begun != NULL && begun->is_begun)
        ready.begun = begun;
    size_t size = begun != NULL ? reply_decided(&ready, transport, asked, message) : 0;
    if (size > 0)
        return size;
    know_labels(asked);
    answerer_know_time(answerer);
    return compose(transport, asked, &ready, message->out, message->out_size);
}

/* Of static names, where what is stored is not all there is to say. */
static __attribute__((noinline)) size_t reply_leading(struct answerer *answerer, const struct snapshot *now,
                                                      enum transport transport, struct asked *asked,
                                                      const struct message *message)
{
    const struct dns_query *query = &asked->query;
    struct ready ready;
    begin_ready(answerer, now, asked, message, &ready);
    size_t size = ready_leading(&ready, room_of(answerer, transport, query, message));
    if (size == 0)
        return reply_at_length(answerer, now, transport, asked, message, NULL);
    return query->edns.cookie.is_present
               ? ready_add_cookie(answerer, now, query, &message->source, message->out, size)
               : size;
}

/* Of what a service decides: more registers than the others need. */
static __attribute__((noinline)) size_t reply_steered(struct answerer *answerer, const struct snapshot *now,
                                                      enum transport transport, struct asked *asked,
                                                      const struct message *message,
                                                      const struct service *service)
{
    struct begun begun;
    struct straight way;
    if (single_decide(now, asked, service, message, &way, &begun))
        return single_reply(answerer, asked, message, &way);
    return reply_at_length(answerer, now, transport, asked, message, &begun);
}

/* True if nothing but a cookie, which the client need not have, keeps the reply from being plain. */
static bool has_cookie_only(const struct answerer *answerer, const struct snapshot *now,
                            const struct asked *asked)
{
    const struct answer_settings *settings = answerer->settings;
    return asked->search.zone != NULL && settings->limiter == NULL && !settings->requires_cookie &&
           now->keys != NULL && ready_is_plain_but_cookie(&asked->query.edns);
}

/* True if it is a plain query for a name that is not ours. */
static bool is_refused(const struct answerer *answerer, const struct asked *asked)
{
    return asked->outcome == DNS_QUERY_ACCEPT && asked->search.zone == NULL &&
           answerer->settings->limiter == NULL && ready_is_plain(&asked->query.edns);
}

/* What is not plain. */
static __attribute__((noinline)) size_t reply_unusual(struct answerer *answerer, const struct snapshot *now,
                                                      enum transport transport, struct asked *asked,
                                                      const struct message *message)
{
    const struct dns_query *query = &asked->query;
    struct begun none = { .is_begun = false };
    size_t size = 0;
    if (is_refused(answerer, asked))
        size = ready_refuse(answerer, query, message->out);
    if (size > 0)
        return size;
    if (!has_cookie_only(answerer, now, asked))
        return reply_at_length(answerer, now, transport, asked, message, NULL);
    if (service_of(asked) != NULL)
        return reply_at_length(answerer, now, transport, asked, message, &none);
    size = ready_stored(answerer, query, &asked->match, message->out);
    return size > 0 ? ready_add_cookie(answerer, now, query, &message->source, message->out, size)
                    : reply_leading(answerer, now, transport, asked, message);
}

static INLINED size_t reply(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                            struct asked *asked, const struct message *message)
{
    if (asked->outcome == DNS_QUERY_DROP) {
        count_one(&answerer->counters->dropped);
        return 0;
    }
    count_one(&answerer->counters->queries[transport]);
    const bool is_plain = asked->is_glanced /* which takes no options but a client subnet or a cookie */
                              ? !asked->query.edns.cookie.is_present
                              : asked->search.zone != NULL && ready_is_plain(&asked->query.edns);
    if (!is_plain || answerer->settings->limiter != NULL)
        return reply_unusual(answerer, now, transport, asked, message);
    const struct service *service = service_of(asked);
    if (service != NULL)
        return reply_steered(answerer, now, transport, asked, message, service);
    size_t size = ready_stored(answerer, &asked->query, &asked->match, message->out);
    return size > 0 ? size : reply_leading(answerer, now, transport, asked, message);
}

/* Of which name, by place, a service decides; NULL: none does. */
struct steered {
    const struct service *services[TOGETHER];
    size_t count; /* of those that are not NULL */
};

/* What services read, but for the last step of it. */
static void fetch_services(const struct snapshot *now, const struct asked *asked,
                           const struct message *messages, size_t count, struct steered *out)
{
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        out->services[i] = asked[i].search.zone != NULL ? service_of(&asked[i]) : NULL;
        if (out->services[i] == NULL)
            continue;
        steer_fetch_head(out->services[i]);
        out->count++;
    }
    for (unsigned step = 0; out->count > 0 && step < STEER_FETCHES; step++) {
        for (size_t i = 0; i < count; i++) {
            const struct dns_query *query = &asked[i].query;
            if (out->services[i] != NULL)
                steer_fetch(now, out->services[i], client_address(query, &messages[i].source), query->qtype,
                            step);
        }
    }
}

/* Returns how many get a reply. */
static size_t reply_all(struct answerer *answerer, const struct snapshot *now, struct asked *asked,
                        struct message *messages, size_t count)
{
    struct steered steered;
    fetch_services(now, asked, messages, count, &steered);
    size_t replies = 0, fetched = steered.count > 0 ? 0 : count;
    for (size_t i = 0; i < count; i++) {
        for (; fetched < count && fetched <= i + AHEAD; fetched++) {
            if (steered.services[fetched] != NULL)
                steer_fetch_rest(answerer, steered.services[fetched]);
        }
        messages[i].reply_size = reply(answerer, now, TRANSPORT_UDP, &asked[i], &messages[i]);
        replies += messages[i].reply_size > 0;
    }
    return replies;
}

static INLINED size_t answer_one(struct answerer *answerer, const struct snapshot *now,
                                 enum transport transport, const struct message *message)
{
    struct asked asked;
    read_query(answerer, now, message, &asked);
    find_name(answerer, now, message, &asked);
    return reply(answerer, now, transport, &asked, message);
}

/* Of UDP; returns how many get a reply. */
static __attribute__((noinline)) size_t answer_some(struct answerer *answerer, const struct snapshot *now,
                                                    struct message *messages, size_t count)
{
    struct asked asked[TOGETHER];
    for (size_t i = 0; i < count; i++)
        read_query(answerer, now, &messages[i], &asked[i]);
    for (unsigned fetch = 0; fetch < ZONE_FETCHES; fetch++) {
        for (size_t i = 0; i < count; i++) {
            if (asked[i].search.zone != NULL)
                zone_fetch(asked[i].search.zone, asked[i].search.hash, fetch);
        }
    }
    for (size_t i = 0; i < count; i++)
        find_name(answerer, now, &messages[i], &asked[i]);
    return reply_all(answerer, now, asked, messages, count);
}

INLINED size_t answer_batch(struct answerer *answerer, const struct snapshot *now, struct message *messages,
                            size_t count)
{
    if (count == 1) { /* nothing to do meanwhile */
        messages->reply_size = answer_one(answerer, now, TRANSPORT_UDP, messages);
        return messages->reply_size > 0;
    }
    size_t replies = 0;
    for (size_t first = 0; first < count; first += TOGETHER) {
        size_t left = count - first;
        replies += answer_some(answerer, now, messages + first, left < TOGETHER ? left : TOGETHER);
    }
    return replies;
}

size_t answer_message(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                      const uint8_t *packet, size_t size, const struct address *source, uint8_t *out,
                      size_t out_size)
{
    const struct message message = {
        .packet = packet, .size = size, .source = *source, .out = out, .out_size = out_size
    };
    return answer_one(answerer, now, transport, &message);
}
