/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/object.h"
#include "config/zone_file.h"

/*
 * The records of one zone on their way from text to a zone edit: collected from any number of sources, then
 * sorted, checked against each other and put.  Files usually come grouped by owner, but need not.
 */
struct zone_records;

#define ZONE_RECORD_ERRORS_MAX 50   /* then reading stops: the rest is seldom worth reading */
#define ZONE_TTL_DEFAULT_S     3600 /* of records without TTL before any $TTL */

/* Where records come from, for messages. */
struct record_origin {
    char *file; /* NULL if `object` is set */
    unsigned first_line;
    const struct object *object; /* a zone whose "records" are the lines */
};

struct zone_records *zone_records_new(const struct dns_name *apex, struct problems *problems);
void zone_records_free(struct zone_records *records);

/** Returns its number for the calls below.  The file's name is copied. */
uint16_t zone_records_origin(struct zone_records *records, const char *file, unsigned first_line,
                             const struct object *object);

void zone_records_problem(struct zone_records *records, uint16_t origin, uint64_t line, bool is_warning,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));
/** True when so much is wrong that reading should stop. */
bool zone_records_are_hopeless(const struct zone_records *records);
bool zone_records_are_good(const struct zone_records *records); /* no error so far */

/** Takes a record (copied).  `line` counts from 1 within the origin. */
void zone_records_add(struct zone_records *records, const struct dns_name *owner, uint16_t type,
                      uint32_t ttl_s, const uint8_t *rdata, uint16_t size, uint16_t origin, uint64_t line);

/** The first record of that type at the apex, or NULL; `size` gets its length. */
const uint8_t *zone_records_at_apex(const struct zone_records *records, uint16_t type, uint16_t *size);

/** Checks all records against each other and, if there is no error so far, puts them. False if there was one.
 */
bool zone_records_put(struct zone_records *records, struct zone_edit *edit);

/** Warns of name servers in the zone without addresses (after zone_records_put). */
void zone_records_check_servers(struct zone_records *records, const struct zone_edit *edit);

/** Reads a master file's text (zone_file.c). */
void zone_records_scan(struct zone_records *records, const struct dns_name *apex, const char *text,
                       size_t size, uint16_t origin, const char *directory);
