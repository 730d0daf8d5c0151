/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/addresses.h"

#include <string.h>

/* Two hostnames may share an address, and an RRset holds it once (RFC 2181 §5). */
static void add_once(struct addresses *out, const uint8_t *address, size_t size)
{
    for (size_t i = 0; i < out->count; i++) {
        if (memcmp(out->rdatas[i], address, size) == 0)
            return;
    }
    if (out->count < ADDRESSES_MOST)
        out->rdatas[out->count++] = address;
}

static void add_resolved(const struct addresses_now *now, const struct resolved *resolved, uint8_t family,
                         struct addresses *out)
{
    bool is_v4 = family == FAMILY_V4;
    size_t count = is_v4 ? resolved->count_v4 : resolved->count_v6;
    if (count == 0)
        return;
    size_t first = (size_t)((now->random >> 32) % count);
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % count;
        add_once(out, is_v4 ? resolved->ipv4[at] : resolved->ipv6[at], is_v4 ? 4 : 16);
    }
    uint32_t ttl_s = resolved_ttl_s(resolved, now->now_us);
    if (ttl_s < out->ttl_s)
        out->ttl_s = ttl_s;
}

void addresses_collect(const struct addresses_now *now, const struct decision *decision, uint8_t family,
                       struct addresses *out)
{
    bool is_v4 = family == FAMILY_V4;
    out->count = 0;
    out->ttl_s = decision->ttl_s;
    for (uint16_t i = 0; i < decision->count; i++) {
        const struct endpoint *endpoint = decision->endpoints[i];
        const struct resolved *resolved = conditions_resolved(now->conditions, endpoint);
        if (resolved != NULL)
            add_resolved(now, resolved, family, out);
        else if (endpoint->families & family)
            add_once(out, is_v4 ? endpoint->ipv4 : endpoint_more(endpoint)->ipv6, is_v4 ? 4 : 16);
    }
}
