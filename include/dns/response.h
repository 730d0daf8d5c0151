/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_UDP_SIZE_DEFAULT 1232 /* what we send at most over UDP (DNS flag day 2020) */
#define DNS_NAMES_REMEMBERED 64

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/*
 * A reply being written.  The writer is sticky: what does not fit is not written, in whole RRsets, and
 * everything after it is a no-op, so the caller writes straight through and asks nothing.  Only what does not
 * fit into additional stops nothing.
 */
struct dns_response {
    uint8_t *bytes;
    uint16_t size;      /* bytes written */
    uint16_t limit;     /* bytes allowed for header, question, RRs; room for the OPT is already taken off */
    uint16_t opt_size;  /* bytes reserved behind the limit */
    uint16_t counts[3]; /* RRs by section */
    uint16_t flags;     /* QR AA TC RD …, host order, without rcode */
    uint16_t rcode;     /* extended, 12 bits */
    bool is_truncated;
    uint8_t name_count; /* names that compression may point at */
    uint16_t names[DNS_NAMES_REMEMBERED];
    uint16_t name_keys[DNS_NAMES_REMEMBERED]; /* what tells most of them apart at a glance */
};

/* What the reply's OPT record carries. */
struct dns_reply_edns {
    uint16_t udp_size;          /* ours; 0: the reply has no OPT (the query had none) */
    bool dnssec_ok;             /* echoed */
    const struct edns_ecs *ecs; /* echoed with `scope_len`; NULL: none */
    uint8_t scope_len;          /* bits, RFC 7871 §7.2.1 */
    const uint8_t *cookie;      /* 8 + server cookie bytes; NULL: none */
    uint8_t cookie_size;
    const char *nsid;     /* NULL: not asked or not set */
    int ede;              /* RFC 8914 INFO-CODE, -1: none */
    const char *ede_text; /* NULL or short UTF-8 */
    int keepalive_ds;     /* RFC 7828 in units of 100 ms, -1: none */
    const uint8_t *local; /* data of an option for local use; NULL: none */
    uint16_t local_code;
    uint8_t local_size;
};

/**
 * Starts the reply to `query` in `buffer` with the header and the client's question as it was sent (0x20 case
 * kept). `limit` is the whole message's largest size; >= 512.  Room for the OPT with the given options is
 * reserved. QR is set, opcode and RD are copied, CD is cleared, AA is set by the caller in `flags`.
 */
void dns_response_begin(struct dns_response *out, const struct dns_query *query, uint8_t *buffer,
                        size_t limit, const struct dns_reply_edns *edns);

/**
 * Adds an RRset.  `owner` is wire form and may be NULL for the qname.  In answer and authority an RRset that
 * does not fit sets TC and stops all sections; in additional it is left out without a sign (RFC 2181 §9),
 * except that `must_fit` sets TC (in-domain glue, RFC 9471). `ttl_s` replaces the RRset's TTL when it is
 * lower.
 */
void dns_response_add(struct dns_response *response, enum dns_section section, const uint8_t *owner,
                      const struct dns_rrset *rrset, uint32_t ttl_s, bool must_fit);

/**
 * Adds an RRset made on the spot: `count` rdatas of `rdlength` bytes each (steered addresses, a synthesized
 * CNAME). All or none of it, as dns_response_add does.
 */
void dns_response_add_made(struct dns_response *response, enum dns_section section, const uint8_t *owner,
                           uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas, uint16_t rdlength,
                           size_t count);

/** Writes counts, flags, rcode and the OPT.  Returns the message's size. */
size_t dns_response_end(struct dns_response *response, const struct dns_reply_edns *edns);

/** A reply that is only a header (and the question where it was readable, and OPT): FORMERR, NOTIMP, REFUSED,
 * BADVERS. */
size_t dns_response_refuse(const struct dns_query *query, unsigned rcode, uint8_t *buffer, size_t limit,
                           const struct dns_reply_edns *edns);
