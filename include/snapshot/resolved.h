/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the name servers said of the hostname of an endpoint.  Immutable, replaced as a whole.  While they
 * fail, the last known addresses stay for a while.
 */
#define RESOLVED_MOST    16 /* addresses of one family that are kept */
#define STALE_TTL_S      30 /* of addresses beyond their TTL, RFC 8767 §4 */
#define RESOLVED_PROBLEM 96

struct resolved {
    uint8_t count_v4, count_v6;
    uint8_t ipv4[RESOLVED_MOST][4]; /* ascending */
    uint8_t ipv6[RESOLVED_MOST][16];
    uint32_t ttl_s;      /* as it came */
    uint64_t expires_us; /* monotonic: the TTL is over */
    int64_t wall_ms;     /* of the last reply that said something; 0: there was none */
    bool is_stale;       /* the name servers fail since */
    char
        problem[RESOLVED_PROBLEM]; /* why there is no address, or no fresh one; "": they were not asked yet */
};

/* The same of a hostname, as it outlives the process: TTL, time of the reply and addresses. */
struct known_name {
    char *hostname; /* presentation format, no final dot; owned */
    struct resolved resolved;
};

static inline uint8_t resolved_families(const struct resolved *resolved)
{
    return (uint8_t)((resolved->count_v4 > 0 ? FAMILY_V4 : 0) | (resolved->count_v6 > 0 ? FAMILY_V6 : 0));
}

/** Seconds for which an answer with these addresses may be kept: what is left of their TTL, at least one. */
static inline uint32_t resolved_ttl_s(const struct resolved *resolved, uint64_t now_us)
{
    if (resolved->is_stale)
        return STALE_TTL_S;
    uint64_t left_us = resolved->expires_us > now_us ? resolved->expires_us - now_us : 0;
    uint64_t left_s = left_us / 1000000;
    return left_s < 1 ? 1 : left_s < resolved->ttl_s ? (uint32_t)left_s : resolved->ttl_s;
}
