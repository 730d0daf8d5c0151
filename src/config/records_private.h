/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/zone_records.h"

/* What zone_records.c (collecting), record_rules.c (checking, putting) and record_checks.c share. */

struct record {
    struct record *before; /* among those that wait: of the same owner, the one before it in the text */
    uint32_t owner;        /* its number in the edit */
    uint32_t ordinal;      /* in the text */
    uint32_t ttl_s;
    uint32_t line;
    uint32_t origin;
    uint16_t type;
    uint16_t size;
    uint8_t rdata[];
};

/* Memory for records, freed or used again as a whole. */
struct record_chunk {
    struct record_chunk *next;
    size_t used, size;
    _Alignas(8) uint8_t bytes[];
};

/* The records of one owner, by type and in the order of the text. */
struct owner_run {
    const struct record **items;
    size_t count;
    uint32_t owner;
};

#define RUNS_AT_ONCE 32

/* Records of one owner that stand together, before the edit is asked for the owner. */
struct named_run {
    uint64_t hash;
    const uint8_t *name; /* relative to the apex */
    size_t name_size;
    size_t first; /* of its items */
};

/* Where an owner is seen first. */
struct owner_place {
    uint32_t line_behind; /* 0: not seen */
    uint32_t origin;
};

/* A record that leads to another name: whether that is of use shows at the end. */
struct record_lead {
    uint32_t owner, line, origin;
    uint32_t rdata_hash;
};

struct zone_records {
    struct dns_name apex;
    struct zone_edit *edit;
    struct problems *problems;
    size_t error_count, warning_count;
    struct record_origin *origins;
    size_t origin_count;
    uint32_t count;
    struct named_run runs[RUNS_AT_ONCE]; /* the last is being read */
    unsigned run_count;
    struct record **items; /* of all runs */
    size_t item_count, item_room;
    struct record_chunk *run_chunks;       /* their names and records */
    struct owner_place *seen;              /* by owner */
    struct record **waiting;               /* by owner: the last that came later; NULL: nothing did */
    struct record_chunk *late_chunks;      /* these records */
    uint32_t owner_room;                   /* of both */
    struct record_lead *servers, *aliases; /* NS, CNAME */
    size_t server_count, server_room, alias_count, alias_room;
};

/** Puts the records of one owner and checks what then stands there (record_rules.c). */
void record_run_put(struct zone_records *records, struct owner_run *run);

/** What zone_records_problem does, without a look at the runs. */
void records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                     const char *message);

uint32_t record_hash(const uint8_t *rdata, size_t size);

/** "www.example.com.: message" where the record stands. */
void record_problem(struct zone_records *records, const struct record *record, bool is_warning,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
