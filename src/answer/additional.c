/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What belongs into the additional section: glue of a referral, addresses of the targets of MX, SRV and their
 * like. */
#include "answer/assembly.h"

/*
 * A target may stand in several records (10 mail, 20 mail) but its addresses only once in the reply (RFC 2181
 * §5).  These are hints: a set with more targets than this gets no more of them.
 */
#define TARGETS_MOST 128

struct targets {
    uint64_t hashes[TARGETS_MOST]; /* of the names */
    unsigned count;
};

/* False if it was there already, or no more are wanted. */
static bool targets_add(struct targets *targets, uint64_t hash)
{
    for (unsigned i = 0; i < targets->count; i++) {
        if (targets->hashes[i] == hash)
            return false;
    }
    if (targets->count == TARGETS_MOST)
        return false;
    targets->hashes[targets->count++] = hash;
    return true;
}

const struct zone_node *assembly_find_target(const struct zone *zone, const struct dns_name *name,
                                             uint64_t *hash)
{
    struct zone_match match;
    if (!dns_name_is_within(name, zone_apex(zone)))
        return NULL;
    *hash = zone_hash(zone, name);
    zone_lookup(zone, name, *hash, false, &match);
    return match.outcome == ZONE_REFERRAL ? zone_find_exact(zone, name)
           : match.outcome == ZONE_FOUND  ? match.node
                                          : NULL;
}

static void add_type(struct assembly *assembly, const struct dns_name *owner, const struct zone_node *node,
                     uint16_t type, bool must_fit)
{
    const struct dns_rrset *rrset = zone_node_rrset(node, type);
    if (rrset != NULL)
        dns_response_add(assembly->response, DNS_ADDITIONAL, owner->bytes, rrset, rrset->ttl_s, must_fit);
}

static void add_addresses(struct assembly *assembly, const struct dns_name *owner,
                          const struct zone_node *node, bool must_fit)
{
    add_type(assembly, owner, node, DNS_A, must_fit);
    add_type(assembly, owner, node, DNS_AAAA, must_fit);
}

/* RFC 9471 §3: glue below the cut comes first and must be there or the reply is truncated; that of siblings
 * is added as far as there is room. */
static void add_glue(struct assembly *assembly, const struct zone *zone, const struct dns_name *cut,
                     const struct dns_rrset *servers, bool is_in_domain)
{
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(servers, rr)) != NULL;) {
        struct dns_name name;
        dns_name_from_wire(dns_rr_rdata(rr), &name);
        if (dns_name_is_within(&name, cut) != is_in_domain)
            continue;
        uint64_t hash;
        const struct zone_node *node = assembly_find_target(zone, &name, &hash);
        if (node != NULL)
            add_addresses(assembly, &name, node, is_in_domain);
    }
}

void assembly_add_glue(struct assembly *assembly, const struct zone *zone, const struct dns_name *cut,
                       const struct dns_rrset *servers)
{
    add_glue(assembly, zone, cut, servers, true);
    add_glue(assembly, zone, cut, servers, false);
}

static const uint8_t *last_name(const struct dns_type_layout *layout, const uint8_t *rdata)
{
    const uint8_t *name = rdata + layout->name_at;
    for (unsigned i = 1; i < layout->name_count; i++)
        name += dns_name_wire_size(name);
    return name;
}

void assembly_add_targets(struct assembly *assembly, const struct zone *zone, const struct dns_rrset *rrset)
{
    const struct dns_type_layout *layout = dns_type_layout(rrset->type);
    const bool is_svcb = dns_type_is_binding(rrset->type);
    struct targets targets = { .count = 0 };
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *rdata = dns_rr_rdata(rr), *target = last_name(layout, rdata);
        bool is_alias = is_svcb && rdata[0] == 0 && rdata[1] == 0;
        struct dns_name name = *assembly->name;
        if (!is_svcb || *target != 0)
            dns_name_from_wire(target, &name);
        else if (is_alias)
            continue; /* RFC 9460 §2.5.1: the service does not exist; else "." is the owner */
        uint64_t hash;
        const struct zone_node *node = assembly_find_target(zone, &name, &hash);
        if (node == NULL || !targets_add(&targets, hash))
            continue;
        const struct service *service = zone_node_service(node);
        if (service != NULL)
            assembly_add_service_addresses(assembly, &name, service);
        add_addresses(assembly, &name, node, false);
        if (is_svcb && !dns_name_equal(&name, assembly->name)) /* RFC 9460 §4.1 */
            add_type(assembly, &name, node, rrset->type, false);
    }
}
