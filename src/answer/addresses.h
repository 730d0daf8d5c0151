/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"

#define ADDRESSES_MOST 32 /* in one answer: hostnames may have many */

/* The addresses of one family that a decision leads to. */
struct addresses {
    const uint8_t *rdatas[ADDRESSES_MOST];
    size_t count;
    uint32_t ttl_s; /* at most so long: the decision's, and what is left of those of hostnames */
};

/* What those of hostnames depend on. */
struct addresses_now {
    const struct conditions *conditions;
    uint64_t random, now_us;
};

/** Collects them in the order of the decision, each once; those of a hostname begin with a random one. */
void addresses_collect(const struct addresses_now *now, const struct decision *decision, uint8_t family,
                       struct addresses *out);
