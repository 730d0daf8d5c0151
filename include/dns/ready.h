/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/query.h"
#include "dns/rrset.h"

/*
 * Whole replies in one go, for the three kinds that nearly all are of: the question, records that lie ready,
 * and an OPT if the query has one.  They are what dns/response.h would write, without asking at each step
 * what else there might be.
 *
 * The query is an accepted one of class IN; of EDNS options it has at most a client subnet.  The reply is
 * authoritative.  All return its size; 0, and nothing is written, if it were above DNS_READY_MOST, which is
 * right for every client and for which `buffer` has room.
 */
#define DNS_READY_MOST 512

/* Bytes behind the largest reply that may be written over: what follows an address of the client's subnet. */
#define DNS_PLAIN_SLACK 16

/* What goes into the reply's OPT. */
struct dns_ready_edns {
    uint16_t udp_size;
    uint8_t scope_len; /* of the client subnet */
};

/** `rrset`, of a type that is_alone, as the answer. */
size_t dns_ready_copy(const struct dns_query *query, struct dns_ready_edns edns,
                      const struct dns_rrset *rrset, uint8_t *buffer);

/** The addresses `rdatas`, of the type that was asked for: A or AAAA. */
size_t dns_ready_addresses(const struct dns_query *query, struct dns_ready_edns edns, uint32_t ttl_s,
                           const uint8_t *const *rdatas, size_t count, uint8_t *buffer);

/** One such address, for which there always is room. */
size_t dns_ready_address(const struct dns_query *query, struct dns_ready_edns edns, uint32_t ttl_s,
                         const uint8_t *rdata, uint8_t *buffer);

/** A refusal, and why: an INFO-CODE of RFC 8914. */
size_t dns_ready_refuse(const struct dns_query *query, struct dns_ready_edns edns, unsigned rcode,
                        enum ede_code why, uint8_t *buffer);

#define DNS_READY_ERROR_SIZE 6 /* and the text */

/** Adds why to a ready reply of `size` bytes that has an OPT; the cookie is there already, if one came. There
 * is room for it.  Returns the new size. */
size_t dns_ready_add_error(const struct dns_query *query, enum ede_code why, const char *text,
                           uint8_t *buffer, size_t size);

#define DNS_COOKIE_SIZE 24 /* of a client and a server, RFC 9018 §4 */

/** Adds a cookie to a ready reply of `size` bytes that has an OPT; there is room for it.  Returns the new
 * size. */
size_t dns_ready_add_cookie(const struct dns_query *query, const uint8_t cookie[DNS_COOKIE_SIZE],
                            uint8_t *buffer, size_t size);

/* The SOA of a negative answer (RFC 2308 §3).  Where the apex ends a name in it there is a pointer to where
 * it stands in the question. */
struct dns_negative {
    uint8_t size; /* 0: it is too long to lie ready */
    uint8_t pointer_count;
    uint8_t pointers[3]; /* offsets */
    uint8_t bytes[123];
};

/** Control plane.  `ttl_s` is the negative TTL. */
void dns_negative_make(const struct dns_name *apex, const struct dns_rrset *soa, uint32_t ttl_s,
                       struct dns_negative *out);

/** NODATA or NXDOMAIN from the zone at an apex of `apex_size` bytes. */
size_t dns_ready_negative(const struct dns_query *query, struct dns_ready_edns edns, unsigned rcode,
                          const struct dns_negative *negative, size_t apex_size, uint8_t *buffer);
