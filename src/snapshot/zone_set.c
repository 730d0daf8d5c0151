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
    uint64_t mask;
    size_t count;
    const struct zone **zones; /* behind the slots, in the order given */
    unsigned length_count;
    uint8_t lengths[DNS_LABEL_COUNT_MAX + 1]; /* in labels, of any apex, the greatest first */
    struct slot slots[];
};

/* The zone whose apex is `suffix`, `size` bytes of wire form. */
static const struct zone *find_apex(const struct zone_set *zones, const uint8_t *suffix, size_t size)
{
    uint64_t hash = dns_name_hash(suffix, size);
    for (uint64_t at = hash;; at++) {
        const struct slot *slot = &zones->slots[at & zones->mask];
        if (slot->zone == NULL)
            return NULL;
        const struct dns_name *apex = slot->hash == hash ? zone_apex(slot->zone) : NULL;
        if (apex != NULL && apex->size == size && dns_name_bytes_equal(apex->bytes, suffix, size))
            return slot->zone;
    }
}

const struct zone *zone_set_find(const struct zone_set *zones, const struct dns_name *qname, bool above_apex)
{
    for (unsigned i = 0; i < zones->length_count; i++) {
        unsigned length = zones->lengths[i];
        if (length + above_apex > qname->label_count)
            continue;
        const uint8_t *suffix = dns_name_suffix(qname, length);
        const struct zone *zone = find_apex(zones, suffix, dns_name_suffix_size(qname, suffix));
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

static void add_length(struct zone_set *zones, uint8_t length)
{
    unsigned at = 0;
    while (at < zones->length_count && zones->lengths[at] > length)
        at++;
    if (at < zones->length_count && zones->lengths[at] == length)
        return;
    memmove(zones->lengths + at + 1, zones->lengths + at, zones->length_count - at);
    zones->lengths[at] = length;
    zones->length_count++;
}

static void add(struct zone_set *zones, const struct zone *zone)
{
    const struct dns_name *apex = zone_apex(zone);
    uint64_t hash = dns_name_hash(apex->bytes, apex->size), at = hash;
    while (zones->slots[at & zones->mask].zone != NULL)
        at++;
    zones->slots[at & zones->mask] = (struct slot){ .hash = hash, .zone = zone };
    add_length(zones, apex->label_count);
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
