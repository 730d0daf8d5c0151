/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/number_table.h"
#include "snapshot/geo.h"

/** True if nothing is known. */
bool location_is_empty(const struct location *location);

/** What `later` knows over what `earlier` does, field by field.  If they disagree on the country, what is
 * finer than the country is taken from `later` only. */
struct location location_merge(const struct location *earlier, const struct location *later);

/* Locations, each distinct one once.  Zero-initialised is empty. */
struct location_set {
    struct location *items;
    size_t count, room;
    struct number_table by_hash;
};

/** The index of an equal location in the set, added if need be. */
uint32_t location_set_add(struct location_set *set, const struct location *location);
void location_set_free(struct location_set *set);

/** The table of what `map` says, by index in `locations`: takes the map, keeps those that are left in it. */
struct geo *geo_make(struct prefix_map *map, const struct location_set *locations);
