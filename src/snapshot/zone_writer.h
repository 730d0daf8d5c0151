/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/blocks.h"
#include "snapshot/zone_stage.h"

/*
 * One bucket in the making.  All its nodes are added twice: first they are counted, then the bucket is
 * opened, then they are written.  Zero-initialised but for the zone.
 */
struct zone_writer {
    const struct zone *zone;    /* where the bucket will be */
    struct zone_bucket *bucket; /* NULL: not open */
    size_t size;                /* bytes of the nodes counted; once open: where the next one goes */
    uint32_t count;             /* of nodes counted */
    uint32_t row_counts[BUCKET_ROWS];
};

/** A staged name, if it exists. */
void zone_writer_add_staged(struct zone_writer *writer, const struct stage *stage,
                            const struct stage_name *from);
/** A node as it stands in the base. */
void zone_writer_add_kept(struct zone_writer *writer, uint64_t hash, const struct zone_node *node);

/** All are counted. */
void zone_writer_open(struct zone_writer *writer, struct blocks *blocks);
/** All are written: the bucket, which may be the one without names. */
const struct zone_bucket *zone_writer_end(const struct zone_writer *writer);

/** A bucket without names, in place of any; not to be freed. */
extern const struct zone_bucket *const zone_bucket_empty;

uint64_t zone_node_hash(const struct zone_node *node);
/** With its images. */
size_t zone_node_size(const struct zone_node *node);
/** The most bytes that a bucket has beside its nodes, of which there are so many. */
size_t zone_bucket_rest(uint32_t place_shift, size_t node_count);

/** The most bytes that a bucket may have. */
static inline uint64_t zone_bucket_most(uint32_t place_shift)
{
    return UINT64_C(1) << (24 + place_shift);
}
