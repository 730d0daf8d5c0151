/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/target.h"

/* What becomes of a finding: verdict, evidence, report.  Thresholds first, then damping. */

void outcome_start(struct target *target);
/** Knows an earlier verdict, which is up or down. */
void outcome_restore(struct target *target, const struct known_verdict *known);
void outcome_note(struct target *target, const struct finding *finding);

/** Reports what is known, once more. */
void outcome_report(struct target *target);
