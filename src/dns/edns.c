/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/edns.h"

#include "dns/bytes.h"

enum { FAMILY_IANA_NONE = 0, FAMILY_IANA_V4 = 1, FAMILY_IANA_V6 = 2 }; /* IANA address family numbers */

#define ECS_HEADER_SIZE 4 /* FAMILY, SOURCE PREFIX-LENGTH, SCOPE PREFIX-LENGTH */

static bool read_ecs(const uint8_t *data, size_t size, struct edns_ecs *out)
{
    if (size < ECS_HEADER_SIZE)
        return false;
    unsigned family = get_u16(data);
    uint8_t source_len = data[2], scope_len = data[3];
    size_t address_size = size - ECS_HEADER_SIZE;
    unsigned most = family == FAMILY_IANA_V4 ? 32 : family == FAMILY_IANA_V6 ? 128 : 0;
    if (family > FAMILY_IANA_V6 || source_len > most || scope_len != 0 ||
        address_size != (source_len + 7u) / 8)
        return false;
    const uint8_t *address = data + ECS_HEADER_SIZE;
    if (source_len % 8 != 0 && (address[address_size - 1] & (0xff >> source_len % 8)) != 0)
        return false;
    out->is_present = true;
    out->source_len = source_len;
    out->address = (struct address){ .family = family == FAMILY_IANA_V4   ? ADDRESS_V4
                                               : family == FAMILY_IANA_V6 ? ADDRESS_V6
                                                                          : ADDRESS_NONE };
    copy_short(out->address.bytes, address, address_size);
    return true;
}

static bool read_cookie(const uint8_t *data, size_t size, struct edns_cookie *out)
{
    if (size != 8 && (size < 16 || size > 40))
        return false;
    out->is_present = true;
    memcpy(out->client, data, 8);
    out->server_size = (uint8_t)(size - 8);
    memcpy(out->server, data + 8, size - 8);
    return true;
}

bool edns_read_options(const uint8_t *rdata, size_t size, struct edns *out)
{
    out->local_option = 0;
    out->wants_nsid = out->wants_keepalive = out->ecs.is_present = out->cookie.is_present = false;
    while (size > 0) {
        if (size < 4 || get_u16(rdata + 2) > size - 4)
            return false;
        const uint8_t *data = rdata + 4;
        size_t data_size = get_u16(rdata + 2);
        switch (get_u16(rdata)) {
        case EDNS_NSID: out->wants_nsid = true; break;
        case EDNS_KEEPALIVE: out->wants_keepalive = true; break;
        case EDNS_ECS:
            if (!out->ecs.is_present && !read_ecs(data, data_size, &out->ecs))
                return false;
            break;
        case EDNS_COOKIE:
            if (!out->cookie.is_present && !read_cookie(data, data_size, &out->cookie))
                return false;
            break;
        default:
            if (get_u16(rdata) >= EDNS_LOCAL_FIRST && get_u16(rdata) <= EDNS_LOCAL_LAST &&
                out->local_option == 0)
                out->local_option = (uint16_t)get_u16(rdata);
            break;
        }
        rdata = data + data_size;
        size -= 4 + data_size;
    }
    return true;
}
