/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A small fast generator for draws and jitter, never for secrets.  One owner, one thread. */
struct rng {
    uint64_t state;
};

void rng_seed(struct rng *rng); /* from the kernel */

/** 64 fresh bits (SplitMix64). */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/** Fills `out` from the kernel's generator: for tokens and cookie secrets. */
void rng_secret(void *out, size_t size);
