/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"
#include "config/problems.h"

/*
 * The declared configuration is a set of named objects; a generation is a set of changed objects; the store
 * keeps one row per object and version.
 *
 *     kind         name                 text
 *     check        "web"                its JSON
 *     pool         "us"                 its JSON, with its endpoints
 *     policy       "anywhere"           its JSON
 *     zone         "example.com"        its JSON without "services"
 *     zone_data    "example.com"        the contents of its master file, as imported (not JSON)
 *     service      "example.com/www"    its JSON
 */
enum object_kind {
    OBJECT_CHECK,
    OBJECT_POOL,
    OBJECT_POLICY,
    OBJECT_ZONE,
    OBJECT_ZONE_DATA,
    OBJECT_SERVICE,
    OBJECT_KIND_COUNT
};

extern const char *const object_kind_names[OBJECT_KIND_COUNT];

struct object {
    enum object_kind kind;
    char *name;
    char *text; /* NULL: the object is deleted (in a change) */
    size_t text_size;
    /* where it stands in the file it came from, for messages; file NULL: by the API */
    const char *file;
    unsigned line, column;
    char *pointer; /* "/pools/us" */
};

struct objects {
    struct object *items;
    size_t count, room;
};

/** Takes over the strings; `name` and `pointer` are copied. Returns it. */
struct object *objects_add(struct objects *objects, enum object_kind kind, const char *name, char *text,
                           size_t text_size);
void objects_free(struct objects *objects);

/**
 * Splits a steering document into its objects and reads the master files it names (relative to `directory`).
 * Unknown top-level keys are problems with "did you mean".  The objects' texts are compact JSON (zone_data:
 * the file). False if there were errors.
 */
bool objects_of_steering(const struct document *document, const char *directory, struct problems *problems,
                         struct objects *out);
/** The same from the file. */
bool objects_load(const char *steering_file, struct problems *problems, struct objects *out);

/** Puts objects together again into one steering document (GET /v1/config): the caller frees it. Zone data
 * from files appears as "file" only, unless `with_zone_data`: then as "records_text". */
char *objects_to_steering(const struct objects *objects, bool with_zone_data);
