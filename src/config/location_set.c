/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/location_set.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static bool location_equal(const struct location *a, const struct location *b)
{
    return strcmp(a->continent, b->continent) == 0 && strcmp(a->country, b->country) == 0 &&
           strcmp(a->subdivision, b->subdivision) == 0 && strcmp(a->city, b->city) == 0 && a->asn == b->asn &&
           a->at.is_known == b->at.is_known && a->at.latitude == b->at.latitude &&
           a->at.longitude == b->at.longitude;
}

bool location_is_empty(const struct location *location)
{
    static const struct location empty;
    return location_equal(location, &empty);
}

static void prefer(char *out, const char *later, size_t size)
{
    if (later[0] != '\0')
        memcpy(out, later, size);
}

struct location location_merge(const struct location *earlier, const struct location *later)
{
    struct location merged = *earlier;
    bool is_elsewhere = later->country[0] != '\0' && strcmp(earlier->country, later->country) != 0 &&
                        earlier->country[0] != '\0';
    if (is_elsewhere) {
        merged.subdivision[0] = merged.city[0] = '\0';
        merged.at = (struct coordinates){ 0 };
    }
    prefer(merged.continent, later->continent, sizeof merged.continent);
    prefer(merged.country, later->country, sizeof merged.country);
    prefer(merged.subdivision, later->subdivision, sizeof merged.subdivision);
    prefer(merged.city, later->city, sizeof merged.city);
    if (later->asn != 0)
        merged.asn = later->asn;
    if (later->at.is_known)
        merged.at = later->at;
    return merged;
}

static uint64_t location_hash(const struct location *location)
{
    uint64_t hash = hash_bytes(HASH_START, location->country, strlen(location->country));
    hash = hash_bytes(hash, location->subdivision, strlen(location->subdivision));
    hash = hash_bytes(hash, location->city, strlen(location->city));
    hash = hash_bytes(hash, &location->asn, sizeof location->asn);
    hash = hash_bytes(hash, &location->at.latitude, sizeof location->at.latitude);
    return hash_bytes(hash, &location->at.longitude, sizeof location->at.longitude);
}

uint32_t location_set_add(struct location_set *set, const struct location *location)
{
    uint64_t hash = location_hash(location);
    uint32_t index;
    for (; number_table_find(&set->by_hash, hash, &index);
         hash++) /* another one of the same hash: next door */
        if (location_equal(&set->items[index], location))
            return index;
    if (set->count == set->room) {
        set->room = set->room ? set->room * 2 : 256;
        set->items = xrealloc(set->items, set->room, sizeof *set->items);
    }
    index = (uint32_t)set->count;
    set->items[set->count++] = *location;
    number_table_put(&set->by_hash, hash, index);
    return index;
}

void location_set_free(struct location_set *set)
{
    free(set->items);
    number_table_free(&set->by_hash);
    *set = (struct location_set){ 0 };
}

/* ---- the table of them ---- */

struct renumber {
    const struct location_set *from;
    struct location *to;
    uint32_t *number; /* by index in `from`; PREFIX_MAP_NONE: not met yet */
    uint32_t count;
};

static uint32_t renumber_value(uint32_t value, void *context)
{
    struct renumber *renumber = context;
    if (renumber->number[value] == PREFIX_MAP_NONE) {
        renumber->to[renumber->count] = renumber->from->items[value];
        renumber->number[value] = renumber->count++;
    }
    return renumber->number[value];
}

struct geo *geo_make(struct prefix_map *map, const struct location_set *locations)
{
    static atomic_uint_fast64_t last_number;
    struct geo *geo = xcalloc(1, sizeof *geo);
    struct renumber renumber = { .from = locations,
                                 .to = xcalloc(locations->count, sizeof *renumber.to),
                                 .number = xcalloc(locations->count, sizeof *renumber.number) };
    memset(renumber.number, 0xff, locations->count * sizeof *renumber.number);
    prefix_map_renumber(map, renumber_value, &renumber);
    geo->map = map;
    geo->count = renumber.count;
    geo->locations = xrealloc(renumber.to, renumber.count, sizeof *renumber.to);
    geo->number = atomic_fetch_add(&last_number, 1) + 1;
    geo_join_places(geo);
    free(renumber.number);
    return geo;
}
