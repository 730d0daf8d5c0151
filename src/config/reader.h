/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "config/document.h"
#include "config/object.h"

/*
 * Reading one object's JSON: knows where it is, so that every complaint carries its JSON pointer, line and
 * column, and goes on after each, so that all are found at once.
 */
struct reader {
    const struct object *object;
    struct problems *problems;
    struct text pointer; /* of the value being read, below the object */
    unsigned depth;      /* of policy nodes around it */
    size_t errors_before;
    cJSON *root;
};

/** Scans and parses the object, which has to be a JSON object.  False with problems noted; then there is
 * nothing to close. */
bool reader_open(const struct object *object, struct problems *problems, struct reader *out);
/** True if there were no errors since the opening. */
bool reader_close(struct reader *reader);

/** Steps down to a member or element; give the result to reader_leave to come back. */
size_t reader_enter(struct reader *reader, const char *key);
size_t reader_enter_index(struct reader *reader, size_t index);
void reader_leave(struct reader *reader, size_t before);

/** "" or "/policy/geo/default": the caller frees it. */
char *reader_pointer(const struct reader *reader);

/** Notes an error about the value being read.  Returns false. */
bool reader_refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same with ", got …" behind it. */
bool reader_expect(struct reader *reader, const cJSON *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
