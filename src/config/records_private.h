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
    uint16_t type;
    uint16_t size;
    uint16_t origin;
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
