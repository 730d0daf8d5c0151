/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/ready.h"

#include "base/inlined.h"
#include "dns/bytes.h"
#include "dns/plain_opt.h"
#include "dns/type.h"

#include <assert.h>

#define QUESTION_MOST (DNS_NAME_SIZE_MAX + 4)

#define OWNER_IS_QNAME UINT64_C(0xc00c) /* a pointer behind the header */

/* Counts of the sections as the header has them, of which one stands in each 16 bits. */
#define ONE_QUESTION UINT64_C(0x0001000000000000)
#define ONE_ANSWER   UINT64_C(0x0000000100000000)
#define ONE_SOA      UINT64_C(0x0000000000010000)

static size_t question_end(const struct dns_query *query)
{
    return DNS_HEADER_SIZE + (size_t)query->question_size;
}

static bool fits(const struct dns_query *query, size_t records_size)
{
    return question_end(query) + records_size + PLAIN_OPT_MOST <= DNS_READY_MOST;
}

/* Writes the header and the question as it was sent; returns where the records go.  `flags` are AA and the
 * rcode. */
static inline uint8_t *begin(const struct dns_query *query, unsigned flags, uint64_t counts, uint8_t *buffer)
{
    size_t size = question_end(query);
    copy_blocks(buffer, query->packet, size); /* 17 bytes at least */
    put_u16(buffer + 2, DNS_FLAG_QR | (query->flags & DNS_FLAG_RD) | flags);
    put_u64(buffer + 4, ONE_QUESTION | counts | query->edns.is_present);
    return buffer + size;
}

static __attribute__((noinline)) size_t
end_otherwise(const struct dns_query *query, struct dns_ready_edns edns, const uint8_t *buffer, uint8_t *at)
{
    return (size_t)(plain_opt_write(&query->edns, edns, at) - buffer);
}

/* Ends the reply behind the records; returns its size. */
static INLINED size_t end(const struct dns_query *query, struct dns_ready_edns edns, const uint8_t *buffer,
                          uint8_t *at)
{
    if (!query->edns.is_present)
        return (size_t)(at - buffer);
    const size_t usual_size = query->edns.usual_size;
    if (usual_size == 0)
        return end_otherwise(query, edns, buffer, at);
    return (size_t)(plain_opt_echo(query->packet + question_end(query), usual_size, edns, at) - buffer);
}

INLINED size_t dns_ready_copy(const struct dns_query *query, struct dns_ready_edns edns,
                              const struct dns_rrset *rrset, uint8_t *buffer)
{
    if (!fits(query, rrset->size))
        return 0;
    uint8_t *at = begin(query, DNS_FLAG_AA, rrset->count * ONE_ANSWER, buffer);
    copy_bytes(at, rrset->wire, rrset->size);
    return end(query, edns, buffer, at + rrset->size);
}

/* Writes an address of the type that was asked for; returns where it ends. */
static INLINED uint8_t *write_address(const struct dns_query *query, uint32_t ttl_s, const uint8_t *rdata,
                                      uint8_t *at)
{
    const bool is_v4 = query->qtype == DNS_A;
    const size_t size = is_v4 ? 4 : 16;
    put_u64(at, OWNER_IS_QNAME << 48 | (uint64_t)query->qtype << 32 | DNS_IN << 16 | ttl_s >> 16);
    put_u32(at + 8, ttl_s << 16 | (uint32_t)size);
    if (is_v4)
        memcpy(at + DNS_RR_HEADER_SIZE, rdata, 4);
    else
        memcpy(at + DNS_RR_HEADER_SIZE, rdata, 16);
    return at + DNS_RR_HEADER_SIZE + size;
}

size_t dns_ready_addresses(const struct dns_query *query, struct dns_ready_edns edns, uint32_t ttl_s,
                           const uint8_t *const *rdatas, size_t count, uint8_t *buffer)
{
    if (!fits(query, count * (DNS_RR_HEADER_SIZE + (query->qtype == DNS_A ? 4u : 16u))))
        return 0;
    uint8_t *at = begin(query, DNS_FLAG_AA, count * ONE_ANSWER, buffer);
    for (size_t i = 0; i < count; i++)
        at = write_address(query, ttl_s, rdatas[i], at);
    return end(query, edns, buffer, at);
}

static_assert(DNS_HEADER_SIZE + QUESTION_MOST + DNS_RR_HEADER_SIZE + 16 + PLAIN_OPT_MOST <= DNS_READY_MOST,
              "one address always fits");

INLINED size_t dns_ready_address(const struct dns_query *query, struct dns_ready_edns edns, uint32_t ttl_s,
                                 const uint8_t *rdata, uint8_t *buffer)
{
    uint8_t *at = begin(query, DNS_FLAG_AA, ONE_ANSWER, buffer);
    return end(query, edns, buffer, write_address(query, ttl_s, rdata, at));
}

size_t dns_ready_negative(const struct dns_query *query, struct dns_ready_edns edns, unsigned rcode,
                          const struct dns_negative *negative, size_t apex_size, uint8_t *buffer)
{
    if (negative->size == 0 || !fits(query, negative->size))
        return 0;
    uint8_t *at = begin(query, DNS_FLAG_AA | rcode, ONE_SOA, buffer);
    unsigned apex_at = (unsigned)(DNS_HEADER_SIZE + query->qname.size - apex_size);
    copy_blocks(at, negative->bytes, negative->size);
    for (unsigned i = 0; i < negative->pointer_count; i++)
        put_u16(at + negative->pointers[i], 0xc000 | apex_at);
    return end(query, edns, buffer, at + negative->size);
}

size_t dns_ready_add_error(const struct dns_query *query, enum ede_code why, const char *text,
                           uint8_t *buffer, size_t size)
{
    const size_t options_size = plain_opt_size(&query->edns) - PLAIN_OPT_SIZE, text_size = strlen(text);
    uint8_t *at = buffer + size;
    put_u16(at - options_size - 2, (unsigned)(options_size + DNS_READY_ERROR_SIZE + text_size));
    put_u32(at, (uint32_t)EDNS_EDE << 16 | (uint32_t)(2 + text_size));
    put_u16(at + 4, (unsigned)why);
    memcpy(at + DNS_READY_ERROR_SIZE, text, text_size);
    return size + DNS_READY_ERROR_SIZE + text_size;
}

size_t dns_ready_refuse(const struct dns_query *query, struct dns_ready_edns edns, unsigned rcode,
                        enum ede_code why, uint8_t *buffer)
{
    uint8_t *at = begin(query, rcode, 0, buffer);
    const size_t size = end(query, edns, buffer, at);
    return query->edns.is_present ? dns_ready_add_error(query, why, "", buffer, size) : size;
}

size_t dns_ready_add_cookie(const struct dns_query *query, const uint8_t cookie[DNS_COOKIE_SIZE],
                            uint8_t *buffer, size_t size)
{
    const size_t options_size = subnet_size(&query->edns.ecs);
    uint8_t *at = buffer + size;
    put_u16(at - options_size - 2, (unsigned)options_size + PLAIN_COOKIE_SIZE);
    put_u32(at, (uint32_t)EDNS_COOKIE << 16 | DNS_COOKIE_SIZE);
    memcpy(at + 4, cookie, DNS_COOKIE_SIZE);
    return size + PLAIN_COOKIE_SIZE;
}

/* ---- making a negative answer ready ---- */

/* Appends a name of the SOA, its end as a pointer if that is the apex.  False if there is no room. */
static bool add_name(struct dns_negative *negative, size_t *size, const struct dns_name *apex,
                     const uint8_t *wire)
{
    struct dns_name name;
    dns_name_from_wire(wire, &name);
    bool is_within = apex->size > 1 && dns_name_is_within(&name, apex); /* the root needs no pointer */
    size_t own_size = is_within ? (size_t)name.size - apex->size : name.size;
    if (*size + own_size + 2 > sizeof negative->bytes)
        return false;
    memcpy(negative->bytes + *size, wire, own_size);
    *size += own_size;
    if (is_within) {
        negative->pointers[negative->pointer_count++] = (uint8_t)*size;
        *size += 2;
    }
    return true;
}

void dns_negative_make(const struct dns_name *apex, const struct dns_rrset *soa, uint32_t ttl_s,
                       struct dns_negative *out)
{
    const uint8_t *rdata = dns_rr_rdata(soa->wire), *numbers = rdata;
    size_t size = 0, fixed_at;
    *out = (struct dns_negative){ 0 };
    for (unsigned i = 0; i < 2; i++)
        numbers += dns_name_wire_size(numbers);
    const size_t numbers_size = (size_t)(rdata + dns_rr_rdlength(soa->wire) - numbers);
    if (!add_name(out, &size, apex, apex->bytes) || size + 10 > sizeof out->bytes)
        return;
    fixed_at = size;
    size += 10;
    if (!add_name(out, &size, apex, rdata) ||
        !add_name(out, &size, apex, rdata + dns_name_wire_size(rdata)) ||
        size + numbers_size > sizeof out->bytes)
        return;
    memcpy(out->bytes + size, numbers, numbers_size);
    size += numbers_size;
    put_u16(out->bytes + fixed_at, DNS_SOA);
    put_u16(out->bytes + fixed_at + 2, DNS_IN);
    put_u32(out->bytes + fixed_at + 4, ttl_s);
    put_u16(out->bytes + fixed_at + 8, (unsigned)(size - fixed_at - 10));
    out->size = (uint8_t)size;
}
