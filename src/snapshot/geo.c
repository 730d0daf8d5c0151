/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/geo.h"

#include "snapshot/country.h"

#include <stdlib.h>
#include <string.h>

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

bool geo_country_coordinates(const char *country, struct coordinates *out)
{
    const struct country *found = country_find(country);
    if (found == NULL)
        return false;
    *out =
        (struct coordinates){ .latitude = found->latitude, .longitude = found->longitude, .is_known = true };
    return true;
}
