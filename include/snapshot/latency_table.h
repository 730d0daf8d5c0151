/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/prefix_map.h"
#include "snapshot/geo.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What clients have measured: by where they are, the median time to each endpoint.  Immutable.
 *
 *     client ──▶ its network, else its AS number, else its country ──▶ row ──▶ figures, by endpoint
 */
enum latency_level { LATENCY_NETWORK, LATENCY_ASN, LATENCY_COUNTRY, LATENCY_LEVELS };

enum { LATENCY_NETWORK_V4 = 24, LATENCY_NETWORK_V6 = 48 }; /* bits of a client's network */

struct latency_figure {
    uint32_t endpoint; /* index in the table's names */
    uint32_t median_us;
    uint32_t samples; /* fresh ones: older count for less */
    int64_t newest_wall_ms;
};

struct latency_row {
    uint32_t key;          /* ASN: the number; COUNTRY: two letters */
    uint32_t first, count; /* figures, ascending by endpoint */
};

struct latency_table {
    struct prefix_map *networks;              /* value = index in rows[LATENCY_NETWORK] */
    struct latency_row *rows[LATENCY_LEVELS]; /* the latter two ascend by key */
    size_t row_count[LATENCY_LEVELS];
    struct prefix *places; /* the networks of rows[LATENCY_NETWORK], ascending */
    struct latency_figure *figures;
    char **endpoints; /* "pool/endpoint" */
    size_t endpoint_count;
};

void latency_table_free(void *table); /* edition_free_fn */

/** The row of a level for a client there, or NULL.  `scope_len` gets the widest prefix around the client for
 * which the level's row is the same one, or there is none as well.  `geo` may be NULL.  Any thread. */
const struct latency_row *latency_table_find(const struct latency_table *table, enum latency_level level,
                                             const struct address *address, const struct geo *geo,
                                             uint8_t *scope_len);

/** The figure of an endpoint in a row, or NULL. */
const struct latency_figure *latency_row_find(const struct latency_table *table,
                                              const struct latency_row *row, uint32_t endpoint);

static inline uint32_t latency_country_key(const char country[3])
{
    return (uint32_t)(unsigned char)country[0] << 8 | (unsigned char)country[1];
}

/* The table as the endpoints of one dataset see it. */
struct latency_view {
    const struct latency_table *table;
    uint32_t slot_count;
    uint32_t endpoint_of_slot[]; /* UINT32_MAX: nobody has measured it */
};

static inline uint32_t latency_endpoint(const struct latency_view *view, uint32_t slot)
{
    return slot < view->slot_count ? view->endpoint_of_slot[slot] : UINT32_MAX;
}
