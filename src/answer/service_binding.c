/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTPS and SVCB RRs whose hints are the addresses that the same decision gives (RFC 9460 §7.3). */
#include "answer/assembly.h"

#include <string.h>

#define KEY_IPV4HINT 4 /* RFC 9460 §14.3.2 */
#define KEY_IPV6HINT 6

/* One SvcParam of addresses: key, size, the addresses of one family. */
static size_t write_hints(const struct addresses *addresses, uint8_t family, uint8_t *out)
{
    bool is_v4 = family == FAMILY_V4;
    size_t address_size = is_v4 ? 4 : 16, size = addresses->count * address_size;
    if (size == 0)
        return 0;
    out[0] = 0;
    out[1] = is_v4 ? KEY_IPV4HINT : KEY_IPV6HINT;
    out[2] = (uint8_t)(size >> 8);
    out[3] = (uint8_t)size;
    for (size_t i = 0; i < addresses->count; i++)
        memcpy(out + 4 + i * address_size, addresses->rdatas[i], address_size);
    return 4 + size;
}

size_t assembly_make_binding(const struct service_binding *binding, const struct addresses_now *now,
                             const struct decision *decision, uint8_t rdata[BINDING_RDATA_MOST],
                             uint32_t *ttl_s)
{
    struct addresses v4, v6;
    addresses_collect(now, decision, FAMILY_V4, &v4);
    addresses_collect(now, decision, FAMILY_V6, &v6);
    memcpy(rdata, binding->bytes, binding->head_size);
    size_t size = binding->head_size;
    size += write_hints(&v4, FAMILY_V4, rdata + size);
    memcpy(rdata + size, binding->bytes + binding->head_size, binding->tail_size);
    size += binding->tail_size;
    size += write_hints(&v6, FAMILY_V6, rdata + size);
    *ttl_s = v4.ttl_s < v6.ttl_s ? v4.ttl_s : v6.ttl_s;
    return size;
}

void assembly_add_service_binding(struct assembly *assembly, const struct service_binding *binding,
                                  const struct decision *decision)
{
    uint8_t rdata[BINDING_RDATA_MOST];
    const uint8_t *only = rdata;
    uint32_t ttl_s;
    const struct addresses_now now = assembly_addresses_now(assembly);
    size_t size = assembly_make_binding(binding, &now, decision, rdata, &ttl_s);
    dns_response_add_made(assembly->response, DNS_ANSWER, assembly_owner(assembly), assembly->query->qtype,
                          ttl_s, &only, (uint16_t)size, 1);
}
