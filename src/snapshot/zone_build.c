/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_build.h"

#include "base/blocks.h"
#include "base/memory.h"
#include "dns/type.h"
#include "snapshot/zone_images.h"

#include <assert.h>
#include <stdlib.h>

/* A fresh table has four to eight names a bucket, and grows when it has twelve. */
#define NAMES_FRESH 8
#define NAMES_MOST  12
#define NAMES_LEAST 1

/* One bucket in the making.  All its nodes are added twice: first they are counted, then the bucket is
 * opened, then they are written. */
struct writer {
    struct zone_bucket *bucket; /* NULL: not open */
    uint32_t count;             /* nodes counted; once open: written */
    uint32_t size;              /* bytes of these; once open: where the next one goes */
};

static void writer_count(struct writer *writer, size_t node_size)
{
    assert(node_size <= UINT32_MAX - writer->size);
    writer->count++;
    writer->size += (uint32_t)node_size;
}

static void writer_open(struct writer *writer, struct blocks *blocks)
{
    if (writer->count == 0)
        return;
    size_t nodes_at = bucket_nodes_at(writer->count);
    writer->bucket = blocks_take(blocks, nodes_at + writer->size);
    writer->bucket->count = writer->count;
    writer->count = 0;
    writer->size = (uint32_t)nodes_at;
}

/* The place of the next node and what stands in front of it. */
static uint8_t *writer_next(struct writer *writer, size_t size)
{
    uint8_t *place = (uint8_t *)writer->bucket + writer->size;
    writer->size += (uint32_t)size;
    return place;
}

/* Notes where the next node stands. */
static void writer_note(struct writer *writer, uint64_t hash, const uint8_t *node)
{
    uint8_t *start = (uint8_t *)writer->bucket;
    uint32_t *offsets = (uint32_t *)(void *)(start + bucket_offsets_at(writer->bucket->count));
    writer->bucket->tags[writer->count] = hash_tag(hash);
    offsets[writer->count++] = (uint32_t)(node - start);
}

/* ---- nodes ---- */

static size_t node_size(const struct zone_node *node)
{
    const uint8_t *end = (const uint8_t *)node_first_rrset(node);
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_node_next(node, rrset)) != NULL)
        end = (const uint8_t *)rrset_behind(rrset);
    return (size_t)(end - (const uint8_t *)node);
}

size_t zone_node_room(size_t name_size, bool has_service)
{
    return sizeof(struct zone_node) + align4(name_size) + (has_service ? sizeof(struct service *) : 0);
}

size_t zone_rrset_room(const struct dns_rrset *rrset)
{
    return align4(rrset_size(rrset));
}

static void write_staged(struct writer *writer, const struct stage *stage, const struct stage_name *from)
{
    uint8_t *place = writer_next(writer, from->node_size);
    if (from->flags & NODE_HAS_IMAGES)
        place += zone_images_write(stage, from, place);
    writer_note(writer, from->hash, place);
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
}

static void add_staged(struct writer *writer, const struct stage *stage, const struct stage_name *from)
{
    if (!from->exists)
        return;
    if (writer->bucket == NULL)
        writer_count(writer, from->node_size);
    else
        write_staged(writer, stage, from);
}

/* A node as it stands in the base. */
static void add_kept(struct writer *writer, uint64_t hash, const struct zone_node *node)
{
    const size_t front_size = node_front_size(node), size = front_size + node_size(node);
    if (writer->bucket == NULL) {
        writer_count(writer, size);
        return;
    }
    uint8_t *place = writer_next(writer, size);
    memcpy(place, (const uint8_t *)node - front_size, size);
    writer_note(writer, hash, place + front_size);
}

static uint64_t node_hash(const struct zone_node *node)
{
    return dns_name_hash(node_name(node), node->name_size);
}

/* ---- the zone ---- */

static struct zone *zone_new(const struct stage *stage, size_t name_count, uint64_t bucket_count)
{
    struct zone *zone = xcalloc(1, sizeof *zone);
    zone->apex = stage->apex;
    zone->allowed = stage->allowed;
    zone->name_count = name_count;
    zone->bucket_mask = bucket_count - 1;
    return zone;
}

/* MINIMUM is the last field of the SOA (RFC 2308 §4). */
static uint32_t negative_ttl_s(const struct dns_rrset *soa)
{
    const uint8_t *rr = dns_rrset_next(soa, NULL);
    size_t rdlength = dns_rr_rdlength(rr);
    assert(rdlength >= 4);
    const uint8_t *at = dns_rr_rdata(rr) + rdlength - 4;
    uint32_t minimum_s = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return minimum_s < soa->ttl_s ? minimum_s : soa->ttl_s;
}

static struct zone *zone_finish(struct zone *zone, struct paged buckets)
{
    zone->buckets = buckets;
    zone->apex_node = zone_probe(zone, dns_name_hash(zone->apex.bytes, 0), zone->apex.bytes, 0);
    zone->soa = zone_node_rrset(zone->apex_node, DNS_SOA);
    if (zone->soa != NULL) {
        zone->negative_ttl_s = negative_ttl_s(zone->soa);
        dns_negative_make(&zone->apex, zone->soa, zone->negative_ttl_s, &zone->negative);
    }
    return zone;
}

bool zone_fits(const struct zone *zone, size_t name_count)
{
    size_t bucket_count = zone->bucket_mask + 1;
    return name_count <= bucket_count * NAMES_MOST &&
           (bucket_count == 1 || name_count >= bucket_count * NAMES_LEAST);
}

void zone_free(void *block)
{
    struct zone *zone = block;
    if (zone == NULL)
        return;
    for (uint64_t i = 0; i <= zone->bucket_mask; i++)
        block_free((void *)(uintptr_t)paged_get(&zone->buckets, (uint32_t)i));
    paged_free(&zone->buckets);
    free(zone);
}

/* ---- all buckets ---- */

/*
 * Names come in the order of the zone file and buckets by hash.  They are first sorted into buckets by their
 * addresses alone, then each bucket is written in one go: what waits for memory is reading, which can be
 * asked for in advance.  Buckets are written part by part of the stage, so that it goes while the zone grows.
 */
struct all {
    struct stage *stage;
    const struct zone *zone;
    const struct zone_node **kept; /* nodes that stay as they are in the base */
    uint32_t kept_count;
    uint32_t
        *entries; /* by place of the bucket: index of a staged name, or behind all of these of a kept node */
    uint32_t *ends; /* by place of the bucket: behind its last entry, once it is filled */
    size_t count;   /* of entries */
};

static void collect_kept(struct all *all)
{
    const struct stage *stage = all->stage;
    if (stage->base == NULL)
        return;
    all->kept = xcalloc(stage->base->name_count, sizeof *all->kept);
    for (uint64_t i = 0; i <= stage->base->bucket_mask; i++) {
        const struct zone_bucket *bucket = paged_get(&stage->base->buckets, (uint32_t)i);
        for (uint32_t k = 0; bucket != NULL && k < bucket->count; k++) {
            const struct zone_node *node = bucket_node(bucket, k);
            uint64_t hash = node_hash(node);
            if (stage_find_relative(stage, hash, node_name(node), node->name_size) == NULL)
                all->kept[all->kept_count++] = node;
        }
    }
}

/* Calls `visit` for all that will exist. */
static void all_each(struct all *all, void (*visit)(struct all *all, uint64_t hash, uint32_t index))
{
    const struct stage *stage = all->stage;
    for (uint32_t i = 0; i < stage->count; i++) {
        if (stage->names[i].exists)
            visit(all, stage->names[i].hash, i);
    }
    for (uint32_t i = 0; i < all->kept_count; i++)
        visit(all, node_hash(all->kept[i]), stage->count + i);
}

static unsigned part_count(const struct all *all)
{
    return all->zone->bucket_mask + 1 < STAGE_PARTS ? 1 : STAGE_PARTS;
}

/* Where a bucket stands among those that are written: part by part. */
static uint32_t place_of(const struct all *all, uint64_t hash)
{
    uint32_t bucket = hash_bucket(all->zone, hash), parts = part_count(all);
    return bucket % parts * (uint32_t)((all->zone->bucket_mask + 1) / parts) + bucket / parts;
}

static void count_entry(struct all *all, uint64_t hash, uint32_t index)
{
    (void)index;
    all->ends[place_of(all, hash)]++;
}

static void place_entry(struct all *all, uint64_t hash, uint32_t index)
{
    all->entries[all->ends[place_of(all, hash)]++] = index;
}

static void all_sort(struct all *all)
{
    all->ends = xcalloc(all->zone->bucket_mask + 1, sizeof *all->ends);
    all->entries = xcalloc(all->count, sizeof *all->entries);
    collect_kept(all);
    stage_free_index(all->stage);
    all_each(all, count_entry);
    uint32_t start = 0;
    for (uint64_t i = 0; i <= all->zone->bucket_mask; i++) {
        uint32_t size = all->ends[i];
        all->ends[i] = start;
        start += size;
    }
    assert(start == all->count);
    all_each(all, place_entry);
}

/* The staged name at `index` of the entries, or NULL. */
static const struct stage_name *staged_at(const struct all *all, size_t index)
{
    bool is_staged = index < all->count && all->entries[index] < all->stage->count;
    return is_staged ? &all->stage->names[all->entries[index]] : NULL;
}

/* In two steps: first the staged name, then, when that has come, what it points at. */
static void prefetch_entry(const struct all *all, size_t index)
{
    enum { FAR = 24, NEAR = 12 };
    const struct stage_name *far = staged_at(all, index + FAR), *near = staged_at(all, index + NEAR);
    if (far != NULL) {
        __builtin_prefetch(far);
        __builtin_prefetch((const uint8_t *)(far + 1) - 1); /* it may lie across two lines */
    }
    if (near != NULL) { /* mostly its change lies behind its name */
        __builtin_prefetch(near->name);
        __builtin_prefetch(near->name + 64);
    }
}

static void add_entry(const struct all *all, struct writer *writer, size_t index)
{
    const struct stage_name *staged = staged_at(all, index);
    if (staged != NULL) {
        add_staged(writer, all->stage, staged);
        return;
    }
    const struct zone_node *kept = all->kept[all->entries[index] - all->stage->count];
    add_kept(writer, node_hash(kept), kept);
}

static struct zone_bucket *write_bucket(const struct all *all, size_t from, size_t to, struct blocks *blocks)
{
    struct writer writer = { 0 };
    for (size_t i = from; i < to; i++) {
        prefetch_entry(all, i);
        add_entry(all, &writer, i);
    }
    writer_open(&writer, blocks);
    for (size_t i = from; i < to; i++)
        add_entry(all, &writer, i);
    return writer.bucket;
}

static struct paged all_write(const struct all *all)
{
    struct edition pages = { 0 }; /* not noted one by one: the zone owns all of them */
    struct paged_edit *edit = paged_edit_begin(&(struct paged){ 0 }, &pages);
    uint32_t parts = part_count(all), size = (uint32_t)((all->zone->bucket_mask + 1) / parts);
    struct blocks blocks = { 0 };
    size_t from = 0;
    for (uint32_t part = 0; part < parts; part++) {
        for (uint32_t i = 0; i < size; i++) {
            size_t to = all->ends[part * size + i];
            paged_edit_set(edit, i * parts + part, write_bucket(all, from, to, &blocks));
            from = to;
        }
        if (parts == STAGE_PARTS)
            stage_free_part(all->stage, part);
    }
    blocks_end(&blocks);
    struct paged buckets = paged_edit_end(edit);
    edition_free_replaced(&pages);
    return buckets;
}

const struct zone *zone_build_all(struct stage *stage, size_t name_count, struct edition *edition)
{
    uint64_t bucket_count = 1;
    while (bucket_count * NAMES_FRESH < name_count)
        bucket_count *= 2;
    struct zone *zone = zone_new(stage, name_count, bucket_count);
    struct all all = { .stage = stage, .zone = zone, .count = name_count };
    all_sort(&all);
    zone_finish(zone, all_write(&all));
    free(all.kept);
    free(all.entries);
    free(all.ends);
    edition_replaced(edition, stage->base, zone_free);
    return edition_made(edition, zone, zone_free);
}

/* ---- buckets of changed names ---- */

struct touched {
    uint32_t bucket;
    uint32_t name; /* index in the stage */
};

static int touched_compare(const void *a, const void *b)
{
    const struct touched *left = a, *right = b;
    return left->bucket < right->bucket ? -1 : left->bucket > right->bucket;
}

/* The changed names, those of one bucket together. */
static struct touched *touched_new(const struct stage *stage, size_t *count)
{
    struct touched *touched = xcalloc(stage->count, sizeof *touched);
    *count = 0;
    for (uint32_t i = 0; i < stage->count; i++)
        if (stage->names[i].is_changed)
            touched[(*count)++] =
                (struct touched){ .bucket = hash_bucket(stage->base, stage->names[i].hash), .name = i };
    qsort(touched, *count, sizeof *touched, touched_compare);
    return touched;
}

static bool is_kept(const struct stage *stage, const struct touched *group, size_t count,
                    const struct zone_node *node)
{
    for (size_t i = 0; i < count; i++)
        if (stage->bases[group[i].name].node == node)
            return false;
    return true;
}

static void group_add(const struct stage *stage, const struct zone_bucket *old, const struct touched *group,
                      size_t count, struct writer *writer)
{
    for (uint32_t i = 0; old != NULL && i < old->count; i++) {
        const struct zone_node *node = bucket_node(old, i);
        if (is_kept(stage, group, count, node))
            add_kept(writer, (uint64_t)old->tags[i] << HASH_TAG_SHIFT,
                     node); /* of the hash only the tag matters */
    }
    for (size_t i = 0; i < count; i++)
        add_staged(writer, stage, &stage->names[group[i].name]);
}

/* `old` with the `count` changed names of `group`; NULL if none are left. */
static struct zone_bucket *bucket_rebuild(const struct stage *stage, const struct zone_bucket *old,
                                          const struct touched *group, size_t count, struct blocks *blocks)
{
    struct writer writer = { 0 };
    group_add(stage, old, group, count, &writer);
    writer_open(&writer, blocks);
    if (writer.bucket != NULL)
        group_add(stage, old, group, count, &writer);
    return writer.bucket;
}

const struct zone *zone_build_changed(const struct stage *stage, size_t name_count, struct edition *edition)
{
    const struct zone *base = stage->base;
    struct paged_edit *edit = paged_edit_begin(&base->buckets, edition);
    size_t count;
    struct touched *touched = touched_new(stage, &count);
    size_t group_size;
    struct blocks blocks = { 0 };
    for (size_t at = 0; at < count; at += group_size) {
        uint32_t index = touched[at].bucket;
        for (group_size = 1; at + group_size < count && touched[at + group_size].bucket == index;)
            group_size++;
        const struct zone_bucket *old = paged_get(&base->buckets, index);
        struct zone_bucket *fresh = bucket_rebuild(stage, old, touched + at, group_size, &blocks);
        paged_edit_set(edit, index, fresh);
        edition_replaced(edition, old, block_free);
        if (fresh != NULL)
            edition_made(edition, fresh, block_free);
    }
    blocks_end(&blocks);
    free(touched);
    struct zone *zone = zone_new(stage, name_count, base->bucket_mask + 1);
    zone_finish(zone, paged_edit_end(edit));
    edition_replaced(edition, base, NULL);
    return edition_made(edition, zone, NULL);
}
