/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Durations counted by size. One thread adds, any other reads meanwhile (relaxed): each figure for itself. */

#define HISTOGRAM_BOUNDS  14
#define HISTOGRAM_BUCKETS (HISTOGRAM_BOUNDS + 1) /* the last one is for what is beyond all bounds */

/** The longest duration in each bucket, ascending. */
extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_us;
};

/** Adds `count` things that took `duration_us` each. Only by the histogram's one writer. */
void histogram_add(struct histogram *histogram, uint64_t duration_us, uint64_t count);
