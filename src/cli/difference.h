/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <stdbool.h>

/** Appends the lines in which two texts differ, with "-" and "+" and three lines around; nothing if they are
 * equal. */
void difference_print(const char *before, const char *after, bool wants_colour, struct text *out);
