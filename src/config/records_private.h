/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/zone_records.h"

/* What zone_records.c (collecting), record_rules.c (checking, putting) and record_checks.c share. */

struct record {
    const struct record *before; /* the one before it in the text of the same owner, or NULL */
    uint32_t owner;              /* its number in the edit */
    uint32_t ordinal;            /* in the text */
    uint32_t ttl_s;
    uint32_t line;
    uint32_t origin;
    uint16_t type;
    uint16_t size;
    uint8_t rdata[];
};

/* Records in the order of the text, freed as a whole. */
struct record_chunk {
    struct record_chunk *next;
    size_t used, size;
    _Alignas(8) uint8_t bytes[];
};

struct zone_records {
    struct dns_name apex;
    struct zone_edit *edit;
    struct problems *problems;
    size_t error_count, warning_count;
    struct record_origin *origins;
    size_t origin_count;
    struct record_chunk *chunks, *last_chunk;
    size_t count;
    const struct record **last; /* by owner: its last in the text */
    uint32_t owner_room;
};

/** Walks all records in the order of the text: start with all of it zero; NULL at the end. */
struct record_walk {
    const struct record_chunk *chunk;
    size_t at;
    bool has_begun;
};
const struct record *record_walk_next(const struct zone_records *records, struct record_walk *walk);

/** "www.example.com.: message" where the record stands. */
void record_problem(struct zone_records *records, const struct record *record, bool is_warning,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
