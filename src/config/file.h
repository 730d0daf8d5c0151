/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stddef.h>

/** The whole of a regular file with a NUL behind it, or NULL (`err` does not name the file).  The caller
 * frees it. */
char *file_read(const char *path, size_t *size, struct error *err);

/** `path`, relative to `directory` unless it is absolute.  The caller frees it. */
char *file_path(const char *directory, const char *path);

/** The directory that `path` stands in: "." for a bare name.  The caller frees it. */
char *file_directory(const char *path);
