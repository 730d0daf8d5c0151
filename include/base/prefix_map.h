/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stddef.h>
#include <stdint.h>

#define PREFIX_MAP_NONE UINT32_MAX

/*
 * Addresses to 32-bit values: sorted ranges behind a direct index on the leading bits, IPv4 and IPv6 apart;
 * flat and position-independent inside.  Neighbouring ranges with the same value are one range.  Immutable.
 */
struct prefix_map;

struct prefix_map_builder;

struct prefix_map_builder *prefix_map_builder_new(void);
/** In any order; the most specific prefix wins, of equal ones the last.  `value` may be PREFIX_MAP_NONE. */
void prefix_map_builder_add(struct prefix_map_builder *builder, const struct prefix *prefix, uint32_t value);
/** Builds the map and frees the builder.  Addresses that no prefix covers have PREFIX_MAP_NONE. */
struct prefix_map *prefix_map_build(struct prefix_map_builder *builder);
void prefix_map_builder_free(struct prefix_map_builder *builder);
void prefix_map_free(struct prefix_map *map);

/**
 * The value at `address` (PREFIX_MAP_NONE also for family NONE).  `scope_len`, if not NULL, gets the length
 * of the widest prefix around it inside one range: widening it by one bit would leave the range.  Any thread,
 * no allocation.
 */
uint32_t prefix_map_find(const struct prefix_map *map, const struct address *address, uint8_t *scope_len);

/** Fetches ahead the memory that prefix_map_find will read, in two steps: 0 the index, and, once that is
 * there, 1 the ranges. */
void prefix_map_fetch(const struct prefix_map *map, const struct address *address, unsigned step);

/** A new map with values replaced by translate(value): ranges that become equal neighbours are merged. */
struct prefix_map *prefix_map_translate(const struct prefix_map *map,
                                        uint32_t (*translate)(uint32_t value, void *context), void *context);

/** Gives each value another one, in place: different values stay different, PREFIX_MAP_NONE is left alone. */
void prefix_map_renumber(struct prefix_map *map, uint32_t (*number)(uint32_t value, void *context),
                         void *context);

/** A new map of both: at each address combine(value in a, value in b).  Linear in the ranges of both;
 * `combine` is asked once for each pair of overlapping ranges and may be asked for the same pair again. */
struct prefix_map *prefix_map_combine(const struct prefix_map *a, const struct prefix_map *b,
                                      uint32_t (*combine)(uint32_t a, uint32_t b, void *context),
                                      void *context);

size_t prefix_map_range_count(const struct prefix_map *map);
size_t prefix_map_bytes(const struct prefix_map *map);
