/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/geo.h"

#include "base/memory.h"
#include "base/number_table.h"
#include "snapshot/country.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct location *geo_find(const struct geo *geo, const struct address *address, uint8_t *scope_len)
{
    uint8_t unused;
    if (scope_len == NULL)
        scope_len = &unused;
    *scope_len = 0;
    if (geo == NULL)
        return NULL;
    /* Special-purpose prefixes were punched out of the map when it was made. */
    uint32_t index = prefix_map_find(geo->map, address, scope_len);
    return index < geo->count ? &geo->locations[index] : NULL;
}

/* ---- points ---- */

static bool point_of(const struct location *location, struct coordinates *out)
{
    if (!location->at.is_known)
        return geo_country_coordinates(location->country, out);
    *out = location->at;
    return true;
}

bool geo_find_point(const struct geo *geo, const struct address *address, struct coordinates *out,
                    uint8_t *scope_len)
{
    *scope_len = 0;
    if (geo == NULL)
        return false;
    if (geo->places == NULL) {
        const struct location *location = geo_find(geo, address, scope_len);
        return location != NULL && point_of(location, out);
    }
    uint32_t index = prefix_map_find(geo->places, address, scope_len);
    if (index == PREFIX_MAP_NONE)
        return false;
    *out = geo->points[index];
    return true;
}

struct joining {
    const struct geo *geo;
    uint32_t *index; /* by location; PREFIX_MAP_NONE: it is nowhere */
};

static uint32_t join_value(uint32_t value, void *context)
{
    const struct joining *joining = context;
    return value < joining->geo->count ? joining->index[value] : PREFIX_MAP_NONE;
}

/* Each point once; the index of every location's.  True if two locations are at one point. */
static bool number_points(struct geo *geo, uint32_t *index)
{
    struct number_table known = { 0 };
    bool is_shared = false;
    uint32_t count = 0;
    geo->points = xcalloc(geo->count, sizeof *geo->points);
    for (size_t i = 0; i < geo->count; i++) {
        struct coordinates at;
        uint32_t bits[2];
        index[i] = PREFIX_MAP_NONE;
        if (!point_of(&geo->locations[i], &at))
            continue;
        memcpy(&bits[0], &at.latitude, sizeof bits[0]);
        memcpy(&bits[1], &at.longitude, sizeof bits[1]);
        uint64_t key = (uint64_t)bits[0] << 32 | bits[1];
        if (number_table_find(&known, key, &index[i])) {
            is_shared = true;
            continue;
        }
        index[i] = count;
        geo->points[count++] = at;
        number_table_put(&known, key, index[i]);
    }
    number_table_free(&known);
    geo->points = xrealloc(geo->points, count > 0 ? count : 1, sizeof *geo->points);
    return is_shared;
}

void geo_join_places(struct geo *geo)
{
    struct joining joining = { geo, xcalloc(geo->count + 1, sizeof *joining.index) };
    if (number_points(geo, joining.index)) { /* else a table of their own would say the same */
        geo->places = prefix_map_translate(geo->map, join_value, &joining);
    } else {
        free(geo->points);
        geo->points = NULL;
    }
    free(joining.index);
}

const char *geo_operator_of(const struct geo *geo, const struct address *address)
{
    if (geo == NULL || geo->operators == NULL)
        return NULL;
    uint32_t index = prefix_map_find(geo->operators, address, NULL);
    return index < geo->operator_count ? geo->operator_names[index] : NULL;
}

void geo_free(void *block)
{
    struct geo *geo = block;
    if (geo == NULL)
        return;
    prefix_map_free(geo->map);
    prefix_map_free(geo->places);
    free(geo->points);
    prefix_map_free(geo->operators);
    for (size_t i = 0; i < geo->operator_count; i++)
        free(geo->operator_names[i]);
    free(geo->operator_names);
    free(geo->locations);
    free(geo->source);
    free(geo);
}

/* The table is sorted by code; eight steps find one of 250. */
static const struct country *country_find(const char *code)
{
    size_t first = 0, end = country_count;
    if (strlen(code) != 2)
        return NULL;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = strncmp(countries[middle].code, code, 2);
        if (order == 0)
            return &countries[middle];
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

const char *geo_continent_of(const char country[3])
{
    const struct country *found = country_find(country);
    return found != NULL ? found->continent : NULL;
}

const char *geo_country_meant(const char *text)
{
    /* what is in use beside ISO 3166-1: on roads, in the European Union, in sports */
    static const char *const others[][2] = { { "UK", "GB" },  { "EL", "GR" },  { "USA", "US" },
                                             { "GBR", "GB" }, { "DEU", "DE" }, { "GER", "DE" },
                                             { "FRA", "FR" }, { "JPN", "JP" }, { "CHN", "CN" },
                                             { "IND", "IN" }, { "BRA", "BR" }, { "CAN", "CA" } };
    for (size_t i = 0; i < country_count; i++)
        if (strcasecmp(text, countries[i].code) == 0)
            return countries[i].code;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasecmp(text, others[i][0]) == 0)
            return others[i][1];
    return NULL;
}

bool geo_country_coordinates(const char *country, struct coordinates *out)
{
    const struct country *found = country_find(country);
    if (found == NULL)
        return false;
    *out =
        (struct coordinates){ .latitude = found->latitude, .longitude = found->longitude, .is_known = true };
    return true;
}
