/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LATENCY_BUCKETS = 64 };

/* What clients of one place measured to one endpoint: counts by size, where old ones fade. */
struct store_latency {
    char *place;    /* "203.0.113.0/24", "AS64500", "DE" */
    char *endpoint; /* "us/us-east-1" */
    int64_t newest_wall_ms;
    int64_t faded_wall_ms; /* up to when the counts have faded */
    uint8_t counts[LATENCY_BUCKETS];
    uint32_t median_us; /* as last published; 0: never */
    uint8_t is_gone;    /* to be forgotten */
};
void store_latencies_free(struct store_latency *rows, size_t count);
