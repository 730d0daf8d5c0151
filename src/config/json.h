/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"

/*
 * Walking JSON text that document_scan accepted: no tree is built, a step costs what it passes over.  On
 * other text the walk ends early but never leaves the span.
 */
struct json_member {
    struct span key; /* with its quotes */
    struct span value;
};

/** The value at `within` without the white space around it. */
struct span json_trim(const char *text, struct span within);

/** Walks the members of the object `object`; start with *at = 0. */
bool json_next_member(const char *text, struct span object, size_t *at, struct json_member *out);
/** The same, stepping over the values that `ends` knows: of a large document many walks are made. */
bool json_next_member_over(const char *text, const struct json_ends *ends, struct span object, size_t *at,
                           struct json_member *out);
/** Walks the elements of the array `array`; start with *at = 0. */
bool json_next_element(const char *text, struct span array, size_t *at, struct span *value);

/** The bytes that a string (with its quotes) stands for; `size` may be NULL.  The caller frees it. */
char *json_unescape(const char *text, struct span string, size_t *size);

/** The same into `room`, which has as many bytes as the string with one of its quotes; with a NUL behind.
 * Returns the size. */
size_t json_unescape_to(const char *text, struct span string, char *room);

/** True if the string (with its quotes) stands for exactly `word`. */
bool json_string_is(const char *text, struct span string, const char *word);

/** Appends `key` as one reference token of a JSON pointer (RFC 6901 §3), with its slash. */
struct text;
void json_pointer_add(struct text *pointer, const char *key);

/** Length of the well-formed character at `at` (RFC 3629 §4), 0 if it is none. */
size_t json_utf8_size(const unsigned char *at, size_t left);
