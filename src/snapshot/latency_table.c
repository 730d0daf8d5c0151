/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/latency_table.h"

#include <stdlib.h>

void latency_table_free(void *block)
{
    struct latency_table *table = block;
    if (table == NULL)
        return;
    for (size_t level = 0; level < LATENCY_LEVELS; level++)
        free(table->rows[level]);
    for (size_t i = 0; i < table->endpoint_count; i++)
        free(table->endpoints[i]);
    free(table->endpoints);
    free(table->figures);
    free(table->places);
    prefix_map_free(table->networks);
    free(table);
}

static const struct latency_row *row_of_key(const struct latency_row *rows, size_t count, uint32_t key)
{
    size_t from = 0, end = count;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        if (rows[middle].key == key)
            return &rows[middle];
        if (rows[middle].key < key)
            from = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

const struct latency_row *latency_table_find(const struct latency_table *table, enum latency_level level,
                                             const struct address *address, const struct geo *geo,
                                             uint8_t *scope_len)
{
    if (level == LATENCY_NETWORK) {
        uint32_t index = prefix_map_find(table->networks, address, scope_len);
        return index != PREFIX_MAP_NONE ? &table->rows[level][index] : NULL;
    }
    const struct location *location = geo_find(geo, address, scope_len);
    if (location == NULL)
        return NULL;
    uint32_t key = level == LATENCY_ASN ? location->asn : latency_country_key(location->country);
    return key != 0 ? row_of_key(table->rows[level], table->row_count[level], key) : NULL;
}

const struct latency_figure *latency_row_find(const struct latency_table *table,
                                              const struct latency_row *row, uint32_t endpoint)
{
    size_t from = row->first, end = from + row->count;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        if (table->figures[middle].endpoint == endpoint)
            return &table->figures[middle];
        if (table->figures[middle].endpoint < endpoint)
            from = middle + 1;
        else
            end = middle;
    }
    return NULL;
}
