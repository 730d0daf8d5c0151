/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/problems.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/*
 * Strict JSON (RFC 8259) with comments, and positions.  In front of cJSON stands a scanner that refuses what
 * cJSON lets through: duplicate keys (also in different case, because cJSON looks keys up so), trailing data,
 * NUL, bad UTF-8, numbers that overflow, nesting beyond 64.  Comments are blanked, so offsets stay.  Lines
 * and columns count from 1, columns in bytes.
 */

/** A piece of a document: one value. */
struct span {
    size_t at, size;
};

/* Objects and lists that take long to walk through, by their place: where they end is known. */
struct json_ends {
    struct span *spans;
    size_t count;
};

struct document {
    char *file; /* for messages; NULL: by the API */
    char *text; /* comments blanked, NUL-terminated */
    size_t size;
    struct json_ends ends;
};

/** Scans `text` (copied).  False with problems noted if it is not strict JSON; `out` is then empty. */
bool document_scan(const char *file, const char *text, size_t size, struct problems *problems,
                   struct document *out);
/** The same from a file. */
bool document_load(const char *file, struct problems *problems, struct document *out);
void document_free(struct document *document);

/** Walks the members of the object at `object` (whole document: {0, size}): start with *at = 0. `key` is
 * unescaped, the caller frees it.  False at the end or if it is no object. */
bool document_next_member(const struct document *document, struct span object, size_t *at, char **key,
                          struct span *value);

/** The same for the elements of an array. */
bool document_next_element(const struct document *document, struct span array, size_t *at,
                           struct span *value);

/** cJSON of one value; NULL is impossible after a scan.  cJSON_Delete by the caller. */
cJSON *document_parse(const struct document *document, struct span value);

/** Line and column of the value at `pointer` (RFC 6901) below `base`; the nearest existing ancestor if it is
 * absent. */
void document_locate(const struct document *document, struct span base, const char *pointer, unsigned *line,
                     unsigned *column);
