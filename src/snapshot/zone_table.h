/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/image.h"
#include "base/inlined.h"
#include "snapshot/zone.h"

#include <endian.h>
#include <string.h>

/*
 * How a zone lies in memory.  The hash of a name, that of its labels without those of the apex, says in which
 * bucket it is and in which row of that.  A bucket is one block:
 *
 *     head | row | row | … | node | node | …
 *
 * and a row, half a cache line,
 *
 *     tag × 8 | place × 8
 *
 * A tag is seven bits of the hash below a one; 0: nothing is there, nor behind it in this row.  A place leads
 * from the bucket's start to the node, in steps of the zone.  What finds its row full is in the next one: so
 * that every search ends, the last row is never full, and there may be more than hashes lead to.  Rows of the
 * same number in all buckets are the same ones to a hash; so nothing but the table of buckets, which caches
 * hold, is read before the row.
 *
 * A node is
 *
 *     header | service pointer, if any | name | pad to 4 | RRset | pad to 4 | RRset | …
 *
 * with the RRsets by ascending type.  Where RRsets have images (dns/image.h), as few do, these stand in front
 * of the node, so that others need not step over them:
 *
 *     image | image | … | their size (32 bits) | header | …
 *
 * The name is relative to the apex, in wire form without the labels of
 * the apex; the apex itself has an empty one.
 */
#define ROW_NAMES   8
#define BUCKET_ROWS 16 /* that hashes lead to, where there is more than one bucket */

struct zone_row {
    uint8_t tags[ROW_NAMES];
    uint8_t places[ROW_NAMES][3]; /* little-endian */
};

struct zone_bucket {
    uint32_t size; /* bytes in all */
    uint32_t row_count;
    uint64_t rows_aligned[2]; /* blocks begin 8 bytes behind a line (base/blocks.h), rows where one does */
    struct zone_row rows[];
};

_Static_assert(sizeof(struct zone_row) == 32, "two rows in a cache line");
_Static_assert(offsetof(struct zone_bucket, rows) == 24, "rows do not lie across lines");

struct zone_node {
    uint32_t child_count; /* names one label below */
    uint16_t last_type;   /* of the last RRset; 0 if it has none */
    uint8_t flags;
    uint8_t name_size;
    uint8_t bytes[];
};

enum zone_node_flags {
    NODE_HAS_SERVICE = 1,
    NODE_HAS_WILDCARD = 2, /* the wildcard "*" one label below exists */
    NODE_IS_CUT = 4,       /* NS, neither at the apex nor at a wildcard */
    NODE_IS_DNAME = 8,     /* DNAME, not at a wildcard */
    NODE_IS_OCCLUDED = 16, /* strictly below a cut or a DNAME */
    NODE_HAS_IMAGES = 32,
};

/* What lies below such a node is occluded. */
#define NODE_OCCLUDES (NODE_IS_CUT | NODE_IS_DNAME | NODE_IS_OCCLUDED)

struct zone {
    struct paged buckets; /* struct zone_bucket; none is NULL */
    uint32_t bucket_count;
    uint32_t row_mask;                /* of the rows that hashes lead to, a power of two, less one */
    uint32_t place_shift;             /* a place counts steps of 2^place_shift bytes */
    const struct prefix_map *allowed; /* NULL: everybody may ask */
    size_t name_count;
    const struct zone_node *apex_node;
    const struct dns_rrset *soa; /* NULL while there is none */
    uint32_t negative_ttl_s;
    struct dns_negative negative;
    struct dns_name apex;
};

static inline size_t align4(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* ---- hashes and names ---- */

#define TAG_IN_USE 0x80

/* Names by the top bits that pick the bucket: a part has buckets of its own, side by side, where their number
 * is a multiple of HASH_PARTS. */
#define HASH_PARTS 16

static inline uint32_t hash_bucket(const struct zone *zone, uint64_t hash)
{
    return (uint32_t)((hash & UINT32_MAX) * zone->bucket_count >> 32);
}

static inline uint32_t hash_part(uint64_t hash)
{
    return (uint32_t)hash / (UINT32_MAX / HASH_PARTS + 1);
}

static inline uint32_t hash_row(const struct zone *zone, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & zone->row_mask;
}

static inline uint8_t hash_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 56 | TAG_IN_USE);
}

/* Bytes of the suffix at `suffix` without the apex. */
static inline size_t relative_size(const struct dns_name *name, const uint8_t *suffix,
                                   const struct dns_name *apex)
{
    return dns_name_suffix_size(name, suffix) - apex->size;
}

/* ---- inside a bucket ---- */

static inline const struct zone_bucket *zone_bucket(const struct zone *zone, uint32_t index)
{
    return zone->buckets.pages[index / PAGED_PAGE_SIZE][index % PAGED_PAGE_SIZE];
}

static inline const struct zone_row *bucket_row(const struct zone *zone, const struct zone_bucket *bucket,
                                                uint64_t hash)
{
    return &bucket->rows[hash_row(zone, hash)];
}

static inline const struct zone_node *row_node(const struct zone *zone, const struct zone_bucket *bucket,
                                               const struct zone_row *row, uint32_t index)
{
    uint32_t place; /* with the byte in front of it */
    memcpy(&place, (const uint8_t *)row + offsetof(struct zone_row, places) - 1 + 3 * (size_t)index,
           sizeof place);
    size_t at = (size_t)(le32toh(place) >> 8) << zone->place_shift;
    return (const struct zone_node *)(const void *)((const uint8_t *)bucket + at);
}

/* Walks the nodes of a bucket: begin with 0; NULL at the end. */
static inline const struct zone_node *bucket_next(const struct zone *zone, const struct zone_bucket *bucket,
                                                  uint32_t *at)
{
    for (uint32_t end = bucket->row_count * ROW_NAMES; *at < end;) {
        const struct zone_row *row = &bucket->rows[*at / ROW_NAMES];
        uint32_t index = (*at)++ % ROW_NAMES;
        if (row->tags[index] != 0)
            return row_node(zone, bucket, row, index);
    }
    return NULL;
}

/* ---- inside a node ---- */

static inline const uint8_t *node_name(const struct zone_node *node)
{
    return node->bytes + (node->flags & NODE_HAS_SERVICE ? sizeof(void *) : 0);
}

static inline const struct dns_rrset *node_first_rrset(const struct zone_node *node)
{
    const uint8_t *at = node_name(node) + align4(node->name_size);
    return (const struct dns_rrset *)(const void *)at;
}

static inline size_t rrset_size(const struct dns_rrset *rrset)
{
    return sizeof *rrset + rrset->size;
}

static inline const struct dns_rrset *rrset_behind(const struct dns_rrset *rrset)
{
    const uint8_t *at = (const uint8_t *)rrset + align4(rrset_size(rrset));
    return (const struct dns_rrset *)(const void *)at;
}

/* Bytes of the images in front of the node, with what says so. */
static inline size_t node_front_size(const struct zone_node *node)
{
    return node->flags & NODE_HAS_IMAGES ? ((const uint32_t *)(const void *)node)[-1] + sizeof(uint32_t) : 0;
}

static inline bool node_is_named(const struct zone_node *node, const uint8_t *name, size_t size)
{
    return node->name_size == size && dns_name_bytes_equal(node_name(node), name, size);
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

static inline uint64_t row_tags(const struct zone_row *row)
{
    uint64_t tags;
    memcpy(&tags, row->tags, sizeof tags);
    return le64toh(tags);
}

static inline bool tags_are_full(uint64_t tags)
{
    return tags >> 63 != 0;
}

/* The high bit of each of the tags that is `tag`; now and then of one behind such a tag, which is none. */
static inline uint64_t matching_tags(uint64_t tags, uint8_t tag)
{
    uint64_t differences = tags ^ tag * EACH_BYTE;
    return (differences - EACH_BYTE) & ~differences & EACH_BYTE << 7;
}

static inline uint32_t first_match(uint64_t matches)
{
    return (uint32_t)__builtin_ctzll(matches) / 8;
}

/* Looks at all nodes from the row on whose tag matches. */
const struct zone_node *zone_search(const struct zone *zone, const struct zone_bucket *bucket,
                                    const struct zone_row *row, uint8_t tag, const uint8_t *name,
                                    size_t size);

/*
 * The node of the name `name`, `size` bytes relative to the apex, occluded or not; NULL if there is none.
 * Mostly it is the first whose tag matches, or no tag does: what remains is out of the way.
 */
static INLINED const struct zone_node *zone_probe(const struct zone *zone, uint64_t hash, const uint8_t *name,
                                                  size_t size)
{
    const struct zone_bucket *bucket = zone_bucket(zone, hash_bucket(zone, hash));
    const struct zone_row *row = bucket_row(zone, bucket, hash);
    uint64_t tags = row_tags(row), matches = matching_tags(tags, hash_tag(hash));
    if (matches == 0 && !tags_are_full(tags))
        return NULL;
    if (matches != 0) {
        const struct zone_node *node = row_node(zone, bucket, row, first_match(matches));
        if (node_is_named(node, name, size))
            return node;
    }
    return zone_search(zone, bucket, row, hash_tag(hash), name, size);
}
