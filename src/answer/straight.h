/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"

/*
 * The short way of steer_query: it decides, as the walk does, what needs no second thought.  Each node on the
 * way is available and leads at once to what is there, none gives a part of its share away, no hostname has
 * to be known, and nobody draws by the client's network.  Nearly all answers are such.  All others begin
 * anew, with the tickets that they took on the short way.
 */

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

/** The whole walk of a service's tree (steer.c), which begins with the tickets that were taken already. */
void steer_from(const struct steering *steering, const struct taken_tickets *taken, struct decision *out);
