/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_stage.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

/* Chunks double from a few records to the size where one more does not matter. */
#define CHUNK_SIZE_MIN ((size_t)4096)
#define CHUNK_SIZE_MAX ((size_t)512 << 10)

struct stage_chunk {
    struct stage_chunk *next;
    size_t size, used;
    _Alignas(8) uint8_t bytes[];
};

static void *chunk_take(struct stage_chunk **chunks, size_t size)
{
    struct stage_chunk *chunk = *chunks;
    size = (size + 7) & ~(size_t)7;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = chunk == NULL ? CHUNK_SIZE_MIN : chunk->size * 2;
        room = room > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : room;
        room = room < size ? size : room;
        chunk = xrealloc(NULL, 1, sizeof *chunk + room);
        *chunk = (struct stage_chunk){ .next = *chunks, .size = room };
        *chunks = chunk;
    }
    void *block = chunk->bytes + chunk->used;
    chunk->used += size;
    return block;
}

static void *chunk_copy(struct stage_chunk **chunks, const void *bytes, size_t size)
{
    void *copy = chunk_take(chunks, size);
    memcpy(copy, bytes, size);
    return copy;
}

static void chunks_free(struct stage_chunk **chunks)
{
    while (*chunks != NULL) {
        struct stage_chunk *next = (*chunks)->next;
        free(*chunks);
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

static void slots_grow(struct stage *stage)
{
    uint32_t size = (stage->slot_mask + 1) * 2;
    free(stage->slots);
    stage->slots = xcalloc(size, sizeof *stage->slots);
    stage->slot_mask = size - 1;
    for (uint32_t i = 0; i < stage->count; i++)
        slot_add(stage, stage->names[i].hash, i);
}

static struct stage_name *name_add(struct stage *stage, struct stage_name name)
{
    if (stage->count == stage->room) {
        stage->room *= 2;
        stage->names = xrealloc(stage->names, stage->room, sizeof *stage->names);
    }
    if (stage->count >= stage->slot_mask / 2)
        slots_grow(stage);
    if (stage->base != NULL)
        name.base = zone_probe(stage->base, name.hash, name.name, name.name_size);
    slot_add(stage, name.hash, stage->count);
    struct stage_name *added = &stage->names[stage->count++];
    *added = name;
    return added;
}

void stage_init(struct stage *stage, const struct dns_name *apex, const struct zone *base)
{
    *stage = (struct stage){ .base = base, .allowed = base != NULL ? base->allowed : NULL, .apex = *apex };
    stage->room = 8;
    stage->names = xcalloc(stage->room, sizeof *stage->names);
    stage->slot_mask = 15;
    stage->slots = xcalloc(stage->slot_mask + 1, sizeof *stage->slots);
    static const uint8_t no_labels[1];
    name_add(stage, (struct stage_name){ .hash = dns_name_hash(no_labels, 0), .name = no_labels });
}

void stage_free_part(struct stage *stage, unsigned part)
{
    chunks_free(&stage->chunks[part]);
}

void stage_free(struct stage *stage)
{
    chunks_free(&stage->name_chunks);
    for (unsigned part = 0; part < STAGE_PARTS; part++)
        stage_free_part(stage, part);
    free(stage->names);
    free(stage->slots);
}

const struct stage_name *stage_find_relative(const struct stage *stage, uint64_t hash, const uint8_t *name,
                                             size_t size)
{
    for (uint64_t at = hash;; at++) {
        struct stage_slot slot = stage->slots[at & stage->slot_mask];
        if (slot.next_index == 0)
            return NULL;
        if (slot.hash_high != (uint32_t)(hash >> 32))
            continue;
        const struct stage_name *found = &stage->names[slot.next_index - 1];
        if (found->hash == hash && found->name_size == size && memcmp(found->name, name, size) == 0)
            return found;
    }
}

static bool is_last(const struct stage *stage, const struct dns_name *owner)
{
    const struct stage_name *last = &stage->names[stage->last];
    return (size_t)last->name_size + stage->apex.size == owner->size &&
           memcmp(last->name, owner->bytes, last->name_size) == 0;
}

/* The suffix of `label_count` labels, which reaches down from the apex. */
static const struct stage_name *find_suffix(const struct stage *stage, const struct dns_name *owner,
                                            unsigned label_count)
{
    const uint8_t *suffix = dns_name_suffix(owner, label_count);
    size_t size = relative_size(owner, suffix, &stage->apex);
    return stage_find_relative(stage, dns_name_hash(suffix, size), suffix, size);
}

const struct stage_name *stage_find(const struct stage *stage, const struct dns_name *owner)
{
    return is_last(stage, owner) ? &stage->names[stage->last] : find_suffix(stage, owner, owner->label_count);
}

struct stage_name *stage_owner(struct stage *stage, const struct dns_name *owner)
{
    assert(dns_name_is_within(owner, &stage->apex));
    if (is_last(stage, owner))
        return &stage->names[stage->last];
    const struct stage_name *found = NULL;
    unsigned k = owner->label_count + 1u;
    while (found == NULL) /* ends at the apex at the latest */
        found = find_suffix(stage, owner, --k);
    uint32_t index = (uint32_t)(found - stage->names);
    if (k == owner->label_count) {
        stage->last = index;
        return &stage->names[index];
    }

    size_t size = (size_t)owner->size - stage->apex.size;
    const uint8_t *copy = chunk_copy(&stage->name_chunks, owner->bytes, size); /* ancestors share its tail */
    for (k++; k <= owner->label_count; k++) {
        size_t above = (size_t)(dns_name_suffix(owner, k) - owner->bytes);
        const struct stage_name fresh = { .hash = dns_name_hash(copy + above, size - above),
                                          .name = copy + above,
                                          .name_size = (uint8_t)(size - above),
                                          .parent = index };
        index = (uint32_t)(name_add(stage, fresh) - stage->names);
    }
    stage->last = index;
    return &stage->names[index];
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

void stage_put(struct stage *stage, struct stage_name *at, uint16_t type, const struct dns_rrset *rrset)
{
    struct stage_chunk **chunks = &stage->chunks[at->hash % STAGE_PARTS];
    struct stage_change **place = &at->changes;
    while (*place != NULL && (*place)->type < type)
        place = &(*place)->next;
    if (*place == NULL || (*place)->type != type) {
        struct stage_change *change = chunk_take(chunks, sizeof *change);
        *change = (struct stage_change){ .next = *place, .type = type };
        *place = change;
    }
    (*place)->rrset = rrset == NULL ? NULL : chunk_copy(chunks, rrset, rrset_size(rrset));
}

const struct stage_change *stage_change_of(const struct stage_name *at, uint16_t type)
{
    for (const struct stage_change *change = at->changes; change != NULL; change = change->next)
        if (change->type == type)
            return change;
    return NULL;
}

const struct service *stage_service(const struct stage_name *at)
{
    if (at->has_service_change)
        return at->service;
    return at->base != NULL ? zone_node_service(at->base) : NULL;
}

struct stage_walk stage_walk_begin(const struct stage_name *at)
{
    return (struct stage_walk){ .change = at->changes,
                                .base = at->base,
                                .old = at->base != NULL ? zone_node_next(at->base, NULL) : NULL };
}

const struct dns_rrset *stage_walk_next(struct stage_walk *walk)
{
    for (;;) {
        const struct stage_change *change = walk->change;
        const struct dns_rrset *old = walk->old;
        if (change == NULL && old == NULL)
            return NULL;
        bool takes_old = change == NULL || (old != NULL && old->type < change->type);
        if (old != NULL && (takes_old || old->type == change->type))
            walk->old = zone_node_next(walk->base, old);
        if (takes_old)
            return old;
        walk->change = change->next;
        if (change->rrset != NULL)
            return change->rrset;
    }
}
