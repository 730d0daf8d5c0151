/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void rng_secret(void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size < 256 ? size : 256, 0);
        if (got < 0) {
            perror("steerd: getrandom");
            abort();
        }
        at += got;
        size -= (size_t)got;
    }
}

void rng_seed(struct rng *rng)
{
    rng_secret(&rng->state, sizeof rng->state);
}
