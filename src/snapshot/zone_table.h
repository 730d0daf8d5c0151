/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/image.h"
#include "base/inlined.h"
#include "snapshot/zone.h"

#include <endian.h>
#include <string.h>

/*
 * How a zone lies in memory.  A bucket is one block from malloc:
 *
 *     count | tag × count | pad to 4 | offset × count | node | node | …
 *
 * The hash of a name is that of its labels without those of the apex.  A tag is its top 8 bits (the low ones
 * pick the bucket), an offset leads from the bucket's start to the node.  A node is
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
struct zone_bucket {
    uint32_t count;
    uint8_t tags[];
};

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
    struct paged buckets;             /* struct zone_bucket; NULL: empty */
    uint64_t bucket_mask;             /* a power of two, less one */
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

#define HASH_TAG_SHIFT 56

static inline uint32_t hash_bucket(const struct zone *zone, uint64_t hash)
{
    return (uint32_t)(hash & zone->bucket_mask);
}

static inline uint8_t hash_tag(uint64_t hash)
{
    return (uint8_t)(hash >> HASH_TAG_SHIFT);
}

/* Bytes of the suffix at `suffix` without the apex. */
static inline size_t relative_size(const struct dns_name *name, const uint8_t *suffix,
                                   const struct dns_name *apex)
{
    return dns_name_suffix_size(name, suffix) - apex->size;
}

/* ---- inside a bucket ---- */

static inline size_t bucket_offsets_at(uint32_t count)
{
    return sizeof(struct zone_bucket) + align4(count);
}

static inline size_t bucket_nodes_at(uint32_t count)
{
    return bucket_offsets_at(count) + count * sizeof(uint32_t);
}

static inline const struct zone_node *bucket_node(const struct zone_bucket *bucket, uint32_t index)
{
    const uint8_t *start = (const uint8_t *)bucket;
    const uint32_t *offsets = (const uint32_t *)(const void *)(start + bucket_offsets_at(bucket->count));
    return (const struct zone_node *)(const void *)(start + offsets[index]);
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

#define TAGS_AT_ONCE 8

/* The high bit of each of eight tags that is `tag`; now and then of one behind such a tag, which is none. */
static inline uint64_t matching_tags(const uint8_t *tags, uint8_t tag)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t eight;
    memcpy(&eight, tags, sizeof eight);
    uint64_t differences = le64toh(eight) ^ tag * ones;
    return (differences - ones) & ~differences & ones << 7;
}

static inline uint32_t first_match(uint64_t matches)
{
    return (uint32_t)__builtin_ctzll(matches) / 8;
}

/* Looks at all nodes of the bucket whose tag matches.  Behind the tags of any bucket, offsets and nodes fill
 * the last eight. */
const struct zone_node *zone_bucket_search(const struct zone_bucket *bucket, uint8_t tag, const uint8_t *name,
                                           size_t size);

/*
 * The node of the name `name`, `size` bytes relative to the apex, occluded or not; NULL if there is none.
 * Mostly it is the first whose tag matches, or no tag does: what remains is out of the way.
 */
static INLINED const struct zone_node *zone_probe(const struct zone *zone, uint64_t hash, const uint8_t *name,
                                                  size_t size)
{
    const struct zone_bucket *bucket = paged_get(&zone->buckets, hash_bucket(zone, hash));
    if (bucket == NULL)
        return NULL;
    uint64_t matches = matching_tags(bucket->tags, hash_tag(hash));
    if (matches == 0 && bucket->count <= TAGS_AT_ONCE)
        return NULL;
    uint32_t index = matches != 0 ? first_match(matches) : bucket->count;
    if (index < bucket->count) {
        const struct zone_node *node = bucket_node(bucket, index);
        if (node_is_named(node, name, size))
            return node;
    }
    return zone_bucket_search(bucket, hash_tag(hash), name, size);
}
