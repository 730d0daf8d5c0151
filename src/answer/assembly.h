/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/addresses.h"
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

/** Adds the HTTPS or SVCB RR of a service for what it decided. */
void assembly_add_service_binding(struct assembly *assembly, const struct service_binding *binding,
                                  const struct decision *decision);

struct ranking; /* answer/rank.h */

/** Adds the MX or SRV RRs of a ranking, and the addresses of their targets as far as they lie in `zone`. */
void assembly_add_names(struct assembly *assembly, const struct zone *zone, const struct service_names *names,
                        const struct ranking *ranking);

/** Adds the addresses that a service at `owner` gives this client, to the additional section. */
void assembly_add_service_addresses(struct assembly *assembly, const struct dns_name *owner,
                                    const struct service *service);

/** Whom the answer of a service is for. */
static inline const struct client *assembly_client(const struct assembly *assembly,
                                                   const struct service *service)
{
    return service->uses_ecs && assembly->subnet != NULL ? assembly->subnet : assembly->source;
}

/** Whom and how to ask; with a trace it is told of the client. */
void assembly_begin_steering(const struct assembly *assembly, const struct service *service, uint16_t qtype,
                             struct steering *out);
/** The answer holds for no more than the scope of this decision. */
void assembly_note_scope(struct assembly *assembly, const struct service *service,
                         const struct decision *decision);

/** Adds the addresses of the servers of a referral as far as they lie in `zone` (RFC 1034 §4.3.2 step 3b, RFC
 * 9471). */
void assembly_add_glue(struct assembly *assembly, const struct zone *zone, const struct dns_name *cut,
                       const struct dns_rrset *servers);

/** What `zone` knows of `name`, of which `hash` tells names apart: glue below a cut, too, and what a wildcard
 * says (RFC 4592 §3.3).  NULL: nothing. */
const struct zone_node *assembly_find_target(const struct zone *zone, const struct dns_name *name,
                                             uint64_t *hash);

/** Adds the addresses of the names that the rdata of `rrset` at the current name leads to, as far as they lie
 * in `zone` (RFC 1034 §4.3.2 step 6, RFC 9460 §4.1). */
void assembly_add_targets(struct assembly *assembly, const struct zone *zone, const struct dns_rrset *rrset);

/** What the addresses of hostnames depend on. */
static inline struct addresses_now assembly_addresses_now(const struct assembly *assembly)
{
    return (struct addresses_now){ assembly->now->conditions, assembly->random, assembly->now_us };
}

/** True if the service answers this type; other records of the name are static. */
bool assembly_steers(const struct service *service, uint16_t qtype);

/** The service's HTTPS or SVCB RRs, or NULL. */
static inline const struct service_binding *assembly_binding_of(const struct service *service, uint16_t qtype)
{
    return qtype == DNS_HTTPS ? service->more->https : qtype == DNS_SVCB ? service->more->svcb : NULL;
}

#define BINDING_RDATA_MOST (SERVICE_BINDING_SIZE_MAX + 2 * 4 + ADDRESSES_MOST * (4 + 16))
/** Writes their rdata with the decision's addresses as hints; returns its size. */
size_t assembly_make_binding(const struct service_binding *binding, const struct addresses_now *now,
                             const struct decision *decision, uint8_t rdata[BINDING_RDATA_MOST],
                             uint32_t *ttl_s);

/** What is to be said where all is down, to who asks by EDNS. */
const char *assembly_all_down_text(const struct decision *decision);

/** Says in the OPT that all is down.  Only an operator who looks closely would see it otherwise. */
void assembly_tell_all_down(struct dns_reply_edns *edns, const struct decision *decision);

/** What a DNAME at `owner` makes of a name below it; false: too long (RFC 6672 §2.2). */
bool assembly_substitute(const struct dns_name *name, const struct dns_name *owner,
                         const struct dns_name *target, struct dns_name *out);

/** The owner to write for RRs of the current name: NULL while that is the qname. */
const uint8_t *assembly_owner(const struct assembly *assembly);
