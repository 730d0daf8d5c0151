/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/zone_table.h"

#include <stdbool.h>

/*
 * What an edit has collected: the names that it touches with all their ancestors, each with its changes.
 * An ancestor always stands before its descendants in `names`, so one walk forward or backward passes parents
 * or children first.  What a name consists of and holds lies together in chunks that are freed as a whole, by
 * the part of its hash, so that a part can go as soon as its buckets are written, and they can take its
 * place.
 */

/* What will stand there under `type`: behind it lies the RRset or, under STAGE_SERVICE, the pointer. */
struct stage_change {
    struct stage_change *next; /* by ascending type */
    uint16_t type;
    bool is_removal; /* nothing lies behind it */
    uint32_t behind[];
};

#define STAGE_SERVICE 0 /* no RRset has type 0 (RFC 6895 §3.1) */

/* A million of them are made for a million names: what few have stands elsewhere. */
struct stage_name {
    uint64_t hash;
    const uint8_t *name; /* relative to the apex */
    struct stage_change *changes;
    uint32_t parent;      /* index; the apex is its own */
    uint32_t child_count; /* from here on: written by settling */
    uint32_t node_size;   /* bytes of its node, if it exists */
    uint8_t name_size;
    uint8_t flags;
    bool exists : 1;
    bool is_changed : 1;
    bool is_below_dname : 1; /* what occludes it is a DNAME, not a cut */
};

/* The name as the base has it. */
struct stage_base {
    const struct zone_node *node; /* NULL: it has no such name */
    uint32_t staged_children;     /* children in the base that are staged, too; written by settling */
};

/* The rest of the hash stands beside the index, so that a miss rarely looks at a name. */
struct stage_slot {
    uint32_t next_index; /* index + 1; 0: free */
    uint32_t hash_high;
};

struct stage {
    const struct zone *base;          /* NULL: a new zone */
    const struct prefix_map *allowed; /* of the zone that is made */
    struct dns_name apex;
    struct stage_name *names; /* names[0] is the apex */
    struct stage_base *bases; /* by name; NULL without a base */
    uint32_t count, room;
    uint32_t last;            /* index of the owner staged last, which is often asked for next */
    struct stage_slot *slots; /* open addressing by hash, at most half full */
    uint32_t slot_mask;
    struct stage_chunk *chunks[HASH_PARTS];
};

void stage_init(struct stage *stage, const struct dns_name *apex, const struct zone *base);
void stage_free(struct stage *stage);
/** Frees what is needed to find names: nobody may look for one any more. */
void stage_free_index(struct stage *stage);
/** Frees the names in this part and their changes, which nobody may look at any more. */
void stage_free_part(struct stage *stage, unsigned part);

/** Makes room for so many names, so that nothing has to grow. */
void stage_expect(struct stage *stage, uint32_t name_count);

/** The index of the name, `size` bytes relative to the apex, staged now with its ancestors if it was not. */
uint32_t stage_name_index(struct stage *stage, uint64_t hash, const uint8_t *name, size_t size);
/** The staged name, staged now with its ancestors if it was not.  Valid until the next call. */
struct stage_name *stage_owner(struct stage *stage, const struct dns_name *owner);
/** NULL if it is not staged.  The caller has seen that `owner` is within the apex: asking again would cost
 * more than the answer. */
const struct stage_name *stage_find(const struct stage *stage, const struct dns_name *owner);
const struct stage_name *stage_find_relative(const struct stage *stage, uint64_t hash, const uint8_t *name,
                                             size_t size);
void stage_name_owner(const struct stage *stage, const struct stage_name *at, struct dns_name *out);
/** Stages every name of the base. */
void stage_everything(struct stage *stage);

/** Notes that an RRset of that type stands there, which the caller writes: `size` bytes in all. */
struct dns_rrset *stage_put(struct stage *stage, struct stage_name *at, uint16_t type, size_t size);
/** Notes that nothing stands there under `type`. */
void stage_remove(struct stage *stage, struct stage_name *at, uint16_t type);
/** Notes that the service (borrowed), or with NULL none, stands there. */
void stage_set_service(struct stage *stage, struct stage_name *at, const struct service *service);

/** The change noted for `type`, or NULL. */
const struct stage_change *stage_change_of(const struct stage_name *at, uint16_t type);
const struct service *stage_service(const struct stage *stage, const struct stage_name *at);

/** The RRset of a change; NULL if it takes one away. */
static inline const struct dns_rrset *stage_change_rrset(const struct stage_change *change)
{
    return change->is_removal ? NULL : (const struct dns_rrset *)change->behind;
}

/** The first change of an RRset. */
static inline const struct stage_change *stage_changes(const struct stage_name *at)
{
    const struct stage_change *first = at->changes;
    return first != NULL && first->type == STAGE_SERVICE ? first->next : first;
}

/** The node in the base, or NULL. */
static inline const struct zone_node *stage_base_node(const struct stage *stage, const struct stage_name *at)
{
    return stage->bases != NULL ? stage->bases[at - stage->names].node : NULL;
}

/* Walks the RRsets of a staged name as they will be, by ascending type. */
struct stage_walk {
    const struct stage_change *change;
    const struct zone_node *base;
    const struct dns_rrset *old;
};

const struct dns_rrset *stage_walk_merged(struct stage_walk *walk);

static inline struct stage_walk stage_walk_begin(const struct stage *stage, const struct stage_name *at)
{
    const struct zone_node *base = stage_base_node(stage, at);
    return (struct stage_walk){ .change = stage_changes(at),
                                .base = base,
                                .old = base != NULL ? zone_node_next(base, NULL) : NULL };
}

/* In a new zone, and behind the base's last RRset, the changes are all there is. */
static inline const struct dns_rrset *stage_walk_next(struct stage_walk *walk)
{
    const struct stage_change *change = walk->change;
    if (walk->old != NULL)
        return stage_walk_merged(walk);
    while (change != NULL && change->is_removal)
        change = change->next;
    walk->change = change != NULL ? change->next : NULL;
    return change != NULL ? stage_change_rrset(change) : NULL;
}
