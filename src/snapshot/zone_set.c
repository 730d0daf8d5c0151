/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_set.h"

#include "base/inlined.h"
#include "base/memory.h"

#include <string.h>

struct slot {
    uint64_t hash;         /* of the whole apex */
    uint32_t member_index; /* plus one; 0: free */
};

struct member {
    const struct zone *zone;
    bool has_zones_below; /* in this set */
};

/* Open addressing, at most half full.  Only lengths that occur as an apex are probed: a query costs one probe
 * for most operators, however many labels it has. */
struct zone_set {
    struct member *members; /* behind the slots, in the order given */
    size_t count;
    uint64_t mask;
    unsigned length_count;
    uint8_t lengths[DNS_LABEL_COUNT_MAX + 1]; /* in labels, of any apex, the greatest first */
    struct slot slots[];
};

/* The member whose apex is `suffix`, `size` bytes of wire form; NULL: none. */
static const struct member *find_apex(const struct zone_set *zones, const uint8_t *suffix, size_t size)
{
    uint64_t hash = dns_name_hash(suffix, size);
    for (uint64_t at = hash;; at++) {
        const struct slot *slot = &zones->slots[at & zones->mask];
        if (slot->member_index == 0)
            return NULL;
        if (slot->hash != hash)
            continue;
        const struct member *member = &zones->members[slot->member_index - 1];
        const struct dns_name *apex = zone_apex(member->zone);
        if (apex->size == size && dns_name_bytes_equal(apex->bytes, suffix, size))
            return member;
    }
}

static __attribute__((noinline)) const struct member *
find_member(const struct zone_set *zones, const struct dns_name *qname, bool above_apex)
{
    for (unsigned i = 0; i < zones->length_count; i++) {
        unsigned length = zones->lengths[i];
        if (length + above_apex > qname->label_count)
            continue;
        const uint8_t *suffix = dns_name_suffix(qname, length);
        const struct member *member = find_apex(zones, suffix, dns_name_suffix_size(qname, suffix));
        if (member != NULL)
            return member;
    }
    return NULL;
}

const struct zone *zone_set_find(const struct zone_set *zones, const struct dns_name *qname, bool above_apex)
{
    const struct member *member = find_member(zones, qname, above_apex);
    return member != NULL ? member->zone : NULL;
}

/* True if it holds `qname` for certain. */
static inline bool is_found_again(const struct member *member, const struct dns_name *qname)
{
    return !member->has_zones_below && dns_name_is_within(qname, zone_apex(member->zone));
}

const struct zone *zone_set_find_again(const struct zone_set *zones, const struct dns_name *qname,
                                       uint32_t *last)
{
    if (*last < zones->count && is_found_again(&zones->members[*last], qname))
        return zones->members[*last].zone;
    const struct member *member = find_member(zones, qname, false);
    if (member == NULL)
        return NULL;
    *last = (uint32_t)(member - zones->members);
    return member->zone;
}

bool zone_set_is_lowest(const struct zone_set *zones, uint32_t last, const struct zone *zone)
{
    return last < zones->count && zones->members[last].zone == zone && !zones->members[last].has_zones_below;
}

INLINED const struct zone *zone_set_guess(const struct zone_set *zones, const struct dns_name *qname,
                                          uint32_t last)
{
    if (last >= zones->count || zones->members[last].has_zones_below)
        return NULL;
    const struct zone *zone = zones->members[last].zone;
    const struct dns_name *apex = zone_apex(zone);
    const size_t size = qname->size, apex_size = apex->size;
    bool ends_with_apex =
        size >= apex_size && dns_name_bytes_equal(qname->bytes + size - apex_size, apex->bytes, apex_size);
    return ends_with_apex ? zone : NULL;
}

size_t zone_set_count(const struct zone_set *zones)
{
    return zones->count;
}

const struct zone *zone_set_at(const struct zone_set *zones, size_t index)
{
    return zones->members[index].zone;
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
    while (zones->slots[at & zones->mask].member_index != 0)
        at++;
    zones->members[zones->count++].zone = zone;
    zones->slots[at & zones->mask] = (struct slot){ .hash = hash, .member_index = (uint32_t)zones->count };
    add_length(zones, apex->label_count);
}

/* Only the next one above: those above that have it below. */
static void note_zone_below(struct zone_set *zones, const struct zone *zone)
{
    const struct member *above = find_member(zones, zone_apex(zone), true);
    if (above != NULL)
        zones->members[above - zones->members].has_zones_below = true;
}

struct zone_set *zone_set_new(const struct zone *const *zones, size_t count)
{
    size_t room = 2;
    while (room < count * 2)
        room *= 2;
    struct zone_set *set =
        xcalloc(1, sizeof *set + room * sizeof(struct slot) + count * sizeof(struct member));
    set->mask = room - 1;
    set->members = (struct member *)(set->slots + room);
    for (size_t i = 0; i < count; i++)
        add(set, zones[i]);
    for (size_t i = 0; i < count; i++)
        note_zone_below(set, zones[i]);
    return set;
}
