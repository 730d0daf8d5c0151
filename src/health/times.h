/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/probe.h"

/* How long the good checks of one target took, step by step, smoothed. */
struct step_time {
    uint64_t mean_ns;   /* 0: none yet */
    uint64_t newest_us; /* monotonic, of the newest sample */
    uint32_t samples;
};

struct times {
    struct step_time of[LATENCY_OF_COUNT];
};

/**
 * Takes a good check in: an exponentially weighted mean, where each time counts for an eighth and the first
 * one for all.  A busy machine or a lost packet can make one too long but nothing too short: above the mean
 * it counts as twice the mean and a millisecond at most, below half of it it is the new mean.  A step that
 * this check did not go (a connection that was there already) is left alone.
 */
void times_note(struct times *times, const struct finding *finding, uint64_t now_us);

/** Forgets the steps that have had no sample for longer than `most_us`. */
void times_age(struct times *times, uint64_t now_us, uint64_t most_us);

/** Microseconds; 0: none yet, or forgotten. */
uint32_t times_mean_us(const struct times *times, enum latency_of of);
