/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/number_table.h"

#include <stddef.h>
#include <stdint.h>

/*
 * All rules of a geo node that match an address make its chain: their children from the most specific to
 * `default`, each once.  Chains with the same beginning share it: a chain is a link to a child behind a
 * shorter chain, and link 0 is the empty one.
 *
 *     1.2.3.0/24, country:DE, default      0 ◀── 1 (pop) ◀── 2 (eu) ◀── 3 (all)
 *     country:DE, default                  0 ◀── 4 (eu) ◀── 5 (all)
 */
struct geo_link {
    uint32_t before;
    uint16_t child;
    uint16_t length; /* of the chain up to here */
};

/* Chains under construction. */
struct geo_chains {
    struct geo_link *links;
    size_t count, room;
    struct number_table by_link; /* (link before, child) → link */
};

void geo_chains_init(struct geo_chains *chains); /* with the empty chain */
/** Frees the index; the links are the caller's. */
void geo_chains_close(struct geo_chains *chains);

/** The chain with `child` behind it, unless it has it already. */
uint32_t geo_chain_add(struct geo_chains *chains, uint32_t chain, uint16_t child);
/** `chain` and behind it the children of `more`, in order. */
uint32_t geo_chain_join(struct geo_chains *chains, uint32_t chain, uint32_t more);

/** The first `length` children of a chain, or all it has. */
static inline uint32_t geo_chain_cut(const struct geo_link *links, uint32_t chain, size_t length)
{
    while (links[chain].length > length)
        chain = links[chain].before;
    return chain;
}
