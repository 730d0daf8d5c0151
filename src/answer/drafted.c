/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/drafted.h"

#include "answer/assembly.h"
#include "answer/drafting.h"

/* ---- on to the next name ---- */

/* Finds what our zones say of the next name. */
static enum draft_step follow(struct drafting *drafting, const struct dns_name *next, unsigned owner)
{
    const struct ready *ready = drafting->ready;
    struct search search;
    uint32_t last_zone = ready->answerer->last_zone; /* mostly the same: the chain stays at home */
    search_begin(ready->now->dataset, next, ready->query->qtype, &last_zone, &search);
    if (search.zone == NULL)
        return DRAFT_DONE;
    if (zone_allowed(search.zone) != NULL || owner == 0)
        return DRAFT_ASSEMBLE;
    search_end(&search, next, &drafting->match);
    drafting->name = next;
    drafting->owner = owner;
    drafting->chain_length++;
    return DRAFT_ON;
}

static enum draft_step follow_cname(struct drafting *drafting, uint32_t ttl_s, const uint8_t *target)
{
    struct dns_name *next = drafting_next_target(drafting);
    if (next == NULL)
        return DRAFT_ASSEMBLE;
    dns_name_from_wire(target, next);
    unsigned owner = dns_draft_add_name(&drafting->draft, DNS_ANSWER, drafting->owner, DNS_CNAME, ttl_s, NULL,
                                        0, target, next);
    if (drafting->ready->query->qtype == DNS_CNAME)
        return DRAFT_DONE;
    return follow(drafting, next, owner);
}

/* Of the first name alone, whose suffixes stand in the question. */
static enum draft_step follow_dname(struct drafting *drafting)
{
    struct dns_name owner, target, *next = drafting_next_target(drafting);
    if (drafting->chain_length > 0)
        return DRAFT_ASSEMBLE;
    zone_node_owner(drafting->match.zone, drafting->match.node, &owner);
    const struct dns_rrset *dname = zone_node_rrset(drafting->match.node, DNS_DNAME);
    dns_name_from_wire(dns_rr_rdata(dname->wire), &target);
    if (!assembly_substitute(drafting->name, &owner, &target, next) || dns_name_is_within(&target, &owner))
        return DRAFT_ASSEMBLE;
    const unsigned owner_at = (unsigned)(DNS_HEADER_SIZE + drafting->name->size - owner.size);
    dns_draft_add(&drafting->draft, DNS_ANSWER, 0xc000 | owner_at, dname);
    unsigned pointer = dns_draft_add_name(&drafting->draft, DNS_ANSWER, drafting->owner, DNS_CNAME,
                                          dname->ttl_s, NULL, 0, next->bytes, next);
    if (drafting->ready->query->qtype == DNS_CNAME)
        return DRAFT_DONE;
    return follow(drafting, next, pointer);
}

/* ---- static records ---- */

static enum draft_step deny(struct drafting *drafting)
{
    const struct zone *zone = drafting->match.zone;
    if (zone != drafting->ready->match->zone)
        return DRAFT_ASSEMBLE; /* its apex does not stand in the question */
    dns_draft_deny(&drafting->draft, zone_negative(zone), zone_apex(zone)->size);
    return DRAFT_DONE;
}

/* RRsets whose names are compressed. */
static enum draft_step add_names(struct drafting *drafting, const struct dns_rrset *rrset)
{
    const struct zone *zone = drafting->match.zone;
    if (rrset == zone_soa(zone) && drafting->chain_length == 0) {
        dns_draft_add_soa(&drafting->draft, zone_negative(zone), zone_apex(zone)->size, rrset->ttl_s);
        return DRAFT_DONE;
    }
    if (rrset->type == DNS_PTR && rrset->count == 1) {
        const uint8_t *target = dns_rr_rdata(rrset->wire);
        struct dns_name *name = drafting_next_target(drafting);
        if (name == NULL)
            return DRAFT_ASSEMBLE;
        dns_name_from_wire(target, name);
        dns_draft_add_name(&drafting->draft, DNS_ANSWER, drafting->owner, DNS_PTR, rrset->ttl_s, NULL, 0,
                           target, name);
        return DRAFT_DONE;
    }
    return dns_type_layout(rrset->type)->wants_additional ? drafting_add_targets(drafting, rrset)
                                                          : DRAFT_ASSEMBLE;
}

static enum draft_step add_static(struct drafting *drafting)
{
    const struct zone_node *node = drafting->match.node;
    const uint16_t qtype = drafting->ready->query->qtype;
    const struct dns_rrset *rrset = zone_node_rrset(node, qtype);
    if (rrset != NULL && dns_type_layout(qtype)->is_alone) {
        dns_draft_add(&drafting->draft, DNS_ANSWER, drafting->owner, rrset);
        return DRAFT_DONE;
    }
    if (rrset != NULL && qtype != DNS_CNAME)
        return add_names(drafting, rrset);
    const struct dns_rrset *cname = zone_node_rrset(node, DNS_CNAME);
    return cname != NULL ? follow_cname(drafting, cname->ttl_s, dns_rr_rdata(cname->wire)) : deny(drafting);
}

/* ---- services ---- */

static void add_binding(struct drafting *drafting, const struct service_binding *binding,
                        const struct addresses_now *now)
{
    uint8_t rdata[BINDING_RDATA_MOST];
    const uint8_t *only = rdata;
    uint32_t ttl_s;
    size_t size = assembly_make_binding(binding, now, &drafting->ready->decision, rdata, &ttl_s);
    dns_draft_add_made(&drafting->draft, drafting->owner, drafting->ready->query->qtype, ttl_s, &only, size,
                       1);
}

static bool add_addresses(struct drafting *drafting, const struct addresses_now *now)
{
    const uint16_t qtype = drafting->ready->query->qtype;
    struct addresses addresses;
    addresses_collect(now, &drafting->ready->decision, qtype == DNS_A ? FAMILY_V4 : FAMILY_V6, &addresses);
    if (addresses.count > 0)
        dns_draft_add_made(&drafting->draft, drafting->owner, qtype, addresses.ttl_s, addresses.rdatas,
                           qtype == DNS_A ? 4 : 16, addresses.count);
    return addresses.count > 0;
}

/* What the service at the qname decided. */
static enum draft_step add_decided(struct drafting *drafting, const struct service *service)
{
    const struct ready *ready = drafting->ready;
    const struct decision *decision = &ready->decision;
    const struct service_binding *binding = assembly_binding_of(service, ready->query->qtype);
    const struct addresses_now now = { ready->now->conditions, ready->random, ready->answerer->now_us };
    drafting->edns->scope_len = ready_scope_len(ready);
    if (decision->is_all_down)
        assembly_tell_all_down(drafting->edns, decision);
    if (decision->outcome == STEER_SERVFAIL)
        return DRAFT_ASSEMBLE;
    if (decision->outcome != STEER_ENDPOINTS)
        return deny(drafting);
    if (service->is_cname) {
        const uint8_t *target = endpoint_more(decision->endpoints[0])->hostname;
        return target != NULL ? follow_cname(drafting, decision->ttl_s, target) : DRAFT_ASSEMBLE;
    }
    if (binding != NULL) {
        add_binding(drafting, binding, &now);
        return DRAFT_DONE;
    }
    return add_addresses(drafting, &now) ? DRAFT_DONE : deny(drafting);
}

static enum draft_step add_steered(struct drafting *drafting, const struct service *service)
{
    const uint16_t qtype = drafting->ready->query->qtype;
    if (!assembly_steers(service, qtype))
        return add_static(drafting);
    if (drafting->chain_length > 0 || (qtype == DNS_MX && service->more->mx != NULL) ||
        (qtype == DNS_SRV && service->more->srv != NULL))
        return DRAFT_ASSEMBLE;
    ready_decide(drafting->ready, service);
    return add_decided(drafting, service);
}

/* ---- the whole ---- */

/* Says what our zones say about the current name. */
static enum draft_step draft_once(struct drafting *drafting)
{
    const struct zone_match *match = &drafting->match;
    const struct service *service;
    switch (match->outcome) {
    case ZONE_FOUND:
        service = zone_node_service(match->node);
        return service != NULL ? add_steered(drafting, service) : add_static(drafting);
    case ZONE_DNAME: return follow_dname(drafting);
    case ZONE_REFERRAL: return drafting_refer(drafting);
    case ZONE_NXDOMAIN: break;
    }
    drafting->flags |= DNS_NXDOMAIN; /* RFC 6604 §2.1: of the last name of the chain */
    return deny(drafting);
}

size_t drafted_answer(struct ready *ready, struct dns_reply_edns *edns, uint8_t *out, size_t limit,
                      unsigned *rcode)
{
    const struct dns_query *query = ready->query;
    if (query->qclass != DNS_IN || ready_is_meta(query->qtype) || zone_allowed(ready->match->zone) != NULL)
        return 0;
    struct drafting drafting;
    drafting.ready = ready;
    drafting.edns = edns;
    drafting.flags = DNS_FLAG_AA;
    drafting.name = &query->qname;
    drafting.owner = DNS_DRAFT_QNAME;
    drafting.chain_length = drafting.target_count = 0;
    drafting.match = *ready->match;
    dns_draft_begin(&drafting.draft, query, out, limit, edns);
    enum draft_step step;
    do
        step = draft_once(&drafting);
    while (step == DRAFT_ON);
    size_t size = step == DRAFT_DONE ? dns_draft_end(&drafting.draft, drafting.flags, edns) : 0;
    if (size == 0) { /* what is assembled says itself what it has to say */
        edns->scope_len = 0;
        edns->ede = EDE_NONE;
        return 0;
    }
    *rcode = drafting.flags & 15;
    if (ready->is_decided)
        ready_count_traffic(ready, zone_node_service(ready->match->node));
    return size;
}
