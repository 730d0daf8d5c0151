/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/image.h"
#include "dns/query.h"
#include "dns/ready.h"
#include "dns/response.h"
#include "dns/rrset.h"

/*
 * A reply put together from parts that lie ready: stored RRsets, addresses, the SOA of a negative answer, and
 * a few names.  Quicker than dns/response.h, as it neither truncates nor finds room for a part by leaving out
 * another one: should something not fit, there is no reply, and the reply is to be written the other way,
 * with which it agrees byte by byte.
 *
 * Names are compressed against the question and those written before.
 */
#define DNS_DRAFT_NAMES 16

#define DNS_ONE_QUESTION (UINT64_C(1) << 48) /* and no records, as the header has the counts */

struct dns_draft {
    const struct dns_query *query;
    uint8_t *buffer, *at, *end; /* of the records */
    size_t limit;               /* of the whole reply */
    uint64_t counts;            /* of the sections, as in the header */
    bool is_full;               /* something did not fit: all further calls do nothing */
    uint8_t name_count;
    struct {
        const struct dns_name *name;
        unsigned at;
    } names[DNS_DRAFT_NAMES]; /* where they stand in the reply */
};

/* The owner of a record that is owned by the qname. */
#define DNS_DRAFT_QNAME (0xc000u | DNS_HEADER_SIZE)

/** Starts the reply to an accepted query in `buffer`, which has `limit` >= 512 bytes.  Room for the OPT as it
 * is known so far is reserved. */
void dns_draft_begin(struct dns_draft *out, const struct dns_query *query, uint8_t *buffer, size_t limit,
                     const struct dns_reply_edns *edns);

/** Starts a reply as they are described in dns/ready.h, but of up to `limit` bytes, which dns_draft_end_plain
 * ends; behind these the buffer has DNS_PLAIN_SLACK more.  Room for a cookie is reserved if one came. */
void dns_draft_begin_plain(struct dns_draft *out, const struct dns_query *query, uint8_t *buffer,
                           size_t limit);

/** Takes back all records: what did not fit is to be asked for by TCP. */
void dns_draft_cut(struct dns_draft *draft);
/** True if that was all, of a reply that has records otherwise. */
static inline bool dns_draft_is_cut(const struct dns_draft *draft)
{
    return !draft->is_full && draft->counts == DNS_ONE_QUESTION;
}

/** Adds a stored RRset as it is; `owner` is a pointer to its owner.  Of a type whose rdata is not compressed.
 */
void dns_draft_add(struct dns_draft *draft, enum dns_section section, unsigned owner,
                   const struct dns_rrset *rrset);

/** Adds RRs of the given rdatas, all of one size. */
void dns_draft_add_made(struct dns_draft *draft, unsigned owner, uint16_t type, uint32_t ttl_s,
                        const uint8_t *const *rdatas, size_t rdlength, size_t count);

/** Adds an RR whose rdata is a name behind `head_size` bytes `head`: `wire` as it is to be written, `name`
 * the same in lowercase, which lives as long as the draft.  Returns a pointer to it, for owners; 0 if there
 * is none. */
unsigned dns_draft_add_name(struct dns_draft *draft, enum dns_section section, unsigned owner, uint16_t type,
                            uint32_t ttl_s, const uint8_t *head, size_t head_size, const uint8_t *wire,
                            const struct dns_name *name);

/** Adds a stored RRset as dns_draft_add does, owned by `name`, which lives as long as the draft; `owner` is a
 * pointer to it, or 0, and then becomes one. */
void dns_draft_add_owned(struct dns_draft *draft, enum dns_section section, const struct dns_name *name,
                         unsigned *owner, const struct dns_rrset *rrset);

/** Adds the image of `rrset`, behind the question for a name that is `shift` bytes longer than its owner. */
void dns_draft_add_image(struct dns_draft *draft, enum dns_section section, const struct dns_image *image,
                         const struct dns_rrset *rrset, unsigned shift);

/** Adds the image of a CNAME further along a chain, where `owner` points to its owner and `apex` to the apex;
 * of owner and target both stand a single label in front of it.  Returns a pointer to the target. */
unsigned dns_draft_add_alias(struct dns_draft *draft, const struct dns_image *image,
                             const struct dns_rrset *rrset, unsigned owner, unsigned apex);

/** Adds stored addresses, of which one may be NULL, to the additional section: owned by `own_size` bytes at
 * `own` and what `owner` points to. */
void dns_draft_add_addresses(struct dns_draft *draft, const uint8_t *own, size_t own_size, unsigned owner,
                             const struct dns_rrset *a, const struct dns_rrset *aaaa);

/** The longest suffix of a name that stands in the reply: its labels, and where it is. */
unsigned dns_draft_find_suffix(const struct dns_draft *draft, const struct dns_name *name, unsigned *at);
/** Notes that a name stands where the next part will, and lives as long as the draft. */
void dns_draft_note_name(struct dns_draft *draft, const struct dns_name *name);

/** Adds the SOA of a negative answer of the zone at an apex of `apex_size` bytes, which ends the qname; to
 * the answer with the TTL `ttl_s`. */
void dns_draft_deny(struct dns_draft *draft, const struct dns_negative *negative, size_t apex_size);
void dns_draft_add_soa(struct dns_draft *draft, const struct dns_negative *negative, size_t apex_size,
                       uint32_t ttl_s);

/** Writes header and OPT; `flags` are AA and the rcode.  Returns the size; 0: something did not fit. */
size_t dns_draft_end(const struct dns_draft *draft, unsigned flags, const struct dns_reply_edns *edns);
size_t dns_draft_end_plain(const struct dns_draft *draft, unsigned flags, struct dns_ready_edns edns);
