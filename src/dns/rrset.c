/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/rrset.h"

#include "base/memory.h"
#include "dns/bytes.h"
#include "dns/name.h"
#include "dns/type.h"

#include <assert.h>
#include <stdbool.h>

/* Where the names end that start at the layout's offset; 0 if they are broken. */
static size_t names_end(const struct dns_type_layout *layout, const uint8_t *rdata, size_t size)
{
    size_t at = layout->name_at;
    for (unsigned i = 0; i < layout->name_count; i++) {
        struct dns_name name;
        size_t used = at < size ? dns_name_read(rdata + at, size - at, &name) : 0;
        if (used == 0)
            return 0;
        at += used;
    }
    return at;
}

bool dns_rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t size)
{
    const struct dns_type_layout *layout = dns_type_layout(type);
    if (type == DNS_A || type == DNS_AAAA)
        return size == (type == DNS_A ? 4 : 16);
    if (layout->name_count == 0)
        return true;
    size_t end = names_end(layout, rdata, size);
    return end > 0 && (layout->tail_size == DNS_TAIL_ANY || size - end == layout->tail_size);
}

/* Names are equal without regard to case. */
static bool is_equal_rdata(const struct dns_type_layout *layout, const uint8_t *a, const uint8_t *b,
                           size_t size)
{
    if (memcmp(a, b, size) == 0)
        return true;
    if (layout->name_count == 0)
        return false;
    size_t from = layout->name_at, to = names_end(layout, a, size);
    if (memcmp(a, b, from) != 0 || memcmp(a + to, b + to, size - to) != 0)
        return false;
    for (size_t i = from; i < to; i++) {
        if (lowercase(a[i]) != lowercase(b[i]))
            return false;
    }
    return true;
}

static bool is_repeated(const struct dns_type_layout *layout, const uint8_t *const *rdatas,
                        const uint16_t *sizes, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (sizes[i] == sizes[index] && is_equal_rdata(layout, rdatas[i], rdatas[index], sizes[i]))
            return true;
    }
    return false;
}

static uint8_t *put_rr(uint8_t *at, uint16_t type, uint32_t ttl_s, const uint8_t *rdata, uint16_t size)
{
    put_u16(at, 0xc000 | 12);
    put_u16(at + 2, type);
    put_u16(at + 4, DNS_IN);
    put_u32(at + 6, ttl_s);
    put_u16(at + 10, size);
    if (size > 0)
        memcpy(at + DNS_RR_HEADER_SIZE, rdata, size);
    return at + DNS_RR_HEADER_SIZE + size;
}

void dns_rrset_write(uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas, const uint16_t *sizes,
                     size_t count, struct dns_rrset *out)
{
    assert(count >= 1 && count <= UINT16_MAX);
    const struct dns_type_layout *layout = dns_type_layout(type);
    uint8_t *at = out->wire;
    uint16_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        assert(dns_rdata_is_valid(type, rdatas[i], sizes[i]));
        if (is_repeated(layout, rdatas, sizes, i))
            continue;
        at = put_rr(at, type, ttl_s, rdatas[i], sizes[i]);
        kept++;
    }
    *out =
        (struct dns_rrset){ .type = type, .count = kept, .ttl_s = ttl_s, .size = (uint32_t)(at - out->wire) };
}

struct dns_rrset *dns_rrset_new(uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas,
                                const uint16_t *sizes, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += DNS_RR_HEADER_SIZE + (size_t)sizes[i];
    struct dns_rrset *rrset = xcalloc(1, sizeof *rrset + most);
    dns_rrset_write(type, ttl_s, rdatas, sizes, count, rrset);
    return rrset;
}
