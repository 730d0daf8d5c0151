/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/lookup.h"

#include "base/clock.h"

#include <string.h>

enum {
    NAME_TTL_LEAST_S = 1,
    NAME_TTL_MOST_S = 86400,
    NAME_TTL_NONE_S = NAME_TTL_MOST_S, /* of a family without addresses: the other one decides */
};

/* The name servers have spoken: these addresses are gone. */
static bool status_is_final(int status)
{
    return status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME;
}

bool lookup_has_failed(const struct lookup *lookup)
{
    return lookup->status != ARES_SUCCESS && !status_is_final(lookup->status);
}

bool lookup_is_too_old(const struct lookup *lookup, uint64_t stale_us)
{
    return lookup->answered_us == NAME_NEVER ||
           (uint64_t)((int64_t)clock_monotonic_us() - lookup->answered_us) > stale_us;
}

const char *lookup_words(const struct lookup *lookup)
{
    switch (lookup->status) {
    case ARES_SUCCESS: /* with no address in it */
    case ARES_ENODATA: return "no addresses";
    case ARES_ENOTFOUND: return "NXDOMAIN";
    case ARES_ESERVFAIL: return "SERVFAIL";
    case ARES_EREFUSED: return "REFUSED";
    case ARES_ETIMEOUT: return "no reply from the name servers";
    case ARES_ECONNREFUSED: /* c-ares 1.18 tells these apart no further */
        return "name servers fail (SERVFAIL, REFUSED or unreachable)";
    default: return ares_strerror(lookup->status);
    }
}

static void collect(struct lookup *lookup, const struct ares_addrinfo *found)
{
    for (const struct ares_addrinfo_node *node = found->nodes; node != NULL; node = node->ai_next) {
        struct sockaddr_storage from = { 0 };
        if (node->ai_family != lookup->family || node->ai_addrlen > sizeof from ||
            lookup->count == NAME_ADDRESSES_MOST)
            continue;
        memcpy(&from, node->ai_addr, node->ai_addrlen);
        address_of_sockaddr(&from, &lookup->addresses[lookup->count++]);
    }
}

static unsigned ttl_lowest(const struct ares_addrinfo *found)
{
    int ttl_s = NAME_TTL_MOST_S;
    for (const struct ares_addrinfo_node *node = found->nodes; node != NULL; node = node->ai_next)
        ttl_s = node->ai_ttl < ttl_s ? node->ai_ttl : ttl_s;
    for (const struct ares_addrinfo_cname *cname = found->cnames; cname != NULL; cname = cname->next)
        ttl_s = cname->ttl < ttl_s ? cname->ttl : ttl_s;
    return ttl_s < NAME_TTL_LEAST_S ? NAME_TTL_LEAST_S : (unsigned)ttl_s;
}

void lookup_take(struct lookup *lookup, int status, const struct ares_addrinfo *found, uint64_t stale_us)
{
    lookup->status = status;
    lookup->ttl_s = NAME_TTL_NONE_S;
    if (lookup_has_failed(lookup)) {
        if (lookup_is_too_old(lookup, stale_us))
            lookup->count = 0;
        return;
    }
    lookup->answered_us = (int64_t)clock_monotonic_us();
    lookup->count = 0;
    if (status != ARES_SUCCESS)
        return;
    collect(lookup, found);
    lookup->ttl_s = ttl_lowest(found);
}

void lookup_recall(struct lookup *lookup, const uint8_t *bytes, size_t count)
{
    bool is_v4 = lookup->family == AF_INET;
    size_t size = is_v4 ? 4 : 16;
    for (lookup->count = 0; lookup->count < count; lookup->count++) {
        struct address *address = &lookup->addresses[lookup->count];
        address->family = is_v4 ? ADDRESS_V4 : ADDRESS_V6;
        memcpy(address->bytes, bytes + lookup->count * size, size);
    }
}
