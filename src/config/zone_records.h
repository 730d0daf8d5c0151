/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/object.h"
#include "config/zone_file.h"

/*
 * The records of one zone on their way from text to a zone edit, from any number of sources.  Records of one
 * owner usually stand together: they are put, RRset by RRset, when the next owner begins, and only the places
 * that messages name are kept.  What comes later of an owner that was there before waits for the end.
 */
struct zone_records;

#define ZONE_RECORD_ERRORS_MAX 50   /* then reading stops: the rest is seldom worth reading */
#define ZONE_TTL_DEFAULT_S     3600 /* of records without TTL before any $TTL */

/* A line and the object that it was made of. */
struct record_place {
    const struct object *object;
    const char *list; /* the object's member: "records", "values" */
    unsigned index;   /* in it */
};

/* Where records come from, for messages: a file, or lines with a place each. */
struct record_origin {
    char *file; /* NULL if there are places */
    unsigned first_line;
    struct record_place *places; /* by line */
    size_t place_count;          /* the last one stands for all behind it */
    size_t line_count;           /* lines from the first on that made one record each */
    bool is_odd;                 /* a line made none, or more than one */
};

struct zone_records *zone_records_new(const struct dns_name *apex, struct zone_edit *edit,
                                      struct problems *problems);
void zone_records_free(struct zone_records *records);

/** Returns its number for the calls below.  The file's name is copied. */
uint32_t zone_records_origin(struct zone_records *records, const char *file, unsigned first_line);
/** The same for lines, at least one; takes `places` over. */
uint32_t zone_records_lines(struct zone_records *records, struct record_place *places, size_t count);

/** About so many owners will come at once: makes room for them. */
void zone_records_expect(struct zone_records *records, uint32_t owner_count);

/** Line 0: of the origin as a whole (of lines: the object of the first one). */
void zone_records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));
/** True when so much is wrong that reading should stop. */
bool zone_records_are_hopeless(const struct zone_records *records);
bool zone_records_are_good(const struct zone_records *records); /* no error so far */

/**
 * Takes a record; the caller writes its `size` bytes of rdata to what is returned, before the next call.
 * `name` (copied) is the owner without the apex, lowercase.  `line` counts from 1 within the origin.
 */
uint8_t *zone_records_add(struct zone_records *records, const uint8_t *name, size_t name_size, uint16_t type,
                          uint32_t ttl_s, uint16_t size, uint32_t origin, uint64_t line);

/** True if each of the `count` lines of the origin made one record; `odd` gets the first line that did not.
 */
bool zone_records_are_lines(const struct zone_records *records, uint32_t origin, size_t count, uint64_t *odd);

/** Puts what still waits into the edit: then all records are there, each owner checked.  False if there was
 * an error so far.  More may be added. */
bool zone_records_put(struct zone_records *records);

/** Checks what stands at an owner that got no records; what is wrong is told at line 0 of `origin`. */
void zone_records_check_owner(struct zone_records *records, const struct dns_name *owner, uint32_t origin);

/** Warns of what is served but useless: name servers in the zone without addresses, loops of CNAMEs, hidden
 * data.  After all changes of the edit; what `over` (may be NULL) holds, too, is left to it. */
void zone_records_check_whole(struct zone_records *records, const struct zone_records *over);
