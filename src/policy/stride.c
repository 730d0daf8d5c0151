/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/stride.h"

#include <stdbool.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / φ */
#define REACH  32                           /* steps tried on either side */

struct quality {
    uint32_t worst, sum; /* of the partial quotients of step / total: both small is good */
};

/* Euclid's algorithm tells both: whether there is a common factor, and the continued fraction. */
static bool judge(uint32_t step, uint32_t total, struct quality *out)
{
    uint32_t high = total, low = step;
    *out = (struct quality){ 0, 0 };
    while (low > 0) {
        uint32_t quotient = high / low, rest = high % low;
        if (quotient > out->worst)
            out->worst = quotient;
        out->sum += quotient;
        high = low;
        low = rest;
    }
    return high == 1;
}

static uint64_t stride_by(uint32_t step, uint32_t total)
{
    return (uint64_t)((((unsigned __int128)step << 64) + total / 2) / total);
}

uint64_t stride_of(uint32_t total)
{
    if (total <= 1)
        return 0;
    int64_t middle = (int64_t)(((unsigned __int128)GOLDEN * total) >> 64);
    uint32_t best = 1;
    struct quality of_best = { UINT32_MAX, UINT32_MAX }, quality;
    for (int64_t step = middle - REACH; step <= middle + REACH; step++) {
        if (step < 1 || step >= (int64_t)total || !judge((uint32_t)step, total, &quality))
            continue;
        if (quality.worst < of_best.worst || (quality.worst == of_best.worst && quality.sum < of_best.sum)) {
            best = (uint32_t)step;
            of_best = quality;
        }
    }
    return stride_by(best, total);
}

uint64_t stride_in_order(uint32_t total)
{
    return total <= 1 ? 0 : stride_by(1, total);
}
