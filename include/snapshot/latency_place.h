/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "snapshot/latency_table.h"

/* Where clients are that have measured: "203.0.113.0/24", "AS64500" or "DE". */
struct latency_place {
    enum latency_level level;
    struct prefix network; /* LATENCY_NETWORK */
    uint32_t key;          /* otherwise, as in struct latency_row */
};

enum { LATENCY_PLACE_SIZE = ADDRESS_TEXT_SIZE };

/** False for what is none of the three; an address is a network of its own. */
bool latency_place_parse(const char *text, struct latency_place *out);
void latency_place_format(const struct latency_place *place, char out[LATENCY_PLACE_SIZE]);
void latency_place_of_row(const struct latency_table *table, enum latency_level level, size_t index,
                          struct latency_place *out);

/** The order of rows in a table: below, at or above 0. */
int latency_place_compare(const struct latency_place *a, const struct latency_place *b);
/** True if one network lies in the other, or if they are the same AS or country. */
bool latency_place_meets(const struct latency_place *a, const struct latency_place *b);
