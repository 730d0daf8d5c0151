/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

/** Writes name="value" with the value escaped as the text format asks. */
void metrics_label(struct text *out, const char *name, const char *value);

/** Writes the HELP and TYPE lines of a family. */
void metrics_family(struct text *out, const char *name, const char *type, const char *help);
