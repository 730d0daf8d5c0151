/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lookup algorithm of RFC 1034 §4.3.2 over our zones, writing as it goes. */
#include "answer/assembly.h"

#include <string.h>

/* RFC 8482 §4.2: ANY is answered with a HINFO that says so; a CNAME is answered itself, no data is NODATA. */
static const uint8_t hinfo_rfc8482[] = { 7, 'R', 'F', 'C', '8', '4', '8', '2', 0 };
#define HINFO_TYPE     13
#define HINFO_TTL_S    3600
#define RCODE_YXDOMAIN 6

const uint8_t *assembly_owner(const struct assembly *assembly)
{
    return assembly->chain_length == 0 ? NULL : assembly->name->bytes;
}

static void add(struct assembly *assembly, enum dns_section section, const uint8_t *owner,
                const struct dns_rrset *rrset)
{
    dns_response_add(assembly->response, section, owner, rrset, rrset->ttl_s, false);
}

/* NODATA and NXDOMAIN carry the SOA with the negative TTL (RFC 2308 §3). */
static void add_negative_soa(struct assembly *assembly, const struct zone *zone)
{
    dns_response_add(assembly->response, DNS_AUTHORITY, zone_apex(zone)->bytes, zone_soa(zone),
                     zone_negative_ttl_s(zone), false);
}

static void refer(struct assembly *assembly, const struct zone_match *match)
{
    struct dns_name cut;
    zone_node_owner(match->zone, match->node, &cut);
    const struct dns_rrset *servers = zone_node_rrset(match->node, DNS_NS);
    if (assembly->chain_length == 0)
        assembly->response->flags &= (uint16_t)~DNS_FLAG_AA;
    add(assembly, DNS_AUTHORITY, cut.bytes, servers);
    assembly_add_glue(assembly, match->zone, &cut, servers);
}

bool assembly_substitute(const struct dns_name *name, const struct dns_name *owner,
                         const struct dns_name *target, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX];
    size_t prefix_size = (size_t)name->size - owner->size;
    if (prefix_size + target->size > DNS_NAME_SIZE_MAX)
        return false;
    memcpy(wire, name->bytes, prefix_size);
    memcpy(wire + prefix_size, target->bytes, target->size);
    dns_name_from_wire(wire, out);
    return true;
}

/* Follows to the next name of the chain.  False at a loop or at its greatest length: what was written is the
 * answer. */
static bool follow(struct assembly *assembly, const struct dns_name *next)
{
    if (assembly->chain_length == CHAIN_MAX)
        return false;
    assembly->seen[assembly->chain_length] = dns_name_hash(assembly->name->bytes, assembly->name->size);
    uint64_t hash = dns_name_hash(next->bytes, next->size);
    for (unsigned i = 0; i <= assembly->chain_length; i++) {
        if (assembly->seen[i] == hash)
            return false;
    }
    assembly->chain_length++;
    assembly->name = next;
    return true;
}

static bool follow_cname(struct assembly *assembly, const uint8_t *target, struct dns_name *next)
{
    if (assembly->query->qtype == DNS_CNAME || assembly->query->qtype == DNS_ANY)
        return false;
    dns_name_from_wire(target, next);
    return follow(assembly, next);
}

/* A chain may pass the same DNAME again, or lead to its owner; its RRset stands in the answer once (RFC 2181
 * §5). */
static void add_dname(struct assembly *assembly, const struct zone_node *node, const uint8_t *owner)
{
    for (unsigned i = 0; i < assembly->dname_count; i++) {
        if (assembly->dnames[i] == node)
            return;
    }
    assembly->dnames[assembly->dname_count++] = node;
    add(assembly, DNS_ANSWER, owner, zone_node_rrset(node, DNS_DNAME));
}

static bool follow_dname(struct assembly *assembly, const struct zone_match *match, struct dns_name *next)
{
    struct dns_name owner, target;
    zone_node_owner(match->zone, match->node, &owner);
    const struct dns_rrset *dname = zone_node_rrset(match->node, DNS_DNAME);
    dns_name_from_wire(dns_rr_rdata(dname->wire), &target);
    add_dname(assembly, match->node, owner.bytes);
    if (!assembly_substitute(assembly->name, &owner, &target, next)) {
        assembly->response->rcode = RCODE_YXDOMAIN;
        return false;
    }
    const uint8_t *rdata = next->bytes;
    dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly), DNS_CNAME, dname->ttl_s,
                          &rdata, next->size, 1);
    if (assembly->query->qtype == DNS_CNAME || dns_name_is_within(&target, &owner))
        return false; /* below itself the names would grow for ever: whoever asks goes on as long as it likes
                       */
    return follow(assembly, next);
}

static bool may_answer_any(const struct zone_node *node)
{
    bool is_empty = zone_node_next(node, NULL) == NULL && zone_node_service(node) == NULL;
    return !is_empty && zone_node_rrset(node, DNS_CNAME) == NULL;
}

static void answer_any(struct assembly *assembly)
{
    const uint8_t *rdata = hinfo_rfc8482;
    dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly), HINFO_TYPE, HINFO_TTL_S,
                          &rdata, sizeof hinfo_rfc8482, 1);
}

bool assembly_steers(const struct service *service, uint16_t qtype)
{
    switch (qtype) {
    case DNS_A:
    case DNS_AAAA: return !service->has_no_addresses;
    case DNS_HTTPS: return service->more->https != NULL || service->is_cname;
    case DNS_SVCB: return service->more->svcb != NULL || service->is_cname;
    case DNS_MX: return service->more->mx != NULL || service->is_cname;
    case DNS_SRV: return service->more->srv != NULL || service->is_cname;
    default: return service->is_cname;
    }
}

/* The name exists.  True if the chain goes on with `next`. */
static bool answer_found(struct assembly *assembly, const struct zone_match *match, struct dns_name *next)
{
    const uint16_t qtype = assembly->query->qtype;
    const struct service *service = zone_node_service(match->node);
    const uint8_t *owner = assembly_owner(assembly);
    if (service != NULL && assembly_steers(service, qtype)) {
        const uint8_t *target = assembly_steer(assembly, match);
        return target != NULL && follow_cname(assembly, target, next);
    }
    if (qtype == DNS_ANY && may_answer_any(match->node)) {
        answer_any(assembly);
        return false;
    }
    const struct dns_rrset *rrset = zone_node_rrset(match->node, qtype);
    if (rrset != NULL) {
        if (qtype == DNS_DNAME)
            add_dname(assembly, match->node, owner);
        else
            add(assembly, DNS_ANSWER, owner, rrset);
        if (dns_type_layout(qtype)->wants_additional)
            assembly_add_targets(assembly, match->zone, rrset);
        return false;
    }
    const struct dns_rrset *cname = zone_node_rrset(match->node, DNS_CNAME);
    if (cname == NULL) {
        add_negative_soa(assembly, match->zone);
        return false;
    }
    add(assembly, DNS_ANSWER, owner, cname);
    return follow_cname(assembly, dns_rr_rdata(cname->wire), next);
}

static void tell_zone(const struct assembly *assembly, const struct zone_match *match)
{
    if (assembly->trace == NULL)
        return;
    const struct service *service =
        match->outcome == ZONE_FOUND && match->node != NULL ? zone_node_service(match->node) : NULL;
    const struct trace_step step = { .kind = TRACE_ZONE, .match = match, .service = service };
    assembly->trace->step(assembly->trace, &step);
}

static bool may_ask(const struct assembly *assembly, const struct zone *zone)
{
    const struct prefix_map *allowed = zone_allowed(zone);
    return allowed == NULL || prefix_map_find(allowed, &assembly->source->address, NULL) != PREFIX_MAP_NONE;
}

static void refuse(struct assembly *assembly, enum ede_code why)
{
    assembly->response->rcode = DNS_REFUSED;
    assembly->edns->ede = why;
}

/* The zone that holds the current name and what it says of it; NULL: not ours, or not for this client. */
static const struct zone *find_current(struct assembly *assembly, struct zone_match *match)
{
    struct search next;
    const struct search *search = assembly->search;
    if (assembly->chain_length > 0) {
        uint32_t last_zone = 0;
        search_begin(assembly->now->dataset, assembly->name, assembly->query->qtype, &last_zone, &next);
        search = &next;
    }
    if (search->zone == NULL || !may_ask(assembly, search->zone)) {
        if (assembly->chain_length == 0)
            refuse(assembly, search->zone == NULL ? EDE_NOT_AUTHORITATIVE : EDE_PROHIBITED);
        return NULL;
    }
    if (assembly->chain_length > 0)
        search_end(search, assembly->name, match);
    else
        *match = assembly->first;
    return search->zone;
}

/* Says what our zones say about the current name.  True if the chain goes on with `next`. */
static bool resolve_once(struct assembly *assembly, struct dns_name *next)
{
    struct zone_match match;
    const struct zone *zone = find_current(assembly, &match);
    if (zone == NULL)
        return false;
    if (assembly->chain_length == 0)
        assembly->response->flags |= DNS_FLAG_AA;
    tell_zone(assembly, &match);
    switch (match.outcome) {
    case ZONE_FOUND: return answer_found(assembly, &match, next);
    case ZONE_DNAME: return follow_dname(assembly, &match, next);
    case ZONE_REFERRAL: refer(assembly, &match); return false;
    case ZONE_NXDOMAIN: break;
    }
    assembly->response->rcode = DNS_NXDOMAIN; /* RFC 6604 §2.1: of the last name of the chain */
    add_negative_soa(assembly, zone);
    return false;
}

void assembly_resolve(struct assembly *assembly)
{
    struct dns_name next[2]; /* the one read and the one written, in turn */
    assembly->name = &assembly->query->qname;
    assembly->chain_length = assembly->dname_count = 0;
    while (resolve_once(assembly, &next[assembly->chain_length % 2]))
        continue;
}
