/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"

/*
 * All hostnames that a policy tree would send a client to, in the order in which it would: for types that
 * carry an order themselves (MX, SRV).
 *
 *     failover, nearest, latency, sticky   first child ▶ rank 0, what it falls back on ▶ the ranks behind
 *     weighted, round_robin                all available ones in one rank, with weights
 *     geo                                  the child of the rule that is about the client
 *
 * What is not available is left out.
 */
struct ranking {
    struct decision decision;     /* its endpoints all have a hostname, each name once, ascending by rank */
    uint16_t ranks[CHOICE_MAX];   /* from 0, without gaps */
    uint16_t weights[CHOICE_MAX]; /* within a rank, in proportion; >= 1 */
};

/** Ranks what is below `root`.  Pure; takes no ticket; any registered thread inside a read section. */
void rank(const struct steering *steering, const struct child *root, struct ranking *out);
