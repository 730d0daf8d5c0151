/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of one RR in front of its rdata: owner pointer, type, class, TTL, RDLENGTH. */
#define DNS_RR_HEADER_SIZE 12

/*
 * An RRset ready to be copied into a reply whose qname is its owner: `count` RRs, each
 *
 *     c0 0c | type | class IN | ttl | rdlength | rdata          (c0 0c points at the qname)
 *
 * in `size` bytes.  Names in rdata are uncompressed and keep their case; the types whose names may be
 * compressed are written record by record, all others by one copy.
 */
struct dns_rrset {
    uint16_t type;
    uint16_t count; /* >= 1 */
    uint32_t ttl_s;
    uint32_t size;
    uint8_t wire[];
};

static inline size_t dns_rr_rdlength(const uint8_t *rr)
{
    return (size_t)rr[10] << 8 | rr[11];
}
static inline const uint8_t *dns_rr_rdata(const uint8_t *rr)
{
    return rr + DNS_RR_HEADER_SIZE;
}

/** The RR that follows `rr`, or NULL at the end; start with NULL. */
static inline const uint8_t *dns_rrset_next(const struct dns_rrset *rrset, const uint8_t *rr)
{
    const uint8_t *next = rr == NULL ? rrset->wire : dns_rr_rdata(rr) + dns_rr_rdlength(rr);
    return next < rrset->wire + rrset->size ? next : NULL;
}

/**
 * True if the rdata has the form that the data plane trusts: names where the type's layout has them, A and
 * AAAA of 4 and 16 bytes.  To be asked of all rdata from outside, which may be written as RFC 3597's unknown
 * form.
 */
bool dns_rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t size);

/**
 * Makes the stored form of `count` >= 1 valid rdatas of `sizes[i]` bytes each; equal rdatas are kept once
 * (RFC 2181 §5). Control plane: allocates; the caller frees with free().
 */
struct dns_rrset *dns_rrset_new(uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas,
                                const uint16_t *sizes, size_t count);
/** The same into `out`, which has room for DNS_RR_HEADER_SIZE and the rdata of each. */
void dns_rrset_write(uint16_t type, uint32_t ttl_s, const uint8_t *const *rdatas, const uint16_t *sizes,
                     size_t count, struct dns_rrset *out);
