/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The MaxMind DB file format 2.x, read from memory:
 *
 *     search tree: node_count nodes of two records | 16 zero bytes | data | marker | metadata
 *
 * A record is the number of another node, node_count for "nothing", or above that a place in the data.  The
 * bytes are an outsider's: every read is bounded, nothing recurses, and a budget bounds the whole work.
 * libmaxminddb is not used to load: it reads through a mapping, which a file overwritten in place turns into
 * SIGBUS, and it recurses as deeply as the data is nested.
 */
struct mmdb_file {
    uint8_t *bytes; /* the whole file, owned */
    size_t size;
    const uint8_t *data;
    size_t data_size;
    uint32_t node_count;
    unsigned record_bits; /* 24, 28 or 32 */
    unsigned ip_version;  /* 4 or 6 */
    uint64_t build_epoch_s;
    uint64_t budget; /* values that may still be looked at */
};

/** Reads all of `path`.  False: `err` says what is wrong, without the name. */
bool mmdb_file_open(const char *path, struct mmdb_file *out, struct error *err);
void mmdb_file_close(struct mmdb_file *file);

/** Record 0 (left) or 1 (right) of node `node`, which is below node_count. */
uint32_t mmdb_file_record(const struct mmdb_file *file, uint32_t node, unsigned side);

/* The types of values that are told apart here. */
enum mmdb_type {
    MMDB_POINTER = 1,
    MMDB_TEXT = 2,
    MMDB_DOUBLE = 3,
    MMDB_UINT16 = 5,
    MMDB_UINT32 = 6,
    MMDB_MAP = 7,
    MMDB_INT32 = 8,
    MMDB_UINT64 = 9,
    MMDB_UINT128 = 10,
    MMDB_ARRAY = 11,
    MMDB_BOOLEAN = 14,
    MMDB_FLOAT = 15,
};

/* One value: of a map or array `size` counts the members, and `at` is where they start. */
struct mmdb_value {
    uint8_t type;
    uint32_t size;
    size_t at;
};

/* A run of values: the data, or the metadata. */
struct mmdb_section {
    const uint8_t *bytes;
    size_t size;
    uint64_t *budget;
};

struct mmdb_section mmdb_file_data(struct mmdb_file *file);

/** The value at `at`, pointers followed.  False: the bytes make no sense. */
bool mmdb_value_read(const struct mmdb_section *section, size_t at, struct mmdb_value *out);

/** What `key` says in a map.  False: the bytes make no sense.  `out->type` is 0 if it is no map or has no
 * such key. */
bool mmdb_value_member(const struct mmdb_section *section, const struct mmdb_value *map, const char *key,
                       struct mmdb_value *out);
/** The first element of an array, in the same way. */
bool mmdb_value_first(const struct mmdb_section *section, const struct mmdb_value *array,
                      struct mmdb_value *out);

/** An unsigned number of any width; false for another type, or if it needs more than 64 bits. */
bool mmdb_value_uint(const struct mmdb_section *section, const struct mmdb_value *value, uint64_t *out);
/** A double or float; false for another type. */
bool mmdb_value_real(const struct mmdb_section *section, const struct mmdb_value *value, double *out);
