/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/*
 * What calculated checks rest on.  The inputs of an input count as well: all of them are measured at every
 * endpoint that the calculated check is bound to.
 */

/** Inputs must exist, must not lead back, and must not be too many; after the checks are parsed. */
void build_check_inputs(struct build *build);

/** Whether the check, or one that it rests on, is staged.  Only in a build that is good so far. */
bool check_inputs_touched(const struct build *build, const char *name);

/** Calls for each input of the check, if it has any. */
void check_inputs_each(const struct item *item, void (*visit)(void *context, const char *input),
                       void *context);
