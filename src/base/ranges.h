/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/prefix_map.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The loose form of a prefix map, while it is being made: one list a family, covering the whole address
 * space.  A key is an address pushed to the left end of 128 bits, so both families go through the same code:
 * 192.0.2.0 is 0xc0000200 followed by 96 zero bits.
 */
__extension__ typedef unsigned __int128 range_key;

struct range {
    range_key start; /* it ends where the next one starts */
    uint32_t value;
};

struct ranges {
    struct range *items; /* starts ascend from 0; neighbours differ in value */
    size_t count, room;
};

enum { RANGES_V4, RANGES_V6, RANGES_FAMILIES };

/** Room for so many, if nothing is there yet: growing step by step would touch twice as much memory. */
void ranges_reserve(struct ranges *ranges, size_t count);

/** Appends: from `start` on the value is `value`.  A start equal to the last one replaces it. */
void ranges_add(struct ranges *ranges, range_key start, uint32_t value);

/** Takes the loose form out of a map; the caller frees `items`. */
void ranges_of_map(const struct prefix_map *map, struct ranges out[RANGES_FAMILIES]);

/** Packs the lists, which must not be empty, into a map and frees them. */
struct prefix_map *ranges_pack(struct ranges ranges[RANGES_FAMILIES]);
