/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/object.h"
#include "config/zone_file.h"

/*
 * The records of one zone on their way from text to a zone edit: collected from any number of sources by
 * owner, then put RRset by RRset and checked against each other.  All is done in the order of the text, where
 * neighbours in the zone are neighbours in memory; but records of one owner may stand anywhere.
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
};

struct zone_records *zone_records_new(const struct dns_name *apex, struct zone_edit *edit,
                                      struct problems *problems);
void zone_records_free(struct zone_records *records);

/** Returns its number for the calls below.  The file's name is copied. */
uint32_t zone_records_origin(struct zone_records *records, const char *file, unsigned first_line);
/** The same for lines, at least one; takes `places` over. */
uint32_t zone_records_lines(struct zone_records *records, struct record_place *places, size_t count);

/** Line 0: of the origin as a whole (of lines: the object of the first one). */
void zone_records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));
/** True when so much is wrong that reading should stop. */
bool zone_records_are_hopeless(const struct zone_records *records);
bool zone_records_are_good(const struct zone_records *records); /* no error so far */

/** Takes a record (copied).  `line` counts from 1 within the origin. */
void zone_records_add(struct zone_records *records, const struct dns_name *owner, uint16_t type,
                      uint32_t ttl_s, const uint8_t *rdata, uint16_t size, uint32_t origin, uint64_t line);

/** The first record of that type at the apex, or NULL; `size` gets its length. */
const uint8_t *zone_records_at_apex(const struct zone_records *records, uint16_t type, uint16_t *size);

/** True if the first `count` lines of the origin made one record each; `odd` gets the first line that did
 * not.
 */
bool zone_records_are_lines(const struct zone_records *records, uint32_t origin, size_t count, uint64_t *odd);

/** Puts all records into the edit and checks what then stands at their owners.  False if there was an error
 * so far. */
bool zone_records_put(struct zone_records *records);

/** Checks what stands at an owner that got no records; what is wrong is told at line 0 of `origin`. */
void zone_records_check_owner(struct zone_records *records, const struct dns_name *owner, uint32_t origin);

/** Warns of what is served but useless: name servers in the zone without addresses, loops of CNAMEs, hidden
 * data.  After zone_records_put and all other changes of the edit. */
void zone_records_check_whole(struct zone_records *records);
