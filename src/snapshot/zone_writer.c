/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_writer.h"

#include "base/memory.h"
#include "snapshot/zone_images.h"

#include <assert.h>

static const union {
    struct zone_bucket bucket;
    uint8_t room[sizeof(struct zone_bucket) + BUCKET_ROWS * sizeof(struct zone_row)];
} empty;

const struct zone_bucket *const zone_bucket_empty = &empty.bucket;

/* ---- nodes ---- */

static size_t body_size(const struct zone_node *node)
{
    const uint8_t *end = (const uint8_t *)node_first_rrset(node);
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_node_next(node, rrset)) != NULL)
        end = (const uint8_t *)rrset_behind(rrset);
    return (size_t)(end - (const uint8_t *)node);
}

size_t zone_node_size(const struct zone_node *node)
{
    return node_front_size(node) + body_size(node);
}

uint64_t zone_node_hash(const struct zone_node *node)
{
    return dns_name_hash(node_name(node), node->name_size);
}

/* ---- rows ---- */

static struct zone_row *rows_of(const struct zone_writer *writer)
{
    return writer->bucket->rows;
}

/* Those that hashes lead to, and as many behind them as it takes until one has room. */
static uint32_t rows_needed(const struct zone_writer *writer)
{
    uint32_t rows = writer->zone->row_mask + 1,
             names = 0; /* of the row before, and what it had no room for */
    for (uint32_t row = 0; row < rows; row++)
        names = writer->row_counts[row] + (names > ROW_NAMES ? names - ROW_NAMES : 0);
    for (; names >= ROW_NAMES; names -= ROW_NAMES)
        rows++;
    return rows;
}

static void set_place(struct zone_row *row, uint32_t index, uint8_t tag, size_t place)
{
    row->tags[index] = tag;
    for (unsigned byte = 0; byte < sizeof row->places[index]; byte++)
        row->places[index][byte] = (uint8_t)(place >> 8 * byte);
}

static void note_place(const struct zone_writer *writer, uint64_t hash, const uint8_t *node)
{
    const size_t place = (size_t)(node - (const uint8_t *)writer->bucket) >> writer->zone->place_shift;
    struct zone_row *row = rows_of(writer) + hash_row(writer->zone, hash);
    while (row->tags[ROW_NAMES - 1] != 0)
        row++;
    uint32_t index = 0;
    while (row->tags[index] != 0)
        index++;
    set_place(row, index, hash_tag(hash), place);
}

/* ---- counting and writing ---- */

/* What may be left free in front of a node, so that it stands at a place. */
static size_t slack(uint32_t place_shift)
{
    return ((size_t)1 << place_shift) - align4(1);
}

size_t zone_bucket_rest(uint32_t place_shift, size_t node_count)
{
    const size_t rows = BUCKET_ROWS + 1 + node_count / ROW_NAMES;
    return sizeof(struct zone_bucket) + rows * sizeof(struct zone_row) + node_count * slack(place_shift);
}

static void count_node(struct zone_writer *writer, uint64_t hash, size_t size)
{
    writer->count++;
    writer->row_counts[hash_row(writer->zone, hash)]++;
    writer->size += size + slack(writer->zone->place_shift);
}

void zone_writer_open(struct zone_writer *writer, struct blocks *blocks)
{
    if (writer->count == 0)
        return;
    const uint32_t row_count = rows_needed(writer);
    const size_t nodes_at = sizeof *writer->bucket + row_count * sizeof(struct zone_row);
    const size_t size = nodes_at + writer->size;
    assert(size <= zone_bucket_most(writer->zone->place_shift) && size <= UINT32_MAX);
    writer->bucket = blocks_take_at_line(blocks, size);
    writer->bucket->size = (uint32_t)size;
    writer->bucket->row_count = row_count;
    writer->size = nodes_at;
}

const struct zone_bucket *zone_writer_end(const struct zone_writer *writer)
{
    return writer->bucket != NULL ? writer->bucket : zone_bucket_empty;
}

static uint8_t *next_place(const struct zone_writer *writer)
{
    return (uint8_t *)writer->bucket + writer->size;
}

/* Where the node goes of which `front_size` bytes of images stand at the next place: they go with it. */
static uint8_t *place_node(const struct zone_writer *writer, size_t front_size)
{
    const size_t step = (size_t)1 << writer->zone->place_shift;
    const size_t at = (writer->size + front_size + step - 1) & ~(step - 1);
    uint8_t *node = (uint8_t *)writer->bucket + at;
    if (front_size > 0)
        memmove(node - front_size, next_place(writer), front_size);
    return node;
}

static void write_staged(struct zone_writer *writer, const struct stage *stage, const struct stage_name *from)
{
    const bool has_images = from->flags & NODE_HAS_IMAGES;
    uint8_t *place = place_node(writer, has_images ? zone_images_write(stage, from, next_place(writer)) : 0);
    note_place(writer, from->hash, place);
    struct zone_node *node = (struct zone_node *)(void *)place;
    node->child_count = from->child_count;
    node->flags = from->flags;
    node->name_size = from->name_size;
    place = node->bytes;
    if (node->flags & NODE_HAS_SERVICE) {
        const struct service *service = stage_service(stage, from);
        memcpy(place, &service, sizeof service);
        place += sizeof service;
    }
    memcpy(place, from->name, from->name_size);
    place += align4(from->name_size);
    struct stage_walk walk = stage_walk_begin(stage, from);
    const struct dns_rrset *rrset;
    while ((rrset = stage_walk_next(&walk)) != NULL) {
        size_t size = rrset_size(rrset);
        memcpy(place, rrset, size);
        place += align4(size);
        node->last_type = rrset->type;
    }
    writer->size = (size_t)(place - (uint8_t *)writer->bucket);
}

void zone_writer_add_staged(struct zone_writer *writer, const struct stage *stage,
                            const struct stage_name *from)
{
    if (!from->exists)
        return;
    if (writer->bucket == NULL)
        count_node(writer, from->hash, from->node_size);
    else
        write_staged(writer, stage, from);
}

void zone_writer_add_kept(struct zone_writer *writer, uint64_t hash, const struct zone_node *node)
{
    const size_t front_size = node_front_size(node), size = body_size(node);
    if (writer->bucket == NULL) {
        count_node(writer, hash, front_size + size);
        return;
    }
    memcpy(next_place(writer), (const uint8_t *)node - front_size, front_size);
    uint8_t *place = place_node(writer, front_size);
    memcpy(place, node, size);
    note_place(writer, hash, place);
    writer->size = (size_t)(place + size - (uint8_t *)writer->bucket);
}
