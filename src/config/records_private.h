/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/zone_records.h"

/* What zone_records.c (collecting) and record_rules.c (sorting, checking, putting) share. */

struct record_owner {
    uint64_t hash;
    uint8_t size;
    uint8_t bytes[]; /* wire form, lowercase */
};

struct record {
    const struct record_owner *owner; /* neighbours in the text share it */
    const uint8_t *rdata;
    uint32_t ordinal; /* keeps the written order within an RRset */
    uint32_t ttl_s;
    uint32_t line;
    uint32_t origin;
    uint16_t type;
    uint16_t size;
};

/* Owners and rdatas, freed as a whole. */
struct record_chunk {
    struct record_chunk *next;
    size_t used, size;
    uint8_t bytes[];
};

struct zone_records {
    struct dns_name apex;
    struct problems *problems;
    size_t error_count, warning_count;
    struct record_origin *origins;
    size_t origin_count;
    struct record_chunk *chunks;
    const struct record_owner *last_owner;
    struct record *items;
    size_t count, room;
};

/** By owner, then type, then as written. */
int record_compare(const void *left, const void *right);
int record_owner_compare(const struct record_owner *a, const struct record_owner *b);

/** "www.example.com.: message" where the record stands. */
void record_problem(struct zone_records *records, const struct record *record, bool is_warning,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
