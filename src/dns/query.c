/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include "base/inlined.h"
#include "dns/bytes.h"
#include "dns/name_read.h"
#include "dns/subnet.h"
#include "dns/type.h"

#include <assert.h>

/* Of the third byte of a header (RFC 1035 §4.1.1). */
#define QR     0x80
#define OPCODE 0x78

/* QDCOUNT 1, and nothing in the other sections, as one number. */
#define COUNTS_ONE_QUESTION (UINT64_C(1) << 48)

/* The bytes of a question behind its name: type and class. */
#define QUESTION_FIXED_SIZE 4

/* The bytes of an RR between owner and rdata: type, class, TTL, RDLENGTH. */
#define RR_FIXED_SIZE 10
#define OPT_SIZE      (1 + RR_FIXED_SIZE) /* without options */

/* The rest of the struct is large and only written when it is read. */
static inline void edns_clear(struct edns *edns)
{
    edns->is_present = edns->dnssec_ok = edns->wants_nsid = edns->wants_keepalive = false;
    edns->version = edns->usual_size = 0;
    edns->local_option = 0;
    edns->udp_size = 512;
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

/* False, and there is none, if it is malformed. */
static inline bool read_question(const uint8_t *at, size_t size, struct dns_query *out)
{
    size_t name_size = name_read(at, size, &out->qname);
    if (name_size == 0 || size < name_size + QUESTION_FIXED_SIZE)
        return false;
    out->qtype = get_u16(at + name_size);
    out->qclass = get_u16(at + name_size + 2);
    out->question_size = (uint16_t)(name_size + QUESTION_FIXED_SIZE);
    return true;
}

/*
 * Readers of records take where they start and the end of the message, which is never passed, and return
 * where what they read ends; NULL: it is malformed.
 */

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

/* Reads all records, which start at `at`, and returns the rcode that the message deserves.  Without a
 * question they are still read: the refusal shall carry an OPT if the query has one. */
static enum dns_rcode read_all_records(const uint8_t *at, struct dns_query *out)
{
    const uint8_t *header = out->packet, *end = header + out->size;
    unsigned skipped_count = (unsigned)get_u16(header + 6) + get_u16(header + 8);
    at = read_records(at, end, skipped_count, false, out);
    if (at != NULL)
        at = read_records(at, end, get_u16(header + 10), true, out);
    if (at != end)
        return DNS_FORMERR;
    if (out->edns.version > 0)
        return DNS_BADVERS;
    bool asks_for_cookie = out->edns.cookie.is_present && skipped_count == 0;
    return out->question_size > 0 || asks_for_cookie ? DNS_NOERROR : DNS_FORMERR;
}

static enum dns_query_outcome conclude(enum dns_rcode rcode, struct dns_query *out)
{
    if ((out->packet[2] & OPCODE) != DNS_OPCODE_QUERY << 3)
        rcode = DNS_NOTIMP; /* whatever its sections mean */
    out->rcode = (uint8_t)rcode;
    return rcode == DNS_NOERROR && out->question_size > 0 ? DNS_QUERY_ACCEPT : DNS_QUERY_REFUSE;
}

static __attribute__((noinline)) enum dns_query_outcome read_records_only(bool has_question,
                                                                          struct dns_query *out)
{
    question_clear(out);
    return conclude(has_question ? DNS_FORMERR : read_all_records(out->packet + DNS_HEADER_SIZE, out), out);
}

static __attribute__((noinline)) enum dns_query_outcome read_behind_question(struct dns_query *out)
{
    return conclude(read_all_records(out->packet + DNS_HEADER_SIZE + out->question_size, out), out);
}

/* The same where there is one record only, which should be an OPT. */
static __attribute__((noinline)) enum dns_query_outcome read_last_record(const uint8_t *at,
                                                                         struct dns_query *out)
{
    const uint8_t *end = out->packet + out->size;
    if (at == end || read_record(at, end, true, out) != end)
        out->rcode = DNS_FORMERR;
    else if (out->edns.version > 0)
        out->rcode = DNS_BADVERS;
    return out->rcode == DNS_NOERROR ? DNS_QUERY_ACCEPT : DNS_QUERY_REFUSE;
}

/* The fixed part of an OPT behind its type: UDP size 16, rcode 8, version 8, DO 1, flags 15, RDLENGTH 16. */
static INLINED bool is_usual_opt(const uint8_t *at, uint64_t fixed, size_t rdlength)
{
    return get_u32(at) >> 8 == DNS_OPT && (uint16_t)fixed == rdlength && (uint8_t)(fixed >> 32) == 0;
}

static INLINED void take_usual_opt(uint64_t fixed, struct edns *out)
{
    out->is_present = true;
    out->udp_size = fixed >> 48 < 512 ? 512 : (uint16_t)(fixed >> 48);
    out->dnssec_ok = fixed >> 31 & 1;
}

/* Reads an OPT of this version and of `size` bytes, but for its options.  False if it is anything else. */
static INLINED bool read_usual_head(const uint8_t *at, size_t size, struct edns *out)
{
    const uint64_t fixed = get_u64(at + 3);
    if (!is_usual_opt(at, fixed, size - OPT_SIZE))
        return false;
    take_usual_opt(fixed, out);
    out->usual_size = (uint8_t)size;
    return true;
}

/* The same with its options: none but a client subnet.  False, and nothing is read, if they are others. */
static bool read_usual_opt(const uint8_t *at, size_t size, struct edns *out)
{
    struct edns_ecs ecs = { .is_present = false };
    const bool is_usual =
        size >= OPT_SIZE && (size == OPT_SIZE || subnet_read_alone(at + OPT_SIZE, size - OPT_SIZE, &ecs));
    if (!is_usual || !read_usual_head(at, size, out))
        return false;
    if (ecs.is_present)
        out->ecs = ecs;
    return true;
}

static inline void begin(const uint8_t *packet, size_t size, struct dns_query *out)
{
    edns_clear(&out->edns);
    out->packet = packet;
    out->size = (uint16_t)size;
    out->flags = get_u16(packet + 2);
    out->rcode = DNS_NOERROR;
}

/* The same of an OPT that ends the message and has a cookie alone, of a client or of a client and a server as
 * they usually are (RFC 9018).  Looked for last, and out of the way of the others. */
static __attribute__((noinline)) size_t read_cookie_in_front_of(const uint8_t *end, size_t room,
                                                                struct edns *out)
{
    enum { CLIENT = 8, BOTH = 24, OPTION_HEAD = 4 };
    static const uint8_t sizes[] = { CLIENT, BOTH };
    for (unsigned i = 0; i < 2; i++) {
        const size_t size = sizes[i], rdlength = OPTION_HEAD + size;
        if (room < OPT_SIZE + rdlength)
            break;
        const uint8_t *option = end - rdlength, *at = option - OPT_SIZE;
        const uint64_t fixed = get_u64(at + 3);
        if (get_u32(option) != ((uint32_t)EDNS_COOKIE << 16 | size) || !is_usual_opt(at, fixed, rdlength))
            continue;
        take_usual_opt(fixed, out);
        out->cookie.is_present = true;
        out->cookie.server_size = (uint8_t)(size - CLIENT);
        memcpy(out->cookie.client, option + OPTION_HEAD, CLIENT);
        memcpy(out->cookie.server, option + OPTION_HEAD + CLIENT, size - CLIENT);
        return OPT_SIZE + rdlength;
    }
    return 0;
}

/* The same where the message ends with it and has `room` for it: without options, with a client subnet as
 * resolvers send it, or with a cookie.  Returns its size; 0: it is another one, and what was written means
 * nothing. */
static INLINED size_t read_opt_in_front_of(const uint8_t *end, size_t room, struct edns *out)
{
    enum { WITH_SUBNET4 = OPT_SIZE + SUBNET4_SIZE, WITH_SUBNET6 = OPT_SIZE + SUBNET6_SIZE };
    if (room >= OPT_SIZE && read_usual_head(end - OPT_SIZE, OPT_SIZE, out))
        return OPT_SIZE;
    if (room >= WITH_SUBNET4 && subnet4_read(end - SUBNET4_SIZE, &out->ecs))
        return read_usual_head(end - WITH_SUBNET4, WITH_SUBNET4, out) ? WITH_SUBNET4 : 0;
    if (room >= WITH_SUBNET6 && subnet6_read(end - SUBNET6_SIZE, &out->ecs))
        return read_usual_head(end - WITH_SUBNET6, WITH_SUBNET6, out) ? WITH_SUBNET6 : 0;
    return read_cookie_in_front_of(end, room, out);
}

INLINED bool dns_query_glance(const uint8_t *packet, size_t size, struct dns_query *out)
{
    if (size < DNS_HEADER_SIZE + 1 + QUESTION_FIXED_SIZE || (packet[2] & (QR | OPCODE)) != 0)
        return false;
    const uint64_t counts = get_u64(packet + 4);
    const uint8_t *question = packet + DNS_HEADER_SIZE, *end = packet + size;
    begin(packet, size, out);
    if (counts != COUNTS_ONE_QUESTION) {
        const size_t room = size - (DNS_HEADER_SIZE + 1 + QUESTION_FIXED_SIZE);
        const size_t opt_size =
            counts == COUNTS_ONE_QUESTION + 1 ? read_opt_in_front_of(end, room, &out->edns) : 0;
        if (opt_size == 0)
            return false;
        end -= opt_size;
    }
    const uint8_t *fixed = end - QUESTION_FIXED_SIZE;
    const size_t name_size = (size_t)(fixed - question);
    if (name_size > DNS_NAME_SIZE_MAX || fixed[-1] != 0)
        return false;
    out->question_size = (uint16_t)(name_size + QUESTION_FIXED_SIZE);
    out->qtype = get_u16(fixed);
    out->qclass = get_u16(fixed + 2);
    out->qname.size = (uint8_t)name_size;
    out->qname.label_count = 0;
    copy_lowercase(out->qname.bytes, question, name_size);
    return true;
}

/* Lowercasing changed no length of a label, and made none of what is too large for one. */
bool dns_query_read_labels(struct dns_query *query)
{
    struct dns_name *qname = &query->qname;
    return name_find_labels(qname->bytes, qname->size, qname) == qname->size;
}

/* The usual query is read to its end here; for any other there is the way for all of them, which is entered
 * last, so that nothing has to be kept for a return. */
enum dns_query_outcome dns_query_parse(const uint8_t *packet, size_t size, struct dns_query *out)
{
    assert(size <= UINT16_MAX);
    if (size < DNS_HEADER_SIZE || (packet[2] & QR) != 0)
        return DNS_QUERY_DROP;
    begin(packet, size, out);
    const uint64_t counts = get_u64(packet + 4);
    const unsigned question_count = (unsigned)(counts >> 48);
    if (question_count != 1 || !read_question(packet + DNS_HEADER_SIZE, size - DNS_HEADER_SIZE, out))
        return read_records_only(question_count != 0, out);
    const uint8_t *behind = packet + DNS_HEADER_SIZE + out->question_size;
    const size_t left = size - DNS_HEADER_SIZE - out->question_size;
    if ((packet[2] & OPCODE) != DNS_OPCODE_QUERY << 3)
        return read_behind_question(out);
    if (counts == COUNTS_ONE_QUESTION && left == 0)
        return DNS_QUERY_ACCEPT;
    if (counts != COUNTS_ONE_QUESTION + 1)
        return read_behind_question(out);
    if (read_usual_opt(behind, left, &out->edns))
        return DNS_QUERY_ACCEPT;
    return read_last_record(behind, out);
}
