/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/shares.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void shares_spread(struct share *shares, size_t count)
{
    double kept = 0, given = 0;
    for (size_t i = 0; i < count; i++)
        kept += shares[i].weight * shares[i].kept;
    for (size_t i = 0; i < count; i++) {
        struct share *share = &shares[i];
        double own = share->weight * share->kept, others = kept - own;
        share->serves = share->weight; /* keeps all when nobody else is there to take it */
        if (others > kept * 1e-12)
            given += (share->weight - own) / others;
    }
    for (size_t i = 0; i < count; i++) {
        struct share *share = &shares[i];
        double own = share->weight * share->kept, others = kept - own;
        if (kept <= 0)
            continue;
        if (others > kept * 1e-12)
            share->serves = own + own * (given - (share->weight - own) / others);
        else
            share->serves += own * given;
    }
}

/* By how soon they are full. */
static int fill_compare(const void *left, const void *right)
{
    const struct share *a = *(struct share *const *)left, *b = *(struct share *const *)right;
    double difference = a->capacity * b->serves - b->capacity * a->serves;
    if (a->capacity == b->capacity)
        difference = b->serves - a->serves;
    return difference < 0 ? -1 : difference > 0;
}

bool shares_level(struct share *shares, size_t count, double load)
{
    struct share **order = xcalloc(count, sizeof *order);
    double rest = 0;
    for (size_t i = 0; i < count; i++) {
        order[i] = &shares[i];
        rest += shares[i].serves;
    }
    qsort(order, count, sizeof *order, fill_compare);
    size_t full = 0;
    while (full < count && load * order[full]->serves > order[full]->capacity * rest) {
        load -= order[full]->capacity;
        rest -= order[full]->serves;
        order[full]->serves = order[full]->capacity;
        full++;
    }
    for (size_t i = full; full > 0 && i < count; i++)
        order[i]->serves *= load / rest;
    free(order);
    return full > 0;
}
