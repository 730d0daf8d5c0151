/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/query.h"
#include "dns/type.h"
#include "snapshot/dataset.h"

/*
 * Where a name leads in our zones, in two steps, so that of a batch all names are begun before the first is
 * ended: meanwhile the memory that they need comes nearer.
 */
struct search {
    const struct zone *zone; /* NULL: the name is not ours */
    uint64_t hash;           /* in that zone */
    bool wants_parent_side;
};

/** `last_zone` is the caller's own, for zone_set_find_again. */
static inline void search_begin(const struct dataset *dataset, const struct dns_name *name, uint16_t qtype,
                                uint32_t *last_zone, struct search *out)
{
    out->wants_parent_side = qtype == DNS_DS; /* RFC 4035 §3.1.4.1 */
    out->zone = out->wants_parent_side ? zone_set_find(dataset->zones, name, true) : NULL;
    if (out->zone == NULL)
        out->zone = zone_set_find_again(dataset->zones, name, last_zone);
    if (out->zone != NULL)
        out->hash = zone_hash(out->zone, name);
}

/** The same after a glance at the query: false if a closer look is needed. */
static inline bool search_guess(const struct dataset *dataset, const struct dns_query *query,
                                const uint32_t *last_zone, struct search *out)
{
    out->wants_parent_side = false;
    out->zone = zone_set_guess(dataset->zones, &query->qname, *last_zone);
    if (out->zone == NULL || query->qtype == DNS_DS)
        return false;
    out->hash = zone_hash(out->zone, &query->qname);
    return true;
}

/** What the zone says about the name; only of a name that is ours. */
static inline void search_end(const struct search *search, const struct dns_name *name,
                              struct zone_match *out)
{
    zone_lookup(search->zone, name, search->hash, search->wants_parent_side, out);
}
