/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "config/document.h"
#include "config/packed.h"
#include "config/problems.h"
#include "dns/name.h"

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
 *     rrset        "example.com/www/A"  its JSON: lies over what the zone's file and records say there
 *     map          "offices"            its JSON: client networks and their names
 *     locations    "offices"            its JSON: client networks and where they are
 *     serial       "example.com"        the SOA serial that is served instead of the declared one, decimal
 *
 * Names of zones and services are lowercase, without final dot, with "\047" for a "/" that is part of a
 * label, so that the first "/" of a service's name divides zone and owner; "example.com/@" is the one at the
 * apex.  RRsets are named by zone, owner relative to it and type, each in its one spelling.  Serials are
 * written by the compiler alone: they belong to no document and never go back.
 */
enum object_kind {
    OBJECT_CHECK,
    OBJECT_POOL,
    OBJECT_POLICY,
    OBJECT_ZONE,
    OBJECT_ZONE_DATA,
    OBJECT_SERVICE,
    OBJECT_RRSET,
    OBJECT_SERIAL,
    OBJECT_MAP,
    OBJECT_LOCATIONS,
    OBJECT_KIND_COUNT
};

extern const char *const object_kind_names[OBJECT_KIND_COUNT];
/** What one of them is called in a sentence: "pool", "set of locations". */
extern const char *const object_kind_words[OBJECT_KIND_COUNT];

struct object {
    enum object_kind kind;
    const char *name;
    char *text; /* its end is where text_size says; NULL: packed, or the object is deleted (in a change) */
    const struct packed *packed; /* instead of the text; NULL: it stands in `text` */
    size_t text_size;
    /* where it stands in the file it came from, for messages; file NULL: by the API */
    const char *file; /* lives as long as the process */
    unsigned line, column;
    const char
        *pointer;     /* of the place, where it is not the one that kind and name give: see object_pointer */
    bool is_borrowed; /* the text belongs to somebody else */
    bool is_scanned;  /* the text stood in a document that the scanner found sound */
    bool says_rrsets; /* a zone in a document that has "rrsets": there are no others */
};

struct objects {
    struct object *items;
    size_t count, room;
    bool is_borrowed;   /* all texts do */
    struct arena arena; /* names, pointers, and texts that are borrowed from it */
};

/** Takes over `text`; `name` is copied. Returns it. */
struct object *objects_add(struct objects *objects, enum object_kind kind, const char *name, char *text,
                           size_t text_size);
/** Adds what another list has, which borrows the text from then on: all of them go with objects_take_arena.
 */
void objects_move(struct objects *objects, struct object *object);
/** Takes over what the names and borrowed texts of `from` stand in. */
void objects_take_arena(struct objects *objects, struct objects *from);
void objects_free(struct objects *objects);

/** False: it is deleted. */
static inline bool object_has_text(const struct object *object)
{
    return object->text != NULL || object->packed != NULL;
}
/** Its text as it is, or unpacked into the arena. */
const char *object_text(const struct object *object, struct arena *arena);
/** Says that there is no object of that kind and name.  False. */
bool object_unknown(enum object_kind kind, const char *name, struct error *err);
/** True if both have the same text. */
bool object_is_same(const struct object *a, const struct object *b);
/** The JSON pointer of the object in a document, "/pools/us": the caller frees it. */
char *object_pointer(const struct object *object);

/** "Example.COM." → "example.com"; the caller frees it. */
char *object_zone_name(const char *written);
/** Of a zone's name (as object_zone_name makes it) and an owner as written; the caller frees it. */
char *object_service_name(const char *zone, const char *owner);
/** Of a zone's name, an owner and a type as written, in its one spelling.  NULL if there can be no such
 * RRset: `err` says why.  The caller frees it. */
char *object_rrset_name(const char *zone, const char *owner, const char *type, struct error *err);
/** Takes the name of an RRset apart again.  False if object_rrset_name would not have made it. */
bool object_rrset_parse(const char *name, struct dns_name *apex, struct dns_name *owner, uint16_t *type);

/**
 * Splits a steering document into its objects and reads the master files it names (relative to `directory`).
 * Unknown top-level keys are problems with "did you mean"; keys that start with "$" are passed over.  Texts
 * are cut out of the document as they stand, comments blanked, so that positions inside them can be found.
 *
 * A zone's data comes from its "file".  In a document that came by the API (document->file NULL) files are
 * not read: a zone with "file" and no data in `out` keeps the data that the head has for it.  Instead
 * "records_text" may hold the data itself; it becomes the zone_data object and is no part of the zone's text.
 * What a master file includes (zone_data.h) is read with it.
 *
 * The document's text goes over to `out`, whose texts borrow from it.
 *
 * False if there were errors; `out` then holds what could be read, for whoever wants to find all that is
 * wrong. The caller frees it in any case.
 */
bool objects_of_steering(struct document *document, const char *directory, struct problems *problems,
                         struct objects *out);
/** The same from the file, with its own directory. */
bool objects_load(const char *steering_file, struct problems *problems, struct objects *out);

/**
 * Puts objects together again into one steering document (GET /v1/config), sorted, one text for equal
 * objects: the caller frees it.  Zone data appears as "records_text" if `with_zone_data` or if the zone has
 * no "file"; bytes in it that are not UTF-8 appear as \DDD.
 */
char *objects_to_steering(const struct objects *objects, bool with_zone_data);
