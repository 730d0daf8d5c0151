/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/prefix_map.h"
#include "snapshot/node.h"

#include <stddef.h>
#include <stdint.h>

/* Where an address is, as a database says. Unknown parts are empty strings, 0, or unknown coordinates. */
struct location {
    char continent[3];   /* "EU" */
    char country[3];     /* ISO 3166-1 alpha-2, "DE" */
    char subdivision[8]; /* ISO 3166-2 with the country, "US-CA" */
    char city[48];       /* English name */
    uint32_t asn;
    struct coordinates at;
};

/* All GeoIP databases merged into one table, with what operators say on top: address → location.  Immutable.
 */
struct geo {
    struct prefix_map *map; /* value = index in locations; PREFIX_MAP_NONE: unknown */
    struct location *locations;
    size_t count;
    /* the same with nothing but where it is, for distances: AS numbers and names do not cut its ranges; NULL:
     * no two locations are at one point */
    struct prefix_map *places; /* value = index in points */
    struct coordinates *points;
    char *source;    /* "GeoLite2-Country.mmdb, built 2026-11-01T…" for status */
    uint64_t number; /* different for each loading, so that plans know their table */
    /* for explain: which of the operators' sets has the most specific word about an address; NULL: none has
     */
    struct prefix_map *operators; /* value = index in operator_names */
    char **operator_names;
    size_t operator_count;
};

/** The location of `address`, or NULL.  Special-purpose addresses have none but what operators say.
 * `scope_len` gets the length in bits of the widest prefix around it with the same location.  `geo` may be
 * NULL.  Any thread. */
const struct location *geo_find(const struct geo *geo, const struct address *address, uint8_t *scope_len);

/** Where `address` is: its coordinates, or else a point of its country.  False: neither is known. `scope_len`
 * gets the length in bits of the widest prefix around it that is at the same point.  `geo` may be NULL. */
bool geo_find_point(const struct geo *geo, const struct address *address, struct coordinates *out,
                    uint8_t *scope_len);

/** Makes `places` and `points` of `map` and `locations`, if two of these are at one point.  While it is being
 * built. */
void geo_join_places(struct geo *geo);

/** The name of the operators' set that says most specifically where `address` is; NULL: none says anything.
 */
const char *geo_operator_of(const struct geo *geo, const struct address *address);

void geo_free(void *geo); /* edition_free_fn */

/** The continent of a country ("DE" → "EU"), NULL if there is no such code.  Our own table. */
const char *geo_continent_of(const char country[3]);
/** The code that somebody meant who wrote "de" or "UK"; NULL: who knows. */
const char *geo_country_meant(const char *text);
/** A point near the middle of the country; false if there is no such code. */
bool geo_country_coordinates(const char *country, struct coordinates *out);
