/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"

/* Tickets of one answer, in the order in which its walk asks for them. */
struct taken_tickets {
    uint16_t count;
    uint16_t used; /* of these, by the walk */
    uint32_t tickets[NODE_DEPTH_MAX];
};

/* Each node of a walk draws anew. */
static inline uint64_t next_random(uint64_t random)
{
    return random * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/**
 * Decides, as the walk of steer.c does, what needs no second thought: each node on the way is available and
 * leads at once to what is there, none gives a part of its share away, no hostname has to be known, and
 * nobody draws by the client's network.  Nearly all answers are such.
 *
 * False for all others: `out` means nothing then, and the walk begins anew with the tickets in `taken`, which
 * are the first that it asks for.  `taken` starts empty.  For queries: nothing is traced, noted or replayed.
 */
bool steer_straight(const struct steering *steering, struct decision *out, struct taken_tickets *taken);
