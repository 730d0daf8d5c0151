/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/builder_parts.h"

/*
 * What people ask to be changed.  Commands that wait are judged one after the other, each against what those
 * before it have made: its If-Match, its errors and its generation are as if it had been alone.  They are
 * launched as one group of builds.  What was judged after a change that is not durable yet is answered with
 * it.
 */

/** True for letters that writes_run_group takes. */
bool writes_take(const struct letter *letter);

/** Works the writes out that wait, the first of which is one, as many as make a group, and launches them. */
void writes_run_group(struct builder *builder);

/** True unless services would lose their last healthy endpoint by what was compiled, as far as what is
 * published knows of health. */
bool writes_may_change(const struct builder *builder, const struct build *build, struct error *why);

/** The builder ends: a write that waits comes back as RESULT_UNAVAILABLE. */
void writes_refuse(struct letter *letter);
