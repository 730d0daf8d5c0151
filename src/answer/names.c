/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MX and SRV RRs of a service, and the addresses of steered names for the additional section. */
#include "answer/assembly.h"
#include "answer/rank.h"

#include "dns/type.h"

#include <string.h>

#define RDATA_MOST (6 + DNS_NAME_SIZE_MAX)
#define WIRE_MOST  (CHOICE_MAX * (DNS_RR_HEADER_SIZE + RDATA_MOST))

/* An RRset made on the spot, in the form of stored ones (dns/rrset.h). */
union made {
    struct dns_rrset rrset;
    uint8_t room[sizeof(struct dns_rrset) + WIRE_MOST];
};

static uint8_t *put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_head(uint8_t *at, uint16_t type, uint32_t ttl_s, size_t rdlength)
{
    at = put_u16(put_u16(put_u16(at, 0xc000 | DNS_HEADER_SIZE), type), DNS_IN);
    at = put_u16(put_u16(at, ttl_s >> 16), ttl_s & 0xffff);
    return put_u16(at, (unsigned)rdlength);
}

/* Priorities ascend with the ranks and do not run over. */
static unsigned level_of(const struct service_names *names, uint16_t rank)
{
    uint32_t level = (uint32_t)names->first + (uint32_t)names->step * rank;
    return level < UINT16_MAX ? level : UINT16_MAX;
}

static void make_rrset(const struct service_names *names, const struct ranking *ranking, uint16_t type,
                       union made *out)
{
    bool is_srv = type == DNS_SRV;
    uint8_t *at = out->room + offsetof(struct dns_rrset, wire), *begin = at;
    for (uint16_t i = 0; i < ranking->decision.count; i++) {
        const uint8_t *target = endpoint_more(ranking->decision.endpoints[i])->hostname;
        size_t size = dns_name_wire_size(target);
        at = put_head(at, type, ranking->decision.ttl_s, size + (is_srv ? 6 : 2));
        at = put_u16(at, level_of(names, ranking->ranks[i]));
        if (is_srv)
            at = put_u16(put_u16(at, ranking->weights[i]), names->port);
        memcpy(at, target, size);
        at += size;
    }
    out->rrset.type = type;
    out->rrset.count = ranking->decision.count;
    out->rrset.ttl_s = ranking->decision.ttl_s;
    out->rrset.size = (uint32_t)(at - begin);
}

void assembly_add_names(struct assembly *assembly, const struct zone *zone, const struct service_names *names,
                        const struct ranking *ranking)
{
    union made made;
    make_rrset(names, ranking, assembly->query->qtype, &made);
    dns_response_add(assembly->response, DNS_ANSWER, assembly_owner(assembly), &made.rrset, made.rrset.ttl_s,
                     false);
    assembly_add_targets(assembly, zone, &made.rrset);
}

/* ---- additional ---- */

static void add_family(struct assembly *assembly, const struct dns_name *owner, const struct service *service,
                       uint16_t type)
{
    struct decision decision;
    struct addresses addresses;
    const struct steering steering = { .now = assembly->now,
                                       .service = service,
                                       .client = assembly_client(assembly, service),
                                       .qtype = type,
                                       .random = assembly->random,
                                       .peeks = true }; /* nobody asked for these: they take no turn */
    steer(&steering, &decision);
    if (decision.outcome != STEER_ENDPOINTS)
        return;
    assembly_note_scope(assembly, service, &decision);
    bool is_v4 = type == DNS_A;
    const struct addresses_now now = assembly_addresses_now(assembly);
    addresses_collect(&now, &decision, is_v4 ? FAMILY_V4 : FAMILY_V6, &addresses);
    if (addresses.count > 0)
        dns_response_add_made(assembly->response, DNS_ADDITIONAL, owner->bytes, type, addresses.ttl_s,
                              addresses.rdatas, is_v4 ? 4 : 16, addresses.count);
}

void assembly_add_service_addresses(struct assembly *assembly, const struct dns_name *owner,
                                    const struct service *service)
{
    if (service->has_no_addresses || service->is_cname)
        return;
    add_family(assembly, owner, service, DNS_A);
    add_family(assembly, owner, service, DNS_AAAA);
}
