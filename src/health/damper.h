/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"

/*
 * Holds down what flaps.  `flaps` falls within `within` begin a hold; what begins again no later than
 * `within` after the last one ended is held twice as long, up to eight times.  Times are clock_monotonic_us.
 */
#define DAMPER_FALLS_MAX 16

struct damper {
    uint64_t falls_us[DAMPER_FALLS_MAX]; /* the latest ones, in a ring */
    unsigned fall_count;                 /* since the last hold */
    unsigned doublings;
    uint64_t until_us; /* of the hold, past ones too; 0: there was none */
};

/** An up endpoint fell.  True if a hold begins: until `until_us`.  Not while it is held. */
bool damper_fall(struct damper *damper, const struct check_damping *rules, uint64_t now_us);

bool damper_holds(const struct damper *damper, uint64_t now_us);
