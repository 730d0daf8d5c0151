/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/count.h"
#include "answer/search.h"
#include "answer/straight.h"
#include "dns/ready.h"

/*
 * Most replies lie ready (dns/ready.h): an RRset as it is stored, the addresses a service decided for, or the
 * SOA of a negative answer, with an OPT that says nothing or echoes the client's subnet.  Whatever is not of
 * these is to be drafted or assembled, and what is would come out the same.
 */

/** True if the reply's OPT has nothing to say of its own, but for a cookie. */
static inline bool ready_is_plain_but_cookie(const struct edns *edns)
{
    return !(edns->wants_nsid | edns->wants_keepalive | (edns->local_option != 0));
}

/** True if it has nothing to say at all. */
static inline bool ready_is_plain(const struct edns *edns)
{
    return !edns->is_present || (!edns->cookie.is_present && ready_is_plain_but_cookie(edns));
}

/** True for QTYPEs of which no RRset can be (RFC 6895 §3.1): ANY, AXFR and their like. */
static inline bool ready_is_meta(uint16_t qtype)
{
    return qtype >= 128 && qtype <= 255;
}

/** True if all may ask, and of the class IN. */
static inline bool ready_is_usual(const struct dns_query *query, const struct zone_match *match)
{
    return query->qclass == DNS_IN && zone_allowed(match->zone) == NULL;
}

static inline bool ready_asks_addresses(const struct dns_query *query)
{
    return query->qtype == DNS_A || query->qtype == DNS_AAAA;
}

/** Writes the reply to a plain query whose name, in a zone of ours, has no service that answers the type, and
 * returns its size; 0: it does not lie ready.  `out` has room for DNS_READY_MOST. */
size_t ready_stored(const struct answerer *answerer, const struct dns_query *query,
                    const struct zone_match *match, uint8_t *out);
/** Adds what becomes of the query's cookie to a ready reply of `size` bytes; returns the new size. */
size_t ready_add_cookie(struct answerer *answerer, const struct snapshot *now, const struct dns_query *query,
                        const struct address *source, uint8_t *out, size_t size);

static inline struct dns_ready_edns ready_edns(const struct answerer *answerer, uint8_t scope_len)
{
    return (struct dns_ready_edns){ .udp_size = answerer->settings->udp_size, .scope_len = scope_len };
}

/** Counts a reply of that size; 0: of none.  Returns its size. */
static inline size_t ready_count(const struct answerer *answerer, const struct dns_query *query,
                                 unsigned rcode, size_t size)
{
    if (size == 0)
        return 0;
    count_one(&answerer->counters->rcodes[rcode]);
    if (query->edns.ecs.is_present)
        count_one(&answerer->counters->ecs);
    return size;
}

/* What was found out about any other query. */
struct ready {
    struct answerer *answerer;
    const struct snapshot *now;
    const struct dns_query *query;
    const struct zone_match *match; /* of the qname, which is in a zone of ours */
    const struct address *source;
    struct begun *begun; /* by the service at the qname; NULL: nothing */
    /* A service was asked: should the reply not lie ready, this is what it has decided, once and for all. */
    bool is_decided, uses_ecs;
    uint64_t random;
    struct client client; /* by whom it was asked */
    struct decision decision;
};

/* Where a reply goes that may be longer than DNS_READY_MOST. */
struct ready_room {
    uint8_t *out;
    size_t limit; /* bytes of it; behind them are DNS_PLAIN_SLACK more */
    bool may_cut; /* what does not fit may be said not to, since the limit is the client's */
};

/** The same as ready_stored, also of larger answers, of those that lead to other names (answer/leading.h) and
 * of queries with a cookie, which takes longer. */
size_t ready_leading(const struct ready *ready, struct ready_room room);

/** The reply to a plain query for a name that is in no zone of ours; 0: it is to be composed. */
size_t ready_refuse(const struct answerer *answerer, const struct dns_query *query, uint8_t *out);

/** The same of a name with a service. */
size_t ready_steered(struct ready *ready, const struct service *service, uint8_t *out);

/** Asks the service at the qname, if it was not asked yet. */
void ready_decide(struct ready *ready, const struct service *service);
/** Bits of the client subnet that the decision holds for. */
static inline uint8_t ready_scope_len(const struct ready *ready)
{
    return ready->uses_ecs ? ready->decision.scope_len : 0; /* 0 if it does not depend on the client */
}
/** Counts the answer of the service, once it is written. */
void ready_count_traffic(const struct ready *ready, const struct service *service);
