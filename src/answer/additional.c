/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of the names in an RRset's rdata: glue of a referral, targets of MX, SRV and their like. */
#include "answer/assembly.h"

static const uint8_t *skip_names(const uint8_t *name, unsigned count)
{
    while (count-- > 0)
        name += dns_name_wire_size(name);
    return name;
}

static void add_addresses_of(struct assembly *assembly, const struct zone *zone, const uint8_t *target,
                             bool must_fit)
{
    static const uint16_t types[] = { DNS_A, DNS_AAAA };
    struct dns_name name;
    dns_name_from_wire(target, &name);
    if (!dns_name_is_within(&name, zone_apex(zone)))
        return;
    const struct zone_node *node = zone_find_exact(zone, &name);
    for (size_t i = 0; node != NULL && i < 2; i++) {
        const struct dns_rrset *addresses = zone_node_rrset(node, types[i]);
        if (addresses != NULL)
            dns_response_add(assembly->response, DNS_ADDITIONAL, name.bytes, addresses, addresses->ttl_s,
                             must_fit);
    }
}

void assembly_add_addresses(struct assembly *assembly, const struct zone *zone, const struct dns_rrset *rrset,
                            bool is_referral)
{
    const struct dns_type_layout *layout = dns_type_layout(rrset->type);
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *target = skip_names(dns_rr_rdata(rr) + layout->name_at, layout->name_count - 1u);
        add_addresses_of(assembly, zone, target, is_referral);
    }
}
