/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/bytes.h"
#include "dns/ready.h"
#include "dns/subnet.h"
#include "dns/type.h"

/* The OPT of a reply that echoes a client subnet at most; a cookie may follow (RFC 7873 §4). */
#define PLAIN_OPT_SIZE    11
#define PLAIN_COOKIE_SIZE (4 + 8 + 16)
#define PLAIN_OPT_MOST    (PLAIN_OPT_SIZE + 4 + 4 + 16 + PLAIN_COOKIE_SIZE)

/** The bytes of it, with the cookie if one came; 0: the reply has none. */
static inline size_t plain_opt_size(const struct edns *asked)
{
    if (!asked->is_present)
        return 0;
    return PLAIN_OPT_SIZE + subnet_size(&asked->ecs) + (asked->cookie.is_present ? PLAIN_COOKIE_SIZE : 0);
}

/** Writes it for a query that has one, in PLAIN_OPT_MOST bytes; returns where it ends.  Where it starts with
 * `asked`, the query's OPT of `usual_size` bytes (dns/edns.h), it is that one but for three numbers. */
static INLINED uint8_t *plain_opt_echo(const uint8_t *asked, size_t usual_size, struct dns_ready_edns edns,
                                       uint8_t *at)
{
    if (usual_size > PLAIN_OPT_SIZE) {
        copy_pieces(at, asked, usual_size, 16);
        at[PLAIN_OPT_SIZE + SUBNET_HEAD_SIZE - 1] = edns.scope_len;
    } else {
        copy_pieces(at, asked, usual_size, 8);
    }
    put_u16(at + 3, edns.udp_size);
    put_u32(at + 5, get_u32(asked + 5) & 0x8000); /* rcode 8, version 8, DO 1, flags 15 */
    return at + usual_size;
}

/** The same for any other OPT. */
static inline uint8_t *plain_opt_write(const struct edns *asked, struct dns_ready_edns edns, uint8_t *at)
{
    const uint64_t dnssec_ok = asked->dnssec_ok ? 0x80 : 0;
    uint8_t *options = at + PLAIN_OPT_SIZE, *options_end = options;
    if (asked->ecs.is_present)
        options_end = subnet_write(&asked->ecs, edns.scope_len, options);
    put_u64(at, (uint64_t)DNS_OPT << 40 | (uint64_t)edns.udp_size << 24 | dnssec_ok);
    at[8] = 0;
    put_u16(at + 9, (unsigned)(options_end - options));
    return options_end;
}
