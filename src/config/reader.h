/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/arena.h"
#include "config/document.h"
#include "config/object.h"

#include "value_places.h"

#include <stdalign.h>
#include <stddef.h>

/*
 * Reading one object's JSON: knows where it is, so that every complaint carries its JSON pointer, line and
 * column, and goes on after each, so that all are found at once.
 */
#define READER_STEPS_MAX 80 /* more than the scanner lets values be nested */

/* From a value to one of its members or elements. */
struct reader_step {
    const char *key; /* NULL: an element */
    size_t index;
};

struct reader {
    const struct object *object;
    struct problems *problems;
    struct reader_step steps[READER_STEPS_MAX]; /* to the value being read */
    size_t step_count;
    unsigned depth; /* of policy nodes around it */
    size_t errors_before;
    cJSON *root;
    struct value_places *places;          /* NULL: nobody asks */
    struct arena tree;                    /* where the values stand */
    alignas(max_align_t) char room[4096]; /* of most objects all */
};

/** Scans and parses the object, which has to be a JSON object.  False with problems noted; then there is
 * nothing to close. */
bool reader_open(const struct object *object, struct problems *problems, struct reader *out);
/** True if there were no errors since the opening. */
bool reader_close(struct reader *reader);

/** Steps down to a member (`key` lives until then) or element; give the result to reader_leave to come back.
 */
size_t reader_enter(struct reader *reader, const char *key);
size_t reader_enter_index(struct reader *reader, size_t index);
void reader_leave(struct reader *reader, size_t before);

/** Where the value being read goes: see value_places.h. */
static inline void reader_place(struct reader *reader, enum place_kind kind, const cJSON *value, void *at)
{
    if (reader->places != NULL)
        value_places_add(reader->places, kind, value, at);
}

/** "" or "/policy/geo/default": the caller frees it. */
char *reader_pointer(const struct reader *reader);

/** Notes an error about the value being read.  Returns false. */
bool reader_refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same with ", got …" behind it. */
bool reader_expect(struct reader *reader, const cJSON *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The same, with "did you mean" behind that where `meant` is not NULL. */
bool reader_expect_word(struct reader *reader, const cJSON *value, const char *expected, const char *meant);
