/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/dns_message.h"

#include "dns/type.h"

#include <ctype.h>
#include <string.h>

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

size_t dns_message_write_query(uint16_t id, const struct dns_name *name, uint16_t type,
                               uint8_t out[DNS_MESSAGE_QUERY_SIZE_MAX])
{
    memset(out, 0, 12);
    put16(out, id);
    put16(out + 2, DNS_FLAG_RD);
    put16(out + 4, 1);
    memcpy(out + 12, name->bytes, name->size);
    put16(out + 12 + name->size, type);
    put16(out + 14 + name->size, DNS_IN);
    return (size_t)16 + name->size;
}

/* Reads a name that may be compressed (RFC 1035 §4.1.4) into its plain form in lowercase.  Returns the bytes
 * that it takes at its place, 0 if it is malformed.  A pointer must go back, so there is no loop. */
static size_t name_expand(const uint8_t *message, size_t size, size_t at, uint8_t out[DNS_NAME_SIZE_MAX],
                          size_t *out_size)
{
    size_t written = 0, taken = 0, start = at, limit = at;
    for (;;) {
        if (at >= size)
            return 0;
        unsigned length = message[at];
        if (length >= 0xc0) {
            if (at + 1 >= size)
                return 0;
            size_t target = (size_t)(length & 0x3f) << 8 | message[at + 1];
            if (taken == 0)
                taken = at + 2 - start;
            if (target >= limit)
                return 0;
            at = limit = target;
            continue;
        }
        if (length > DNS_LABEL_SIZE_MAX || at + 1 + length > size || written + 1 + length > DNS_NAME_SIZE_MAX)
            return 0;
        out[written++] = (uint8_t)length;
        for (unsigned i = 1; i <= length; i++)
            out[written++] = (uint8_t)tolower(message[at + i]);
        at += 1 + length;
        if (length == 0)
            break;
    }
    *out_size = written;
    return taken != 0 ? taken : at - start;
}

/* The rdata at `at`; a name in it is expanded so that it can be compared. */
static bool rdata_is(const struct dns_expectation *expected, const uint8_t *bytes, size_t size, size_t at,
                     size_t rdata_size)
{
    const struct dns_type_layout *layout = dns_type_layout(expected->type);
    uint8_t name[DNS_NAME_SIZE_MAX];
    size_t name_size;
    if (expected->rdata == NULL)
        return false;
    if (layout->name_count == 1 && layout->name_at == 0 && layout->tail_size == 0)
        return name_expand(bytes, size, at, name, &name_size) == rdata_size &&
               name_size == expected->rdata_size && memcmp(name, expected->rdata, name_size) == 0;
    return rdata_size == expected->rdata_size && memcmp(bytes + at, expected->rdata, rdata_size) == 0;
}

static void read_answers(const uint8_t *bytes, size_t size, size_t at, const struct dns_expectation *expected,
                         struct dns_reply *out)
{
    uint8_t owner[DNS_NAME_SIZE_MAX];
    size_t owner_size;
    for (unsigned left = get16(bytes + 6); left > 0; left--) {
        size_t taken = name_expand(bytes, size, at, owner, &owner_size);
        at += taken;
        if (taken == 0 || at + 10 > size)
            return;
        unsigned type = get16(bytes + at), class = get16(bytes + at + 2), rdata_size = get16(bytes + at + 8);
        at += 10;
        if (at + rdata_size > size)
            return;
        if (type == expected->type && class == DNS_IN) {
            out->answers++;
            out->has_rdata |= rdata_is(expected, bytes, size, at, rdata_size);
        }
        at += rdata_size;
    }
}

bool dns_message_read_reply(const uint8_t *bytes, size_t size, const struct dns_expectation *expected,
                            struct dns_reply *out)
{
    uint8_t name[DNS_NAME_SIZE_MAX];
    size_t name_size;
    *out = (struct dns_reply){ 0 };
    if (size < 12 || get16(bytes) != expected->id || (get16(bytes + 2) & DNS_FLAG_QR) == 0)
        return false;
    out->rcode = get16(bytes + 2) & 0xf;
    out->is_truncated = (get16(bytes + 2) & DNS_FLAG_TC) != 0;
    if (get16(bytes + 4) == 0) /* who cannot read us or will not serve us may leave the question out */
        return out->rcode != DNS_NOERROR && out->rcode != DNS_NXDOMAIN;
    size_t taken = name_expand(bytes, size, 12, name, &name_size);
    if (taken == 0 || 12 + taken + 4 > size || name_size != expected->name->size ||
        memcmp(name, expected->name->bytes, name_size) != 0 || get16(bytes + 12 + taken) != expected->type ||
        get16(bytes + 14 + taken) != DNS_IN)
        return false;
    read_answers(bytes, size, 12 + taken + 4, expected, out);
    return true;
}
