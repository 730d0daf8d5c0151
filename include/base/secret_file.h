/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

/**
 * Makes a file with `text` that only its owner may read.  It appears under its name when it is whole and on
 * disk, in place of what had the name.  `err` does not name the file.
 */
bool secret_file_make(const char *path, const char *text, struct error *err);
