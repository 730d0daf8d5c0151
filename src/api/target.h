/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TARGET_SEGMENTS_MAX 12
#define TARGET_PARAMS_MAX   16

/*
 * A request target (RFC 9112 §3.2.1), taken apart before it is decoded, so that an encoded slash belongs to
 * its segment: "/v1/zones/0%2f25.2.0.192.in-addr.arpa" has three segments.
 */
struct target {
    char *block; /* what the pointers point into */
    const char *segments[TARGET_SEGMENTS_MAX];
    size_t segment_count;
    struct {
        const char *name, *value; /* value "" without "=" */
    } params[TARGET_PARAMS_MAX];
    size_t param_count;
};

/** `raw` is what stood in the request line.  False for a bad or NUL escape, too many pieces, or no leading
 * slash; `out` is then empty. */
bool target_parse(const char *raw, struct target *out, struct error *err);
void target_clear(struct target *target);

/** The value of the first parameter of that name, or NULL. */
const char *target_param(const struct target *target, const char *name);
