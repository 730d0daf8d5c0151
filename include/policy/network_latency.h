/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/policy.h"
#include "snapshot/latency_table.h"

/* What clients measured, as far as it says something of the candidates of one node. */
#define LATENCY_SAMPLES_LEAST 10 /* of a figure that moves an answer */

struct network_latency {
    bool is_asked;                 /* there is a table: what follows depends on the client */
    const struct latency_row *row; /* the most specific one with a figure for each candidate; NULL: none */
    enum latency_level level;
    uint8_t scope_len; /* the widest prefix around the client in which all of this is the same */
};

/** Looks for the row that decides. Pure; any thread inside a read section. */
void network_latency_find(const struct candidates *from, const struct client *client,
                          struct network_latency *out);

/** The figure of a child: an endpoint's own, of a node the best one of the available endpoints below it; only
 * one with at least `least` samples.  NULL: there is none. */
const struct latency_figure *network_latency_of(const struct candidates *from, uint16_t ordinal,
                                                const struct latency_row *row, uint32_t least);
