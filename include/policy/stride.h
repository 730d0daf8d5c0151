/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/*
 * The order in which tickets meet the points 0 … total-1 of a weighted list: ticket n meets n·s mod total.
 * The step s has no factor in common with the total, so every total tickets in a row meet each point exactly
 * once, and s/total is as badly approximable by simple fractions as it can be had (near the golden ratio), so
 * that the points of any few tickets in a row lie apart.
 */

/** 2^64 · s / total, rounded; 0 for a total of 1 or less. */
uint64_t stride_of(uint32_t total);
/** The same for a step of 1, which meets the points in their order: ticket n meets n mod total. */
uint64_t stride_in_order(uint32_t total);

/** The point of `ticket`: exact for every ticket below 2^32, at the price of two multiplications.  Each step
 * of the rounded stride is off by 2^-65 at most, which 2^32 of them add up to half of 1/2^32: the summand
 * centres that in the point. */
static inline uint32_t stride_point(uint64_t stride, uint32_t ticket, uint32_t total)
{
    uint64_t fraction = ticket * stride + (UINT64_C(1) << 31);
    return (uint32_t)(((unsigned __int128)fraction * total) >> 64);
}
