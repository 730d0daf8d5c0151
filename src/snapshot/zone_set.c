/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_set.h"

#include "base/memory.h"

#include <string.h>

struct slot {
    uint64_t hash; /* of the whole apex */
    const struct zone *zone;
};

/* Open addressing, at most half full.  Only lengths that occur as an apex are probed: a query costs one probe
 * for most operators, however many labels it has. */
struct zone_set {
    uint64_t lengths[2]; /* bit k: some apex has k labels */
    size_t count;
    uint64_t mask;
    const struct zone **zones; /* behind the slots, in the order given */
    struct slot slots[];
};

static bool has_length(const struct zone_set *zones, unsigned label_count)
{
    return zones->lengths[label_count / 64] >> (label_count % 64) & 1;
}

/* The zone whose apex is the suffix of `qname` with `label_count` labels. */
static const struct zone *find_apex(const struct zone_set *zones, const struct dns_name *qname,
                                    unsigned label_count, uint64_t hash)
{
    unsigned above = qname->label_count - label_count; /* labels before the suffix */
    const uint8_t *suffix =
        label_count == 0 ? qname->bytes + qname->size - 1 : qname->bytes + qname->label_at[above];
    size_t size = (size_t)(qname->bytes + qname->size - suffix);
    for (uint64_t at = hash;; at++) {
        const struct slot *slot = &zones->slots[at & zones->mask];
        if (slot->zone == NULL)
            return NULL;
        const struct dns_name *apex = slot->hash == hash ? zone_apex(slot->zone) : NULL;
        if (apex != NULL && apex->size == size && memcmp(apex->bytes, suffix, size) == 0)
            return slot->zone;
    }
}

const struct zone *zone_set_find(const struct zone_set *zones, const struct dns_name *qname,
                                 const uint64_t *hashes, bool above_apex)
{
    int longest = (int)qname->label_count - (above_apex ? 1 : 0);
    for (int k = longest; k >= 0; k--) {
        if (!has_length(zones, (unsigned)k))
            continue;
        const struct zone *zone = find_apex(zones, qname, (unsigned)k, hashes[k]);
        if (zone != NULL)
            return zone;
    }
    return NULL;
}

size_t zone_set_count(const struct zone_set *zones)
{
    return zones->count;
}

const struct zone *zone_set_at(const struct zone_set *zones, size_t index)
{
    return zones->zones[index];
}

static void add(struct zone_set *zones, const struct zone *zone)
{
    const struct dns_name *apex = zone_apex(zone);
    uint64_t hashes[DNS_LABEL_COUNT_MAX + 1];
    dns_name_hash_suffixes(apex, hashes);
    uint64_t hash = hashes[apex->label_count];
    uint64_t at = hash;
    while (zones->slots[at & zones->mask].zone != NULL)
        at++;
    zones->slots[at & zones->mask] = (struct slot){ .hash = hash, .zone = zone };
    zones->lengths[apex->label_count / 64] |= UINT64_C(1) << (apex->label_count % 64);
    zones->zones[zones->count++] = zone;
}

struct zone_set *zone_set_new(const struct zone *const *zones, size_t count)
{
    size_t room = 2;
    while (room < count * 2)
        room *= 2;
    struct zone_set *set =
        xcalloc(1, sizeof *set + room * sizeof(struct slot) + count * sizeof(struct zone *));
    set->mask = room - 1;
    set->zones = (const struct zone **)(set->slots + room);
    for (size_t i = 0; i < count; i++)
        add(set, zones[i]);
    return set;
}
