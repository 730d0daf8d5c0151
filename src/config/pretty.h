/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "config/document.h"

/** Appends a value of scanned JSON text, indented anew: short objects and lists on one line, order and
 * spelling as they are.  `depth` is that of the line it starts on. */
void pretty_value(struct text *out, const char *text, struct span value, unsigned depth);
/** Appends only the members of an object, each on its own line at `depth`; `is_first` says whether a comma is
 * due and is kept up to date. */
void pretty_members(struct text *out, const char *text, struct span object, unsigned depth, bool *is_first);
/** Ends the line and indents the next one. */
void pretty_line(struct text *out, unsigned depth);
