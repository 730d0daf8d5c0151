/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/probe.h"

/*
 * http without TLS and without redirects, on a plain socket: half of what it costs by libcurl, and most
 * checks are that.  Evidence and options are the same.
 */

/* What all such probes share. */
struct plain_shared {
    struct loop *loop;
    size_t kept, kept_most; /* connections at rest, to be used again */
};

bool plain_can_carry(const struct check *check);
struct probe *plain_new(struct plain_shared *shared, const struct check *check, const char *peer);
