/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/response.h"

#include "dns/bytes.h"
#include "dns/compression.h"
#include "dns/reply_opt.h"

#include <assert.h>

enum { FLAG_QR = 0x8000, FLAG_OPCODE = 0x7800, FLAG_TC = 0x0200, FLAG_RD = 0x0100 };

void dns_response_begin(struct dns_response *out, const struct dns_query *query, uint8_t *buffer,
                        size_t limit, const struct dns_reply_edns *edns)
{
    assert(limit >= 512);
    size_t size = DNS_HEADER_SIZE + (size_t)query->question_size;
    size_t most = limit < UINT16_MAX ? limit : UINT16_MAX;
    size_t opt_size = reply_opt_size(edns);
    if (opt_size > most - size)
        opt_size = most - size; /* options that do not fit will be left out */
    out->bytes = buffer;
    out->size = (uint16_t)size;
    out->limit = (uint16_t)(most - opt_size);
    out->opt_size = (uint16_t)opt_size;
    out->counts[DNS_ANSWER] = out->counts[DNS_AUTHORITY] = out->counts[DNS_ADDITIONAL] = 0;
    out->flags = (uint16_t)(FLAG_QR | (query->flags & (FLAG_OPCODE | FLAG_RD)));
    out->rcode = DNS_NOERROR;
    out->is_truncated = false;
    out->name_count = 0;
    memcpy(buffer, query->packet, 2); /* the id */
    put_u16(buffer + 4, query->question_size > 0);
    copy_bytes(buffer + DNS_HEADER_SIZE, query->packet + DNS_HEADER_SIZE, query->question_size);
}

/* True if nothing more may be written to the section. */
static bool is_closed(const struct dns_response *response, enum dns_section section)
{
    return response->is_truncated && section != DNS_ADDITIONAL;
}

static void note_misfit(struct dns_response *response, enum dns_section section, bool must_fit)
{
    if (section != DNS_ADDITIONAL || must_fit)
        response->is_truncated = true;
    if (section != DNS_ADDITIONAL)
        response->limit = response->size; /* who must ask again needs nothing of what follows */
}

static void note_written(struct dns_response *response, enum dns_section section, size_t count)
{
    response->counts[section] = (uint16_t)(response->counts[section] + count);
}

static size_t room_of(const struct dns_response *response)
{
    return (size_t)(response->limit - response->size);
}

static inline bool put_bytes(struct dns_response *response, const void *bytes, size_t size)
{
    if (size > room_of(response))
        return false;
    copy_bytes(response->bytes + response->size, bytes, size);
    response->size = (uint16_t)(response->size + size);
    return true;
}

/* The RRs of one RRset written one by one: the owner in full once, then by pointer. */
struct rr_writer {
    const struct dns_type_layout *layout;
    const uint8_t *owner;
    unsigned owner_pointer; /* 0: write the owner */
    uint16_t type;
    uint32_t ttl_s;
};

static struct rr_writer rr_writer_of(const uint8_t *owner, uint16_t type, uint32_t ttl_s)
{
    return (struct rr_writer){ .layout = dns_type_layout(type),
                               .owner = owner,
                               .owner_pointer = owner == NULL ? 0xc000 | DNS_HEADER_SIZE : 0,
                               .type = type,
                               .ttl_s = ttl_s };
}

static bool put_owner(struct dns_response *response, struct rr_writer *writer)
{
    if (writer->owner_pointer != 0) {
        uint8_t pointer[2];
        put_u16(pointer, writer->owner_pointer);
        return put_bytes(response, pointer, sizeof pointer);
    }
    size_t at = response->size;
    if (!compression_put_name(response, writer->owner, dns_name_wire_size(writer->owner)))
        return false;
    const uint8_t *written = response->bytes + at;
    if (*written >= 0xc0)
        writer->owner_pointer = get_u16(written);
    else if (*written != 0 && at < 0x4000) /* the root is shorter than a pointer to it */
        writer->owner_pointer = 0xc000u | (unsigned)at;
    return true;
}

static bool put_rdata(struct dns_response *response, const struct dns_type_layout *layout,
                      const uint8_t *rdata, size_t rdlength)
{
    if (!layout->is_compressible)
        return put_bytes(response, rdata, rdlength);
    const uint8_t *at = rdata + layout->name_at, *end = rdata + rdlength;
    if (!put_bytes(response, rdata, layout->name_at))
        return false;
    for (unsigned i = 0; i < layout->name_count; i++) {
        size_t size = dns_name_wire_size(at);
        if (!compression_put_name(response, at, size))
            return false;
        at += size;
    }
    return put_bytes(response, at, (size_t)(end - at));
}

static bool put_rr(struct dns_response *response, struct rr_writer *writer, const uint8_t *rdata,
                   size_t rdlength)
{
    uint8_t fixed[DNS_RR_HEADER_SIZE - 2];
    put_u16(fixed, writer->type);
    put_u16(fixed + 2, DNS_IN);
    put_u32(fixed + 4, writer->ttl_s);
    put_u16(fixed + 8, (unsigned)rdlength);
    if (!put_owner(response, writer) || !put_bytes(response, fixed, sizeof fixed))
        return false;
    size_t at = response->size;
    if (!put_rdata(response, writer->layout, rdata, rdlength))
        return false;
    put_u16(response->bytes + at - 2, (unsigned)(response->size - at)); /* compression shortens it */
    return true;
}

static void patch_ttls(uint8_t *rr, const uint8_t *end, uint32_t ttl_s)
{
    for (; rr < end; rr += DNS_RR_HEADER_SIZE + dns_rr_rdlength(rr))
        put_u32(rr + 6, ttl_s);
}

/* Copies an RRset as it is stored: its owner is the qname and its rdata holds nothing to compress. */
static bool copy_rrset(struct dns_response *response, const struct dns_rrset *rrset, uint32_t ttl_s)
{
    uint8_t *at = response->bytes + response->size;
    if (!put_bytes(response, rrset->wire, rrset->size))
        return false;
    if (ttl_s < rrset->ttl_s)
        patch_ttls(at, at + rrset->size, ttl_s);
    return true;
}

static __attribute__((noinline)) bool write_rrset(struct dns_response *response, const uint8_t *owner,
                                                  const struct dns_rrset *rrset, uint32_t ttl_s)
{
    struct rr_writer writer = rr_writer_of(owner, rrset->type, ttl_s < rrset->ttl_s ? ttl_s : rrset->ttl_s);
    struct compression_mark mark = compression_mark(response);
    for (const uint8_t *rr = rrset->wire; rr != NULL; rr = dns_rrset_next(rrset, rr)) {
        if (!put_rr(response, &writer, dns_rr_rdata(rr), dns_rr_rdlength(rr))) {
            compression_undo(response, mark);
            return false;
        }
    }
    return true;
}

void dns_response_add(struct dns_response *response, enum dns_section section, const uint8_t *owner,
                      const struct dns_rrset *rrset, uint32_t ttl_s, bool must_fit)
{
    if (is_closed(response, section))
        return;
    bool is_ready = owner == NULL && !dns_type_layout(rrset->type)->is_compressible;
    if (is_ready ? copy_rrset(response, rrset, ttl_s) : write_rrset(response, owner, rrset, ttl_s))
        note_written(response, section, rrset->count);
    else
        note_misfit(response, section, must_fit);
}

/* The RRs of steered addresses: all alike but for the rdata, owned by the qname. */
static bool copy_made(struct dns_response *response, const struct rr_writer *writer,
                      const uint8_t *const *rdatas, uint16_t rdlength, size_t count)
{
    uint8_t header[DNS_RR_HEADER_SIZE];
    if (count * (sizeof header + rdlength) > room_of(response))
        return false;
    put_u16(header, writer->owner_pointer);
    put_u16(header + 2, writer->type);
    put_u16(header + 4, DNS_IN);
    put_u32(header + 6, writer->ttl_s);
    put_u16(header + 10, rdlength);
    uint8_t *at = response->bytes + response->size;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, header, sizeof header);
        memcpy(at + sizeof header, rdatas[i], rdlength);
        at += sizeof header + rdlength;
    }
    response->size = (uint16_t)(at - response->bytes);
    return true;
}

static __attribute__((noinline)) bool write_made(struct dns_response *response, struct rr_writer *writer,
                                                 const uint8_t *const *rdatas, uint16_t rdlength,
                                                 size_t count)
{
    struct compression_mark mark = compression_mark(response);
    for (size_t i = 0; i < count; i++) {
        if (!put_rr(response, writer, rdatas[i], rdlength)) {
            compression_undo(response, mark);
            return false;
        }
    }
    return true;
}

void dns_response_add_made(struct dns_response *response, enum dns_section section, const uint8_t *owner,
                           uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas, uint16_t rdlength,
                           size_t count)
{
    if (is_closed(response, section))
        return;
    struct rr_writer writer = rr_writer_of(owner, type, ttl_s);
    bool is_ready = owner == NULL && !writer.layout->is_compressible;
    if (is_ready ? copy_made(response, &writer, rdatas, rdlength, count)
                 : write_made(response, &writer, rdatas, rdlength, count))
        note_written(response, section, count);
    else
        note_misfit(response, section, false);
}

size_t dns_response_end(struct dns_response *response, const struct dns_reply_edns *edns)
{
    uint8_t *bytes = response->bytes;
    unsigned rcode = response->rcode;
    bool has_opt = edns->udp_size > 0 && response->opt_size > 0;
    if (!has_opt && rcode > 15)
        rcode = DNS_SERVFAIL; /* its lower bits would say something else */
    unsigned flags = response->flags | (response->is_truncated ? FLAG_TC : 0) | (rcode & 15);
    put_u16(bytes + 2, flags);
    put_u16(bytes + 6, response->counts[DNS_ANSWER]);
    put_u16(bytes + 8, response->counts[DNS_AUTHORITY]);
    put_u16(bytes + 10, response->counts[DNS_ADDITIONAL] + (unsigned)has_opt);
    if (!has_opt)
        return response->size;
    return response->size +
           reply_opt_write(edns, rcode, bytes + response->size, room_of(response) + response->opt_size);
}

size_t dns_response_refuse(const struct dns_query *query, unsigned rcode, uint8_t *buffer, size_t limit,
                           const struct dns_reply_edns *edns)
{
    struct dns_response response;
    dns_response_begin(&response, query, buffer, limit, edns);
    response.rcode = (uint16_t)rcode;
    return dns_response_end(&response, edns);
}
