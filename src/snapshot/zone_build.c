/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_build.h"

#include "base/memory.h"
#include "dns/type.h"
#include "snapshot/zone_writer.h"

#include <assert.h>
#include <stdlib.h>

/* A fresh table has at most four names a row, and grows when it has six. */
#define NAMES_FRESH 4
#define NAMES_MOST  6

#define PLACE_SHIFT_LEAST 2 /* nodes stand at multiples of four */
#define PLACE_SHIFT_MOST  8 /* then any bucket below 4 GiB will do */

size_t zone_node_room(size_t name_size, bool has_service)
{
    return sizeof(struct zone_node) + align4(name_size) + (has_service ? sizeof(struct service *) : 0);
}

size_t zone_rrset_room(const struct dns_rrset *rrset)
{
    return align4(rrset_size(rrset));
}

/* ---- the zone ---- */

static struct zone *zone_new(const struct stage *stage, size_t name_count)
{
    struct zone *zone = xcalloc(1, sizeof *zone);
    zone->apex = stage->apex;
    zone->allowed = stage->allowed;
    zone->name_count = name_count;
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
    const size_t row_count = (size_t)zone->bucket_count * (zone->row_mask + 1);
    return name_count <= row_count * NAMES_MOST && (row_count == 1 || name_count >= row_count / 2);
}

bool zone_changes_fit(const struct stage *stage)
{
    const struct zone *base = stage->base;
    size_t count = 0, size = 0;
    for (uint32_t i = 0; i < stage->count; i++) {
        count += stage->names[i].is_changed;
        size += stage->names[i].is_changed ? stage->names[i].node_size : 0;
    }
    size += zone_bucket_rest(base->place_shift, count);
    for (uint32_t i = 0; i < stage->count;
         i++) { /* as if all came to one bucket: mostly it is far from full */
        const struct stage_name *at = &stage->names[i];
        if (at->is_changed &&
            zone_bucket(base, hash_bucket(base, at->hash))->size + size > zone_bucket_most(base->place_shift))
            return false;
    }
    return true;
}

static void bucket_free(const struct zone_bucket *bucket)
{
    if (bucket != zone_bucket_empty)
        block_free((void *)(uintptr_t)bucket);
}

void zone_free(void *block)
{
    struct zone *zone = block;
    if (zone == NULL)
        return;
    for (uint32_t i = 0; i < zone->bucket_count; i++)
        bucket_free(zone_bucket(zone, i));
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
    struct zone *zone;
    const struct zone_node **kept; /* nodes that stay as they are in the base */
    uint32_t kept_count;
    uint32_t *entries; /* by bucket: index of a staged name, or behind all of these of a kept node */
    uint32_t *ends;    /* by bucket: behind its last entry, once it is filled */
    size_t count;      /* of entries */
    size_t largest;    /* bytes of a node */
};

static void collect_kept(struct all *all)
{
    const struct stage *stage = all->stage;
    if (stage->base == NULL)
        return;
    all->kept = xcalloc(stage->base->name_count, sizeof *all->kept);
    for (uint32_t i = 0; i < stage->base->bucket_count; i++) {
        const struct zone_node *node;
        for (uint32_t at = 0; (node = bucket_next(stage->base, zone_bucket(stage->base, i), &at)) != NULL;) {
            uint64_t hash = zone_node_hash(node);
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
        visit(all, zone_node_hash(all->kept[i]), stage->count + i);
}

/* The staged name at `index` of the entries, or NULL. */
static const struct stage_name *staged_at(const struct all *all, size_t index)
{
    bool is_staged = index < all->count && all->entries[index] < all->stage->count;
    return is_staged ? &all->stage->names[all->entries[index]] : NULL;
}

static void count_entry(struct all *all, uint64_t hash, uint32_t index)
{
    const struct stage *stage = all->stage;
    size_t size = index < stage->count ? stage->names[index].node_size
                                       : zone_node_size(all->kept[index - stage->count]);
    all->largest = size > all->largest ? size : all->largest;
    all->ends[hash_bucket(all->zone, hash)]++;
}

static void place_entry(struct all *all, uint64_t hash, uint32_t index)
{
    all->entries[all->ends[hash_bucket(all->zone, hash)]++] = index;
}

/* Few rows in one bucket, or as many buckets as it takes; many of these make a number that has parts. */
static void choose_table(struct all *all)
{
    struct zone *zone = all->zone;
    const size_t names_each = (size_t)NAMES_FRESH * BUCKET_ROWS;
    uint32_t rows = 1;
    while (rows < BUCKET_ROWS && (size_t)rows * NAMES_FRESH < all->count)
        rows *= 2;
    zone->row_mask = rows - 1;
    zone->bucket_count = (uint32_t)((all->count + names_each - 1) / names_each);
    if (zone->bucket_count >= HASH_PARTS)
        zone->bucket_count = (zone->bucket_count + HASH_PARTS - 1) / HASH_PARTS * HASH_PARTS;
}

/* So that any bucket fits, with room for changes, whichever nodes it has. */
static void choose_place_shift(struct all *all, uint32_t most_names)
{
    uint32_t shift = PLACE_SHIFT_LEAST;
    while (shift < PLACE_SHIFT_MOST &&
           2 * (most_names * all->largest + zone_bucket_rest(shift, most_names)) > zone_bucket_most(shift))
        shift++;
    all->zone->place_shift = shift;
}

static void all_sort(struct all *all)
{
    all->ends = xcalloc(all->zone->bucket_count, sizeof *all->ends);
    all->entries = xcalloc(all->count, sizeof *all->entries);
    collect_kept(all);
    stage_free_index(all->stage);
    all_each(all, count_entry);
    uint32_t start = 0, most_names = 0;
    for (uint32_t i = 0; i < all->zone->bucket_count; i++) {
        uint32_t size = all->ends[i];
        most_names = size > most_names ? size : most_names;
        all->ends[i] = start;
        start += size;
    }
    assert(start == all->count);
    choose_place_shift(all, most_names);
    all_each(all, place_entry);
}

/* In two steps: first the staged name, then, when that has come, what it points at.  In line, as gcc leaves
 * out a call of what does nothing but prefetch. */
static INLINED void prefetch_entry(const struct all *all, size_t index)
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

static void add_entry(const struct all *all, struct zone_writer *writer, size_t index)
{
    const struct stage_name *staged = staged_at(all, index);
    if (staged != NULL) {
        zone_writer_add_staged(writer, all->stage, staged);
        return;
    }
    const struct zone_node *kept = all->kept[all->entries[index] - all->stage->count];
    zone_writer_add_kept(writer, zone_node_hash(kept), kept);
}

static const struct zone_bucket *write_bucket(const struct all *all, size_t from, size_t to,
                                              struct blocks *blocks)
{
    struct zone_writer writer = { .zone = all->zone };
    for (size_t i = from; i < to; i++) {
        prefetch_entry(all, i);
        add_entry(all, &writer, i);
    }
    zone_writer_open(&writer, blocks);
    for (size_t i = from; i < to; i++)
        add_entry(all, &writer, i);
    return zone_writer_end(&writer);
}

static struct paged all_write(const struct all *all)
{
    struct edition pages = { 0 }; /* not noted one by one: the zone owns all of them */
    struct paged_edit *edit = paged_edit_begin(&(struct paged){ 0 }, &pages);
    const uint32_t bucket_count = all->zone->bucket_count, part_size = bucket_count / HASH_PARTS;
    struct blocks blocks = { 0 };
    size_t from = 0;
    for (uint32_t i = 0; i < bucket_count; i++) {
        size_t to = all->ends[i];
        paged_edit_set(edit, i, write_bucket(all, from, to, &blocks));
        from = to;
        if (bucket_count % HASH_PARTS == 0 && (i + 1) % part_size == 0)
            stage_free_part(all->stage, i / part_size);
    }
    blocks_end(&blocks);
    struct paged buckets = paged_edit_end(edit);
    edition_free_replaced(&pages);
    return buckets;
}

const struct zone *zone_build_all(struct stage *stage, size_t name_count, struct edition *edition)
{
    struct zone *zone = zone_new(stage, name_count);
    struct all all = { .stage = stage, .zone = zone, .count = name_count };
    choose_table(&all);
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
                      size_t count, struct zone_writer *writer)
{
    const struct zone_node *node;
    for (uint32_t at = 0; (node = bucket_next(stage->base, old, &at)) != NULL;) {
        if (is_kept(stage, group, count, node))
            zone_writer_add_kept(writer, zone_node_hash(node), node);
    }
    for (size_t i = 0; i < count; i++)
        zone_writer_add_staged(writer, stage, &stage->names[group[i].name]);
}

/* `old` with the `count` changed names of `group`. */
static const struct zone_bucket *bucket_rebuild(const struct stage *stage, const struct zone_bucket *old,
                                                const struct touched *group, size_t count,
                                                struct blocks *blocks)
{
    struct zone_writer writer = { .zone = stage->base };
    group_add(stage, old, group, count, &writer);
    zone_writer_open(&writer, blocks);
    if (writer.bucket != NULL)
        group_add(stage, old, group, count, &writer);
    return zone_writer_end(&writer);
}

static size_t group_size_at(const struct touched *touched, size_t at, size_t count)
{
    size_t size = 1;
    while (at + size < count && touched[at + size].bucket == touched[at].bucket)
        size++;
    return size;
}

static void change_bucket(const struct stage *stage, const struct touched *group, size_t count,
                          struct blocks *blocks, struct paged_edit *edit, struct edition *edition)
{
    const struct zone_bucket *old = zone_bucket(stage->base, group->bucket);
    const struct zone_bucket *fresh = bucket_rebuild(stage, old, group, count, blocks);
    paged_edit_set(edit, group->bucket, fresh);
    if (old != zone_bucket_empty)
        edition_replaced(edition, old, block_free);
    if (fresh != zone_bucket_empty)
        edition_made(edition, (void *)(uintptr_t)fresh, block_free);
}

const struct zone *zone_build_changed(const struct stage *stage, size_t name_count, struct edition *edition)
{
    const struct zone *base = stage->base;
    struct paged_edit *edit = paged_edit_begin(&base->buckets, edition);
    size_t count, size;
    struct touched *touched = touched_new(stage, &count);
    struct blocks blocks = { 0 };
    for (size_t at = 0; at < count; at += size) {
        size = group_size_at(touched, at, count);
        change_bucket(stage, touched + at, size, &blocks, edit, edition);
    }
    blocks_end(&blocks);
    free(touched);
    struct zone *zone = zone_new(stage, name_count);
    zone->bucket_count = base->bucket_count;
    zone->row_mask = base->row_mask;
    zone->place_shift = base->place_shift;
    zone_finish(zone, paged_edit_end(edit));
    edition_replaced(edition, base, NULL);
    return edition_made(edition, zone, NULL);
}
