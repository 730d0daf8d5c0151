/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "reader.h"

#include <stdint.h>

/*
 * An option is a row: its key, its type, its bounds, where its value goes and what it means.  The same row
 * validates, fills the struct and prints the option's JSON Schema.
 */
struct field;
struct shape;

struct field_type {
    /** Reads `value` into the struct at `base`, or notes what is wrong with it. */
    void (*read)(struct reader *reader, const struct field *field, const cJSON *value, void *base);
    /** Appends the keywords of its JSON Schema: "\"type\": \"string\"". */
    void (*describe)(const struct field *field, struct text *out);
};

struct field {
    const char *key;
    const struct field_type *type;
    size_t offset;        /* of the member in the struct */
    size_t size;          /* of the member, for numbers and words */
    size_t count_offset;  /* of the number of elements (size_t), for lists */
    int64_t least, most;  /* of a number; of a duration in ms; of a string in bytes; of a list in elements */
    const char *fallback; /* JSON, read when the key is absent; NULL: the struct stays as it is */
    bool is_required;
    bool takes_controls;                                 /* a string may hold line ends and tabs */
    const char *unit;                                    /* of a number, for messages; may be NULL */
    const char *const *words;                            /* that a word may be, ends with NULL */
    const struct shape *shape;                           /* of a nested object */
    bool (*accept)(const char *text, struct error *err); /* further demands on a string; may be NULL */
    const char *pattern; /* the same for the JSON Schema (ECMA 262), where it can be said; may be NULL */
    const char *doc;
};

/* The options that one kind of object has. */
struct shape {
    const char *name; /* in the JSON Schema */
    const char *doc;
    bool is_root; /* keys that start with "$" are passed over */
    const struct field *fields;
    size_t count;
    const char *also; /* further keywords of its JSON Schema, for what no row can say; may be NULL */
};

/** Reads a JSON object into the struct at `base`: unknown and missing keys are errors, defaults are filled
 * in. */
void shape_read(struct reader *reader, const struct shape *shape, const cJSON *object, void *base);

/** Appends the shape's JSON Schema, an object. */
void shape_describe(const struct shape *shape, struct text *out);

/** The row of `key`, or NULL. */
const struct field *shape_find(const struct shape *shape, const char *key);

/** Where the field's value goes. */
static inline void *field_member(const struct field *field, void *base)
{
    return (char *)base + field->offset;
}

/** Appends "key": "value" as JSON. */
void describe_word(struct text *out, const char *key, const char *value);

extern const struct field_type type_text;     /* char * */
extern const struct field_type type_integer;  /* a signed or unsigned integer */
extern const struct field_type type_boolean;  /* bool */
extern const struct field_type type_duration; /* uint32_t in ms */
extern const struct field_type type_word;     /* an integer or bool: the index among the words */
extern const struct field_type type_texts;    /* char **, a list of strings */
extern const struct field_type type_shape;    /* a nested object into the same struct */
