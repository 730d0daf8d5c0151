/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What each of several siblings serves, all in the unit of their weights.  Control plane. */
struct share {
    double weight;   /* > 0 */
    double kept;     /* 0..1: what it does not shed and has grown to */
    double capacity; /* HUGE_VAL: none was stated */
    double serves;   /* the result */
};

/**
 * Each serves what it keeps of its weight; what it does not keep goes to the others, in the proportion of
 * what those keep.  Nothing is lost: the sum of `serves` is that of the weights.
 */
void shares_spread(struct share *shares, size_t count);

/**
 * Then `load` is served in the proportion of `serves`, but by none beyond its capacity: what it cannot take
 * goes to the others in proportion, and so on.  If all capacities together do not suffice, each serves its
 * capacity: all are overloaded alike.  False if no capacity was in the way: `serves` is as it was.
 */
bool shares_level(struct share *shares, size_t count, double load);
