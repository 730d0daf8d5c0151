/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"

/** Checks that `text` is strict JSON (document.h) and blanks its comments in place.  False with problems
 * noted; else the caller frees `ends->spans`. */
bool json_scan(const char *file, char *text, size_t size, struct problems *problems, struct json_ends *ends);

/** Line and column (in bytes) of offset `at`, both from 1. */
void json_position(const char *text, size_t at, unsigned *line, unsigned *column);
