/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/draft.h"

#include "base/inlined.h"
#include "dns/bytes.h"
#include "dns/plain_opt.h"
#include "dns/reply_opt.h"
#include "dns/type.h"

#define POINTER            0xc000u
#define POINTER_OFFSET_END 0x4000 /* a pointer has 14 bits */

static inline void begin(struct dns_draft *out, const struct dns_query *query, uint8_t *buffer, size_t limit,
                         size_t opt_size)
{
    const size_t size = DNS_HEADER_SIZE + (size_t)query->question_size;
    out->query = query;
    out->buffer = buffer;
    out->at = buffer + size;
    out->limit = limit;
    out->is_full = size + opt_size > limit;
    out->end = out->is_full ? out->at : buffer + limit - opt_size;
    out->counts = DNS_ONE_QUESTION;
    out->name_count = 1;
    out->names[0].name = &query->qname;
    out->names[0].at = DNS_HEADER_SIZE;
    copy_blocks(buffer, query->packet, size); /* 17 bytes at least */
}

void dns_draft_begin(struct dns_draft *out, const struct dns_query *query, uint8_t *buffer, size_t limit,
                     const struct dns_reply_edns *edns)
{
    begin(out, query, buffer, limit < UINT16_MAX ? limit : UINT16_MAX, reply_opt_size(edns));
}

INLINED void dns_draft_begin_plain(struct dns_draft *out, const struct dns_query *query, uint8_t *buffer,
                                   size_t limit)
{
    begin(out, query, buffer, limit, plain_opt_size(&query->edns));
}

void dns_draft_cut(struct dns_draft *draft)
{
    draft->at = draft->buffer + DNS_HEADER_SIZE + draft->query->question_size;
    draft->counts = DNS_ONE_QUESTION;
    draft->is_full = false;
}

static void count(struct dns_draft *draft, enum dns_section section, uint64_t records)
{
    draft->counts += records << (32 - 16 * (unsigned)section);
}

/* The place of the next `size` bytes, or NULL. */
static inline uint8_t *take(struct dns_draft *draft, size_t size)
{
    uint8_t *at = draft->at;
    draft->is_full |= (size_t)(draft->end - at) < size;
    if (draft->is_full)
        return NULL;
    draft->at += size;
    return at;
}

void dns_draft_add(struct dns_draft *draft, enum dns_section section, unsigned owner,
                   const struct dns_rrset *rrset)
{
    uint8_t *at = take(draft, rrset->size);
    if (at == NULL)
        return;
    copy_bytes(at, rrset->wire, rrset->size);
    count(draft, section, rrset->count);
    for (; owner != DNS_DRAFT_QNAME && at < draft->at; at += DNS_RR_HEADER_SIZE + dns_rr_rdlength(at))
        put_u16(at, owner);
}

void dns_draft_add_image(struct dns_draft *draft, enum dns_section section, const struct dns_image *image,
                         const struct dns_rrset *rrset, unsigned shift)
{
    const uint8_t *offsets = dns_image_offsets(image);
    const size_t size = dns_image_size(image, rrset);
    uint8_t *at = take(draft, size);
    if (at == NULL)
        return;
    copy_bytes(at, dns_image_bytes(image, rrset), size);
    count(draft, section, rrset->count);
    if (shift == 0)
        return;
    for (unsigned i = 0; i < image->pointer_count; i++) {
        uint16_t offset;
        memcpy(&offset, offsets + 2 * (size_t)i, sizeof offset);
        put_u16(at + offset, get_u16(at + offset) + shift);
    }
}

unsigned dns_draft_add_alias(struct dns_draft *draft, const struct dns_image *image,
                             const struct dns_rrset *rrset, unsigned owner, unsigned apex)
{
    uint8_t *at = draft->at;
    dns_draft_add_image(draft, DNS_ANSWER, image, rrset, 0);
    if (draft->is_full)
        return 0;
    put_u16(at, owner);
    put_u16(draft->at - 2, apex);
    return POINTER | (unsigned)(at + DNS_RR_HEADER_SIZE - draft->buffer);
}

/* Lets all records of some addresses be owned by what `owner` points to; returns their end. */
static inline uint8_t *own_addresses(uint8_t *at, unsigned owner, const struct dns_rrset *rrset)
{
    const size_t size = DNS_RR_HEADER_SIZE + (rrset->type == DNS_A ? 4 : 16);
    for (unsigned left = rrset->count; left > 0; left--, at += size)
        put_u16(at, owner);
    return at;
}

void dns_draft_add_addresses(struct dns_draft *draft, const uint8_t *own, size_t own_size, unsigned owner,
                             const struct dns_rrset *a, const struct dns_rrset *aaaa)
{
    const struct dns_rrset *first = a != NULL ? a : aaaa, *second = a != NULL ? aaaa : NULL;
    draft->is_full |= draft->at - draft->buffer >= POINTER_OFFSET_END; /* no pointer leads there */
    uint8_t *at =
        first == NULL ? NULL : take(draft, own_size + first->size + (second != NULL ? second->size : 0));
    if (at == NULL)
        return;
    const unsigned all = own_size > 0 ? POINTER | (unsigned)(at - draft->buffer) : owner;
    uint8_t *records = at + own_size;
    copy_bytes(records, first->wire, first->size);
    uint8_t *behind = own_addresses(records, all, first);
    if (own_size > 0) {
        copy_bytes(at, own, own_size);
        put_u16(records, owner);
    }
    count(draft, DNS_ADDITIONAL, first->count);
    if (second == NULL)
        return;
    copy_bytes(behind, second->wire, second->size);
    own_addresses(behind, all, second);
    count(draft, DNS_ADDITIONAL, second->count);
}

static void put_header(uint8_t *at, unsigned owner, uint16_t type, uint32_t ttl_s, size_t rdlength)
{
    put_u16(at, owner);
    put_u16(at + 2, type);
    put_u16(at + 4, DNS_IN);
    put_u32(at + 6, ttl_s);
    put_u16(at + 10, (unsigned)rdlength);
}

void dns_draft_add_made(struct dns_draft *draft, unsigned owner, uint16_t type, uint32_t ttl_s,
                        const uint8_t *const *rdatas, size_t rdlength, size_t rdata_count)
{
    uint8_t *at = take(draft, rdata_count * (DNS_RR_HEADER_SIZE + rdlength));
    if (at == NULL)
        return;
    count(draft, DNS_ANSWER, rdata_count);
    for (size_t i = 0; i < rdata_count; i++, at += DNS_RR_HEADER_SIZE + rdlength) {
        put_header(at, owner, type, ttl_s, rdlength);
        copy_bytes(at + DNS_RR_HEADER_SIZE, rdatas[i], rdlength);
    }
}

/* ---- names ---- */

/* Labels at the end that two names have in common. */
static unsigned common_labels(const struct dns_name *a, const struct dns_name *b)
{
    const unsigned most = a->label_count < b->label_count ? a->label_count : b->label_count;
    for (unsigned i = 1; i <= most; i++) {
        const uint8_t *left = dns_name_suffix(a, i), *right = dns_name_suffix(b, i);
        if (*left != *right || !dns_name_bytes_equal(left + 1, right + 1, *left))
            return i - 1;
    }
    return most;
}

/* The first of its places. */
unsigned dns_draft_find_suffix(const struct dns_draft *draft, const struct dns_name *name, unsigned *at)
{
    unsigned most = 0;
    for (unsigned i = 0; i < draft->name_count; i++) {
        const struct dns_name *known = draft->names[i].name;
        unsigned labels = common_labels(name, known);
        if (labels > most) { /* then it begins in the part of this name that is written in full */
            most = labels;
            *at = draft->names[i].at + (unsigned)(dns_name_suffix(known, labels) - known->bytes);
        }
    }
    return most;
}

static void remember(struct dns_draft *draft, const struct dns_name *name, unsigned at)
{
    if (draft->name_count == DNS_DRAFT_NAMES || at + DNS_NAME_SIZE_MAX >= POINTER_OFFSET_END) {
        draft->is_full = true;
        return;
    }
    draft->names[draft->name_count].name = name;
    draft->names[draft->name_count++].at = at;
}

void dns_draft_note_name(struct dns_draft *draft, const struct dns_name *name)
{
    remember(draft, name, (unsigned)(draft->at - draft->buffer));
}

/* Returns a pointer to the name; 0: it is the root, to which none leads, or did not fit. */
static unsigned put_name(struct dns_draft *draft, const uint8_t *wire, const struct dns_name *name)
{
    unsigned found = 0, labels = dns_draft_find_suffix(draft, name, &found);
    const size_t own_size = (size_t)(dns_name_suffix(name, labels) - name->bytes);
    const unsigned at = (unsigned)(draft->at - draft->buffer);
    uint8_t *place = take(draft, own_size + (labels > 0 ? 2 : 1));
    if (place == NULL)
        return 0;
    copy_bytes(place, wire, own_size);
    if (labels > 0)
        put_u16(place + own_size, POINTER | found);
    else
        place[own_size] = 0;
    if (own_size == 0)
        return labels > 0 ? POINTER | found : 0;
    remember(draft, name, at);
    return POINTER | at;
}

unsigned dns_draft_add_name(struct dns_draft *draft, enum dns_section section, unsigned owner, uint16_t type,
                            uint32_t ttl_s, const uint8_t *head, size_t head_size, const uint8_t *wire,
                            const struct dns_name *name)
{
    uint8_t *header = take(draft, DNS_RR_HEADER_SIZE + head_size);
    if (header == NULL)
        return 0;
    const uint8_t *rdata = header + DNS_RR_HEADER_SIZE;
    copy_bytes(header + DNS_RR_HEADER_SIZE, head, head_size);
    unsigned pointer = put_name(draft, wire, name);
    put_header(header, owner, type, ttl_s, (size_t)(draft->at - rdata));
    count(draft, section, 1);
    return pointer;
}

void dns_draft_add_owned(struct dns_draft *draft, enum dns_section section, const struct dns_name *name,
                         unsigned *owner, const struct dns_rrset *rrset)
{
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const size_t size = DNS_RR_HEADER_SIZE - 2 + dns_rr_rdlength(rr);
        uint8_t *pointer = *owner != 0 ? take(draft, 2) : NULL;
        if (pointer != NULL)
            put_u16(pointer, *owner);
        else
            *owner = put_name(draft, name->bytes, name);
        uint8_t *rest = take(draft, size);
        if (rest == NULL)
            return;
        copy_bytes(rest, rr + 2, size);
    }
    count(draft, section, rrset->count);
}

/* ---- the SOA ---- */

static uint8_t *put_soa(struct dns_draft *draft, const struct dns_negative *negative, size_t apex_size)
{
    draft->is_full |= negative->size == 0; /* too long to lie ready */
    uint8_t *at = take(draft, negative->size);
    if (at == NULL)
        return NULL;
    unsigned apex_at = (unsigned)(DNS_HEADER_SIZE + draft->query->qname.size - apex_size);
    copy_blocks(at, negative->bytes, negative->size);
    for (unsigned i = 0; i < negative->pointer_count; i++)
        put_u16(at + negative->pointers[i], POINTER | apex_at);
    return at;
}

void dns_draft_deny(struct dns_draft *draft, const struct dns_negative *negative, size_t apex_size)
{
    put_soa(draft, negative, apex_size);
    count(draft, DNS_AUTHORITY, 1);
}

void dns_draft_add_soa(struct dns_draft *draft, const struct dns_negative *negative, size_t apex_size,
                       uint32_t ttl_s)
{
    draft->is_full |= apex_size == 1; /* the root is not written as a pointer */
    uint8_t *at = put_soa(draft, negative, apex_size);
    if (at != NULL)
        put_u32(at + 6, ttl_s);
    count(draft, DNS_ANSWER, 1);
}

/* Writes what is left of the header; returns the size so far. */
static inline size_t end(const struct dns_draft *draft, unsigned flags, bool has_opt)
{
    put_u16(draft->buffer + 2, DNS_FLAG_QR | (draft->query->flags & DNS_FLAG_RD) | flags);
    put_u64(draft->buffer + 4, draft->counts + has_opt);
    return (size_t)(draft->at - draft->buffer);
}

size_t dns_draft_end(const struct dns_draft *draft, unsigned flags, const struct dns_reply_edns *edns)
{
    const bool has_opt = edns->udp_size > 0;
    if (draft->is_full)
        return 0;
    const size_t size = end(draft, flags, has_opt);
    return has_opt ? size + reply_opt_write(edns, DNS_NOERROR, draft->at, draft->limit - size) : size;
}

INLINED size_t dns_draft_end_plain(const struct dns_draft *draft, unsigned flags, struct dns_ready_edns edns)
{
    const struct edns *asked = &draft->query->edns;
    if (draft->is_full)
        return 0;
    const size_t size = end(draft, flags, asked->is_present);
    return asked->is_present ? (size_t)(plain_opt_write(asked, edns, draft->at) - draft->buffer) : size;
}
