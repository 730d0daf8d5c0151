/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/problems.h"

#include <stddef.h>

/**
 * The JSON of a map from a text file: a network and its name a line, "#" starts a comment.  NULL with all
 * problems noted by `file` and line.  The caller frees it.
 */
char *map_file_to_json(const char *file, const char *text, size_t size, struct problems *problems,
                       size_t *json_size);
