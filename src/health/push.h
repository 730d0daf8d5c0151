/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/target.h"

/*
 * A target that nobody asks about: results come as reports.  One that follows its report by more than the
 * time to live is missed, which is a bad result, and one more for each time to live that goes by.  Nobody has
 * spoken then, so this server may be cut off: such a result is silent.
 */

/** Waits for the first report. */
void push_start(struct target *target);

/** Knows the last report to an earlier process; its time to live begins anew, because nobody could report
 * meanwhile. */
void push_restore(struct target *target, const struct known_verdict *known);

void push_take(struct target *target, const struct check_report *report);
