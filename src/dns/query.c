/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include "dns/bytes.h"
#include "dns/type.h"

#include <assert.h>

#define FLAG_QR 0x8000

/* QDCOUNT 1, and nothing in the other sections, as one number. */
#define COUNTS_ONE_QUESTION (UINT64_C(1) << 48)

/* The bytes of an RR between owner and rdata: type, class, TTL, RDLENGTH. */
#define RR_FIXED_SIZE 10

/* What is left to read of a message.  `at` never passes `end`. */
struct reader {
    const uint8_t *at, *end;
};

/* Sets what a refusal may find unread.  The rest of the struct is large and only written when it is read. */
static void query_clear(struct dns_query *query)
{
    query->rcode = DNS_NOERROR;
    query->question_size = 0;
    query->qtype = query->qclass = 0;
    query->edns.is_present = query->edns.dnssec_ok = false;
    query->edns.version = 0;
    query->edns.udp_size = 512;
    query->edns.wants_nsid = query->edns.wants_keepalive = false;
    query->edns.ecs.is_present = query->edns.cookie.is_present = false;
}

static void qname_clear(struct dns_name *qname)
{
    qname->size = 1;
    qname->label_count = 0;
    qname->bytes[0] = 0;
}

static bool read_question(struct reader *reader, struct dns_query *out)
{
    size_t size = dns_name_read(reader->at, (size_t)(reader->end - reader->at), &out->qname);
    if (size == 0 || reader->end - reader->at < (ptrdiff_t)size + 4) {
        qname_clear(&out->qname);
        return false;
    }
    out->qtype = get_u16(reader->at + size);
    out->qclass = get_u16(reader->at + size + 2);
    out->question_size = (uint16_t)(size + 4);
    reader->at += size + 4;
    return true;
}

/* Passes over a name that may be compressed; where it points does not matter to us. */
static bool skip_name(struct reader *reader)
{
    while (reader->at < reader->end) {
        uint8_t length = *reader->at;
        size_t size = length >= 0xc0 ? 2 : 1 + (size_t)length;
        if ((length > DNS_LABEL_SIZE_MAX && length < 0xc0) || (size_t)(reader->end - reader->at) < size)
            return false;
        reader->at += size;
        if (length == 0 || length >= 0xc0)
            return true;
    }
    return false;
}

/* Reads the OPT record (RFC 6891 §6.1.2), `fixed` being what follows its owner. */
static bool read_opt(const uint8_t *fixed, const uint8_t *rdata, size_t rdlength, struct edns *out)
{
    if (out->is_present)
        return false; /* more than one (RFC 6891 §6.1.1) */
    uint16_t udp_size = get_u16(fixed + 2);
    out->is_present = true;
    out->udp_size = udp_size < 512 ? 512 : udp_size;
    out->version = fixed[5];
    out->dnssec_ok = fixed[6] >> 7;
    if (out->version > 0 || edns_read_options(rdata, rdlength, out))
        return true; /* options of another version may mean anything */
    out->ecs.is_present = out->cookie.is_present = false;
    return false;
}

static bool read_records(struct reader *reader, unsigned count, bool is_additional, struct dns_query *out)
{
    for (; count > 0; count--) {
        const uint8_t *owner = reader->at;
        if (!skip_name(reader) || reader->end - reader->at < RR_FIXED_SIZE)
            return false;
        const uint8_t *fixed = reader->at;
        size_t rdlength = get_u16(fixed + 8);
        const uint8_t *rdata = fixed + RR_FIXED_SIZE;
        if (rdlength > (size_t)(reader->end - rdata))
            return false;
        reader->at = rdata + rdlength;
        if (!is_additional || get_u16(fixed) != DNS_OPT)
            continue;
        if (*owner != 0 || !read_opt(fixed, rdata, rdlength, &out->edns))
            return false;
    }
    return true;
}

/* Reads everything behind the header and returns the rcode that it deserves.  Without a question the records
 * are still read: the refusal shall carry an OPT if the query has one. */
static __attribute__((noinline)) enum dns_rcode read_unusual(struct reader *reader, struct dns_query *out)
{
    const uint8_t *header = out->packet;
    unsigned question_count = get_u16(header + 4);
    if (question_count != 1)
        qname_clear(&out->qname);
    if (question_count == 1 ? !read_question(reader, out) : question_count > 1)
        return DNS_FORMERR;
    unsigned skipped_count = (unsigned)get_u16(header + 6) + get_u16(header + 8);
    if (!read_records(reader, skipped_count, false, out) ||
        !read_records(reader, get_u16(header + 10), true, out) || reader->at != reader->end)
        return DNS_FORMERR;
    if (out->edns.version > 0)
        return DNS_BADVERS;
    bool asks_for_cookie = out->edns.cookie.is_present && skipped_count == 0;
    return question_count == 1 || asks_for_cookie ? DNS_NOERROR : DNS_FORMERR;
}

/* The same of a message with a question and at most one record more, its OPT. */
static enum dns_rcode read_usual(struct reader *reader, bool has_record, struct dns_query *out)
{
    if (!read_question(reader, out) || (has_record && !read_records(reader, 1, true, out)) ||
        reader->at != reader->end)
        return DNS_FORMERR;
    return out->edns.version > 0 ? DNS_BADVERS : DNS_NOERROR;
}

enum dns_query_outcome dns_query_parse(const uint8_t *packet, size_t size, struct dns_query *out)
{
    assert(size <= UINT16_MAX);
    if (size < DNS_HEADER_SIZE || (packet[2] & FLAG_QR >> 8) != 0)
        return DNS_QUERY_DROP;
    query_clear(out);
    out->packet = packet;
    out->size = (uint16_t)size;
    out->id = get_u16(packet);
    out->flags = get_u16(packet + 2);
    out->opcode = packet[2] >> 3 & 15;
    struct reader reader = { .at = packet + DNS_HEADER_SIZE, .end = packet + size };
    uint64_t counts = get_u64(packet + 4);
    if ((counts & ~UINT64_C(1)) == COUNTS_ONE_QUESTION)
        out->rcode = (uint8_t)read_usual(&reader, counts & 1, out);
    else
        out->rcode = (uint8_t)read_unusual(&reader, out);
    if (out->opcode != DNS_OPCODE_QUERY)
        out->rcode = DNS_NOTIMP; /* whatever its sections mean */
    return out->rcode == DNS_NOERROR && out->question_size > 0 ? DNS_QUERY_ACCEPT : DNS_QUERY_REFUSE;
}
