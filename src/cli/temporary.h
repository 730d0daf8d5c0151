/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/* Texts in files, and editors for them. */

/** Writes the text into a fresh file in $TMPDIR or /tmp that only its owner may read.  Its name is to be
 * freed; NULL: it cannot be written. */
char *temporary_write(const char *text, struct error *err);

/** Runs $VISUAL, $EDITOR or vi on the file, and waits for it. */
bool temporary_edit(const char *file, struct error *err);

/** Reads a file, or standard input as "-".  A NUL in it is an error. */
bool temporary_read(const char *file, struct text *out, struct error *err);

void temporary_remove(const char *file);
