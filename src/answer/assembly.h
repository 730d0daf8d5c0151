/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/search.h"
#include "answer/steer.h"
#include "snapshot/zone.h"

/*
 * One reply being put together: what was asked, what is known, what was written so far.  Lives on the
 * worker's stack.
 */
#define CHAIN_MAX 16 /* CNAMEs followed in one reply */

struct assembly {
    const struct snapshot *now;
    const struct dns_query *query;
    const struct search *search;    /* for the qname */
    struct zone_match first;        /* what it found; not written when the name is not ours */
    const struct decision *decided; /* what the service at the qname has decided already; NULL: not asked */
    const struct client *source;    /* by the packet's source address */
    const struct client *subnet;    /* by the ECS option; NULL: none usable */
    struct dns_response *response;
    struct dns_reply_edns *edns;
    uint64_t random;
    uint64_t now_us; /* monotonic */
    bool peeks;
    struct trace *trace;
    struct draw_log *draws; /* see struct steering */
    /* the name being resolved: the qname, then each CNAME target */
    const struct dns_name *name;
    unsigned chain_length;
    uint64_t seen[CHAIN_MAX + 1]; /* hashes of the names resolved so far: a loop ends the chain */
    const struct zone_node *dnames[CHAIN_MAX + 1]; /* in the answer already: each is written once */
    unsigned dname_count;
    /* results for counters and limits */
    bool is_steered, is_degraded;
    const struct service *service; /* that was asked first, and by whom; set if is_steered */
    const struct client *client;
    uint32_t lead_slot; /* of the endpoint that stands first in the answer, or SLOT_NONE */
};

/** Resolves the question of `assembly` inside our zones (RFC 1034 §4.3.2) and writes all sections. */
void assembly_resolve(struct assembly *assembly);

/** Answers from a service at `match`. Returns the hostname to go on with when the answer was a CNAME, else
 * NULL. */
const uint8_t *assembly_steer(struct assembly *assembly, const struct zone_match *match);

/** Adds the HTTPS RR of a service for what it decided. */
void assembly_add_service_binding(struct assembly *assembly, const struct service *service,
                                  const struct decision *decision);

/** Adds the addresses of the servers of a referral as far as they lie in `zone` (RFC 1034 §4.3.2 step 3b, RFC
 * 9471). */
void assembly_add_glue(struct assembly *assembly, const struct zone *zone, const struct dns_name *cut,
                       const struct dns_rrset *servers);

/** Adds the addresses of the names that the rdata of `rrset` at the current name leads to, as far as they lie
 * in `zone` (RFC 1034 §4.3.2 step 6, RFC 9460 §4.1). */
void assembly_add_targets(struct assembly *assembly, const struct zone *zone, const struct dns_rrset *rrset);

/** The owner to write for RRs of the current name: NULL while that is the qname. */
const uint8_t *assembly_owner(const struct assembly *assembly);
