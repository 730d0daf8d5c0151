/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes JSON from the outside in; commas are its business.  `key` is NULL inside arrays and for the
 * outermost value.  Strings that are not UTF-8 (a server's banner in a check's evidence) get U+FFFD for each
 * bad byte.  Zero-initialised is empty.
 */
struct writer {
    struct text text;
    bool needs_comma;
    unsigned depth;     /* at most 64 */
    uint64_t is_object; /* bit `depth - 1`: the container there is an object */
};

void writer_object(struct writer *json, const char *key);
void writer_array(struct writer *json, const char *key);
void writer_end(struct writer *json); /* of the innermost object or array */

void writer_string(struct writer *json, const char *key, const char *value); /* NULL: null */
void writer_uint(struct writer *json, const char *key, uint64_t value);
void writer_int(struct writer *json, const char *key, int64_t value);
void writer_real(struct writer *json, const char *key, double value); /* not finite: null */
void writer_bool(struct writer *json, const char *key, bool value);
void writer_null(struct writer *json, const char *key);
/** RFC 3339; null for 0. */
void writer_time(struct writer *json, const char *key, int64_t wall_ms);
/** A value that is JSON already. */
void writer_raw(struct writer *json, const char *key, const char *value, size_t size);
/** The members of the JSON object `object` (of `size` bytes, with its braces) as members of the innermost
 * one. */
void writer_members_of(struct writer *json, const char *object, size_t size);
