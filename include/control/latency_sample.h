/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

/* One measurement of a client. */
struct latency_sample {
    struct address client;
    uint32_t us;
    char *endpoint; /* "pool/endpoint"; owned */
};

#define LATENCY_SAMPLES_MOST 10000 /* in one batch */
