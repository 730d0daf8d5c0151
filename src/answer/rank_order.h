/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/rank.h"

/* Names with their ranks and shares as a walk finds them. */
struct rank_order {
    unsigned count;
    struct ranked {
        const struct endpoint *endpoint;
        unsigned rank;
        double share;
    } items[CHOICE_MAX];
};

/** False: it has no hostname, or there is no room. */
bool rank_order_add(struct rank_order *order, const struct endpoint *endpoint, unsigned rank, double share);

/** Scales what was added from `begin` on, so that the shares of each rank sum up to `share`. */
void rank_order_scale(struct rank_order *order, unsigned begin, double share);

/** Writes endpoints, ranks and weights in ascending order of ranks, each name once where it ranks best. */
void rank_order_write(struct rank_order *order, struct ranking *out);
