/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/histogram.h"

const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = { 5,    10,   20,   50,    100,   200,   500,
                                                         1000, 2000, 5000, 10000, 20000, 50000, 100000 };

/* One writer: a load and a store, no locked instruction. */
static void increase(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + by, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t duration_us, uint64_t count)
{
    size_t bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && duration_us > histogram_bounds_us[bucket])
        bucket++;
    increase(&histogram->counts[bucket], count);
    increase(&histogram->sum_us, duration_us * count);
}
