/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far an endpoint is on its way back: see control/ramp.h. */
struct store_pace {
    char *endpoint;             /* "us/us-east-1" */
    bool was_down;              /* and has not been up since: a hold will follow */
    int64_t hold_until_wall_ms; /* 0: not on hold; HELD_MANUALLY */
    int64_t grown_ms;           /* of its ramp, whole steps; -1: it does not grow */
};
void store_paces_free(struct store_pace *paces, size_t count);

/** True if there is nothing to remember. */
static inline bool store_pace_is_empty(const struct store_pace *pace)
{
    return !pace->was_down && pace->hold_until_wall_ms == 0 && pace->grown_ms < 0;
}
