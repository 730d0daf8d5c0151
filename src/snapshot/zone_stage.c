/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_stage.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Chunks double from a few records to the size where one more does not matter.  Those from then on are mapped
 * each by itself: what buckets were made of goes back at once, for they take as much meanwhile. */
#define CHUNK_SIZE_MIN ((size_t)1024)
#define CHUNK_SIZE_MAX ((size_t)256 << 10)

struct stage_chunk {
    struct stage_chunk *next;
    size_t size, used;
    _Alignas(8) uint8_t bytes[];
};

static struct stage_chunk *chunk_new(size_t size)
{
    if (size <= CHUNK_SIZE_MAX)
        return xmalloc(size);
    void *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED)
        memory_gone();
    return chunk;
}

static void chunk_free(struct stage_chunk *chunk)
{
    size_t size = sizeof *chunk + chunk->size;
    if (size <= CHUNK_SIZE_MAX)
        free(chunk);
    else
        munmap(chunk, size);
}

static void *chunk_take(struct stage_chunk **chunks, size_t size, size_t alignment)
{
    struct stage_chunk *chunk = *chunks;
    size_t at = chunk != NULL ? (chunk->used + alignment - 1) & ~(alignment - 1) : 0;
    if (chunk == NULL || chunk->size < at + size) {
        size_t room = chunk == NULL ? CHUNK_SIZE_MIN : chunk->size * 2;
        room = room > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : room;
        room = room < size ? size : room;
        chunk = chunk_new(sizeof *chunk + room);
        *chunk = (struct stage_chunk){ .next = *chunks, .size = room };
        *chunks = chunk;
        at = 0;
    }
    chunk->used = at + size;
    return chunk->bytes + at;
}

static void chunks_free(struct stage_chunk **chunks)
{
    while (*chunks != NULL) {
        struct stage_chunk *next = (*chunks)->next;
        chunk_free(*chunks);
        *chunks = next;
    }
}

/* ---- names ---- */

static void slot_add(struct stage *stage, uint64_t hash, uint32_t index)
{
    uint64_t at = hash;
    while (stage->slots[at & stage->slot_mask].next_index != 0)
        at++;
    stage->slots[at & stage->slot_mask] =
        (struct stage_slot){ .next_index = index + 1, .hash_high = (uint32_t)(hash >> 32) };
}

static void slots_resize(struct stage *stage, uint32_t size)
{
    free(stage->slots);
    stage->slots = xcalloc_table(size * sizeof *stage->slots);
    stage->slot_mask = size - 1;
    for (uint32_t i = 0; i < stage->count; i++)
        slot_add(stage, stage->names[i].hash, i);
}

static void names_grow(struct stage *stage, uint32_t room)
{
    stage->room = room;
    stage->names = xrealloc(stage->names, room, sizeof *stage->names);
    memory_fill_soon(stage->names, room * sizeof *stage->names);
    if (stage->base != NULL)
        stage->bases = xrealloc(stage->bases, room, sizeof *stage->bases);
}

static uint32_t name_add(struct stage *stage, const struct stage_name *name)
{
    if (stage->count == stage->room)
        names_grow(stage, stage->room * 2);
    if (stage->count >= stage->slot_mask / 2)
        slots_resize(stage, (stage->slot_mask + 1) * 2);
    uint32_t index = stage->count++;
    slot_add(stage, name->hash, index);
    stage->names[index] = *name;
    if (stage->base != NULL)
        stage->bases[index] =
            (struct stage_base){ .node = zone_probe(stage->base, name->hash, name->name, name->name_size) };
    return index;
}

void stage_init(struct stage *stage, const struct dns_name *apex, const struct zone *base)
{
    *stage = (struct stage){ .base = base, .allowed = base != NULL ? base->allowed : NULL, .apex = *apex };
    names_grow(stage, 8);
    slots_resize(stage, 16);
    static const uint8_t no_labels[1];
    name_add(stage, &(struct stage_name){ .hash = dns_name_hash(no_labels, 0), .name = no_labels });
}

void stage_expect(struct stage *stage, uint32_t name_count)
{
    uint32_t size = stage->slot_mask + 1;
    while (size / 2 <= name_count && size < UINT32_C(1) << 31)
        size *= 2;
    if (size > stage->slot_mask + 1)
        slots_resize(stage, size);
    if (name_count > stage->room)
        names_grow(stage, name_count);
}

void stage_free_index(struct stage *stage)
{
    free(stage->slots);
    stage->slots = NULL;
}

void stage_free_part(struct stage *stage, unsigned part)
{
    chunks_free(&stage->chunks[part]);
}

void stage_free(struct stage *stage)
{
    for (unsigned part = 0; part < HASH_PARTS; part++)
        stage_free_part(stage, part);
    free(stage->names);
    free(stage->bases);
    free(stage->slots);
}

#define NO_INDEX UINT32_MAX

static uint32_t find_index(const struct stage *stage, uint64_t hash, const uint8_t *name, size_t size)
{
    for (uint64_t at = hash;; at++) {
        struct stage_slot slot = stage->slots[at & stage->slot_mask];
        if (slot.next_index == 0)
            return NO_INDEX;
        if (slot.hash_high != (uint32_t)(hash >> 32))
            continue;
        const struct stage_name *found = &stage->names[slot.next_index - 1];
        if (found->hash == hash && found->name_size == size && memcmp(found->name, name, size) == 0)
            return slot.next_index - 1;
    }
}

const struct stage_name *stage_find_relative(const struct stage *stage, uint64_t hash, const uint8_t *name,
                                             size_t size)
{
    uint32_t index = find_index(stage, hash, name, size);
    return index == NO_INDEX ? NULL : &stage->names[index];
}

/* Ancestors come first. */
static uint32_t add_index(struct stage *stage, uint64_t hash, const uint8_t *name, size_t size)
{
    uint32_t index = find_index(stage, hash, name, size);
    if (index != NO_INDEX)
        return index;
    size_t label = 1 + (size_t)name[0], rest = size - label;
    uint32_t parent = rest > 0 ? add_index(stage, dns_name_hash(name + label, rest), name + label, rest) : 0;
    uint8_t *copy = chunk_take(&stage->chunks[hash_part(hash)], size, 1);
    memcpy(copy, name, size);
    const struct stage_name fresh = {
        .hash = hash, .name = copy, .name_size = (uint8_t)size, .parent = parent
    };
    return name_add(stage, &fresh);
}

uint32_t stage_name_index(struct stage *stage, uint64_t hash, const uint8_t *name, size_t size)
{
    stage->last = size == 0 ? 0 : add_index(stage, hash, name, size);
    return stage->last;
}

static bool is_last(const struct stage *stage, const uint8_t *name, size_t size)
{
    const struct stage_name *last = &stage->names[stage->last];
    return last->name_size == size && memcmp(last->name, name, size) == 0;
}

const struct stage_name *stage_find(const struct stage *stage, const struct dns_name *owner)
{
    size_t size = (size_t)owner->size - stage->apex.size;
    if (is_last(stage, owner->bytes, size))
        return &stage->names[stage->last];
    return stage_find_relative(stage, dns_name_hash(owner->bytes, size), owner->bytes, size);
}

struct stage_name *stage_owner(struct stage *stage, const struct dns_name *owner)
{
    assert(dns_name_is_within(owner, &stage->apex));
    size_t size = (size_t)owner->size - stage->apex.size;
    if (!is_last(stage, owner->bytes, size))
        stage_name_index(stage, dns_name_hash(owner->bytes, size), owner->bytes, size);
    return &stage->names[stage->last];
}

void stage_name_owner(const struct stage *stage, const struct stage_name *at, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX + 1];
    memcpy(wire, at->name, at->name_size);
    memcpy(wire + at->name_size, stage->apex.bytes, stage->apex.size);
    dns_name_from_wire(wire, out);
}

static void stage_visited(const struct dns_name *owner, const struct zone_node *node, void *stage)
{
    (void)node;
    stage_owner(stage, owner);
}

void stage_everything(struct stage *stage)
{
    if (stage->base != NULL)
        zone_walk(stage->base, stage_visited, stage);
}

/* ---- changes ---- */

/* Where the change of that type is, or is to be. */
static struct stage_change **change_place(struct stage_name *at, uint16_t type)
{
    struct stage_change **place = &at->changes;
    while (*place != NULL && (*place)->type < type)
        place = &(*place)->next;
    return place;
}

/* A change with `size` bytes behind it, in the place of the last one of its type. */
static struct stage_change *add_change(struct stage *stage, struct stage_name *at, uint16_t type, size_t size)
{
    struct stage_change **place = change_place(at, type), *next = *place;
    if (next != NULL && next->type == type)
        next = next->next; /* the old one lies there until the end: somebody may look at it */
    struct stage_chunk **chunks = &stage->chunks[hash_part(at->hash)];
    struct stage_change *change =
        chunk_take(chunks, offsetof(struct stage_change, behind) + size, _Alignof(struct stage_change));
    change->next = next;
    change->type = type;
    change->is_removal = size == 0;
    *place = change;
    return change;
}

struct dns_rrset *stage_put(struct stage *stage, struct stage_name *at, uint16_t type, size_t size)
{
    return (struct dns_rrset *)add_change(stage, at, type, size)->behind;
}

void stage_remove(struct stage *stage, struct stage_name *at, uint16_t type)
{
    add_change(stage, at, type, 0);
}

void stage_set_service(struct stage *stage, struct stage_name *at, const struct service *service)
{
    struct stage_change *change = add_change(stage, at, STAGE_SERVICE, service != NULL ? sizeof service : 0);
    if (service != NULL)
        memcpy(change->behind, &service, sizeof service);
}

const struct stage_change *stage_change_of(const struct stage_name *at, uint16_t type)
{
    const struct stage_change *change = stage_changes(at);
    while (change != NULL && change->type < type)
        change = change->next;
    return change != NULL && change->type == type ? change : NULL;
}

const struct service *stage_service(const struct stage *stage, const struct stage_name *at)
{
    const struct stage_change *change = at->changes;
    if (change == NULL || change->type != STAGE_SERVICE) {
        const struct zone_node *base = stage_base_node(stage, at);
        return base != NULL ? zone_node_service(base) : NULL;
    }
    const struct service *service = NULL; /* stands at a multiple of four, hence the copy */
    if (!change->is_removal)
        memcpy(&service, change->behind, sizeof service);
    return service;
}

const struct dns_rrset *stage_walk_merged(struct stage_walk *walk)
{
    while (walk->old != NULL) {
        const struct stage_change *change = walk->change;
        const struct dns_rrset *old = walk->old;
        bool takes_old = change == NULL || old->type < change->type;
        if (takes_old || old->type == change->type)
            walk->old = zone_node_next(walk->base, old);
        if (takes_old)
            return old;
        walk->change = change->next;
        if (!change->is_removal)
            return stage_change_rrset(change);
    }
    return stage_walk_next(walk);
}
