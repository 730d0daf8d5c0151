/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include "dns/bytes.h"
#include "dns/type.h"

#include <assert.h>

/* Of the third byte of a header (RFC 1035 §4.1.1). */
#define QR     0x80
#define OPCODE 0x78

/* QDCOUNT 1, and nothing in the other sections, as one number. */
#define COUNTS_ONE_QUESTION (UINT64_C(1) << 48)

/* The bytes of an RR between owner and rdata: type, class, TTL, RDLENGTH. */
#define RR_FIXED_SIZE 10

/*
 * Readers take where they start and the end of the message, which is never passed, and return where what they
 * read ends; NULL: it is malformed.
 */

/* The rest of the struct is large and only written when it is read. */
static inline void edns_clear(struct edns *edns)
{
    edns->is_present = edns->dnssec_ok = edns->wants_nsid = edns->wants_keepalive = false;
    edns->local_option = 0;
    edns->udp_size = 512;
    edns->version = 0;
    edns->ecs.is_present = edns->cookie.is_present = false;
}

static void question_clear(struct dns_query *out)
{
    out->question_size = 0;
    out->qtype = out->qclass = 0;
    out->qname.size = 1;
    out->qname.label_count = 0;
    out->qname.bytes[0] = 0;
}

static inline const uint8_t *read_question(const uint8_t *at, const uint8_t *end, struct dns_query *out)
{
    size_t size = dns_name_read(at, (size_t)(end - at), &out->qname);
    if (size == 0 || end - at < (ptrdiff_t)size + 4) {
        question_clear(out);
        return NULL;
    }
    out->qtype = get_u16(at + size);
    out->qclass = get_u16(at + size + 2);
    out->question_size = (uint16_t)(size + 4);
    return at + size + 4;
}

/* Passes over a name that may be compressed; where it points does not matter to us. */
static const uint8_t *skip_name(const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        uint8_t length = *at;
        size_t size = length >= 0xc0 ? 2 : 1 + (size_t)length;
        if ((length > DNS_LABEL_SIZE_MAX && length < 0xc0) || (size_t)(end - at) < size)
            return NULL;
        at += size;
        if (length == 0 || length >= 0xc0)
            return at;
    }
    return NULL;
}

/* Reads the OPT record (RFC 6891 §6.1.2), `fixed` being what follows its owner. */
static inline bool read_opt(const uint8_t *fixed, size_t rdlength, struct edns *out)
{
    if (out->is_present)
        return false; /* more than one (RFC 6891 §6.1.1) */
    uint16_t udp_size = get_u16(fixed + 2);
    out->is_present = true;
    out->udp_size = udp_size < 512 ? 512 : udp_size;
    out->version = fixed[5];
    out->dnssec_ok = fixed[6] >> 7;
    if (rdlength == 0 || out->version > 0 || edns_read_options(fixed + RR_FIXED_SIZE, rdlength, out))
        return true; /* options of another version may mean anything */
    out->ecs.is_present = out->cookie.is_present = false;
    return false;
}

static inline const uint8_t *read_record(const uint8_t *owner, const uint8_t *end, bool is_additional,
                                         struct dns_query *out)
{
    const uint8_t *fixed = *owner == 0 ? owner + 1 : skip_name(owner, end);
    if (fixed == NULL || end - fixed < RR_FIXED_SIZE)
        return NULL;
    size_t rdlength = get_u16(fixed + 8);
    if (rdlength > (size_t)(end - fixed) - RR_FIXED_SIZE)
        return NULL;
    if (is_additional && get_u16(fixed) == DNS_OPT && (*owner != 0 || !read_opt(fixed, rdlength, &out->edns)))
        return NULL;
    return fixed + RR_FIXED_SIZE + rdlength;
}

static const uint8_t *read_records(const uint8_t *at, const uint8_t *end, unsigned count, bool is_additional,
                                   struct dns_query *out)
{
    for (; count > 0 && at != NULL; count--)
        at = at < end ? read_record(at, end, is_additional, out) : NULL;
    return at;
}

/* Reads everything behind the header and returns the rcode that it deserves.  Without a question the records
 * are still read: the refusal shall carry an OPT if the query has one. */
static __attribute__((noinline)) enum dns_rcode read_unusual(const uint8_t *header, const uint8_t *end,
                                                             struct dns_query *out)
{
    const uint8_t *at = header + DNS_HEADER_SIZE;
    unsigned question_count = get_u16(header + 4);
    unsigned skipped_count = (unsigned)get_u16(header + 6) + get_u16(header + 8);
    if (question_count == 1)
        at = read_question(at, end, out);
    else
        question_clear(out);
    if (at == NULL || question_count > 1)
        return DNS_FORMERR;
    at = read_records(at, end, skipped_count, false, out);
    if (at != NULL)
        at = read_records(at, end, get_u16(header + 10), true, out);
    if (at != end)
        return DNS_FORMERR;
    if (out->edns.version > 0)
        return DNS_BADVERS;
    bool asks_for_cookie = out->edns.cookie.is_present && skipped_count == 0;
    return question_count == 1 || asks_for_cookie ? DNS_NOERROR : DNS_FORMERR;
}

/* The same of a message with a question and at most one record more, its OPT. */
static inline enum dns_rcode read_usual(const uint8_t *header, const uint8_t *end, bool has_record,
                                        struct dns_query *out)
{
    const uint8_t *at = read_question(header + DNS_HEADER_SIZE, end, out);
    if (at == NULL)
        return DNS_FORMERR;
    if (has_record)
        at = at < end ? read_record(at, end, true, out) : NULL;
    if (at != end)
        return DNS_FORMERR;
    return has_record && out->edns.version > 0 ? DNS_BADVERS : DNS_NOERROR;
}

enum dns_query_outcome dns_query_parse(const uint8_t *packet, size_t size, struct dns_query *out)
{
    assert(size <= UINT16_MAX);
    if (size < DNS_HEADER_SIZE || (packet[2] & QR) != 0)
        return DNS_QUERY_DROP;
    edns_clear(&out->edns);
    out->packet = packet;
    out->size = (uint16_t)size;
    out->flags = get_u16(packet + 2);
    uint64_t counts = get_u64(packet + 4);
    if ((counts & ~UINT64_C(1)) == COUNTS_ONE_QUESTION)
        out->rcode = (uint8_t)read_usual(packet, packet + size, counts & 1, out);
    else
        out->rcode = (uint8_t)read_unusual(packet, packet + size, out);
    if ((packet[2] & OPCODE) != DNS_OPCODE_QUERY << 3)
        out->rcode = DNS_NOTIMP; /* whatever its sections mean */
    return out->rcode == DNS_NOERROR && out->question_size > 0 ? DNS_QUERY_ACCEPT : DNS_QUERY_REFUSE;
}
