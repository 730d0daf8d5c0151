/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/zone_table.h"

#include <stdbool.h>

/*
 * What an edit has collected: the names that it touches with all their ancestors, each with its changes.
 * An ancestor always stands before its descendants in `names`, so one walk forward or backward passes parents
 * or children first.  Names, changes and RRsets lie in chunks that are freed as a whole; changes and RRsets
 * by the low bits of their name's hash, so that a part can go as soon as its buckets are written.
 */
#define STAGE_PARTS 16 /* a power of two */

struct stage_change {
    struct stage_change *next;     /* by ascending type */
    const struct dns_rrset *rrset; /* NULL: removed */
    uint16_t type;
};

struct stage_name {
    uint64_t hash;
    const struct zone_node *base; /* NULL: the base has no such name */
    const uint8_t *name;          /* relative to the apex */
    struct stage_change *changes;
    const struct service *service; /* counts if has_service_change */
    uint32_t parent;               /* index; the apex is its own */
    uint32_t child_count;          /* from here on: written by settling */
    uint32_t staged_children;      /* children in the base that are staged, too */
    uint32_t node_size;            /* bytes of its node, if it exists */
    uint8_t name_size;
    uint8_t flags;
    bool has_service_change;
    bool exists;
    bool is_changed;
    bool is_below_dname; /* what occludes it is a DNAME, not a cut */
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
    uint32_t count, room;
    uint32_t last;            /* index of the owner staged last, which is often asked for next */
    struct stage_slot *slots; /* open addressing by hash, at most half full */
    uint32_t slot_mask;
    struct stage_chunk *name_chunks, *chunks[STAGE_PARTS];
};

void stage_init(struct stage *stage, const struct dns_name *apex, const struct zone *base);
void stage_free(struct stage *stage);
/** Frees the changes of all names in this part, which nobody may look at any more. */
void stage_free_part(struct stage *stage, unsigned part);

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

/** Notes that `rrset` (copied; NULL: nothing) stands there under `type`. */
void stage_put(struct stage *stage, struct stage_name *at, uint16_t type, const struct dns_rrset *rrset);

/** The change noted for `type`, or NULL. */
const struct stage_change *stage_change_of(const struct stage_name *at, uint16_t type);
const struct service *stage_service(const struct stage_name *at);

/* Walks the RRsets of a staged name as they will be, by ascending type. */
struct stage_walk {
    const struct stage_change *change;
    const struct zone_node *base;
    const struct dns_rrset *old;
};

struct stage_walk stage_walk_begin(const struct stage_name *at);
const struct dns_rrset *stage_walk_next(struct stage_walk *walk);
