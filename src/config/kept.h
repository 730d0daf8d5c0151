/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/item.h"
#include "snapshot/dataset.h"

/*
 * What stood in the head before the changes that are kept but not accepted yet: to be read meanwhile, and to
 * go back to.  The head itself already holds what they make of it, so that the next change builds on them.
 */
struct kept {
    bool is_open;                            /* there are such changes */
    struct table *before[OBJECT_KIND_COUNT]; /* name → struct item of the accepted head; NULL while empty */
    bool had_none[OBJECT_KIND_COUNT];        /* the accepted head had none of the kind: `before` stays NULL */
    const struct dataset *dataset;           /* the accepted one */
    const struct geo *databases;             /* its */
    uint32_t resolving_count;                /* its */
    uint32_t objective_count;                /* its */
    struct item **between; /* made by one kept change and replaced by another: their texts may be on their way
                              to the store */
    size_t between_count, between_room;
};

/** The head's item of that name is replaced or removed (`item` is it, NULL: there was none).  Taken over. */
void kept_note(struct kept *kept, enum object_kind kind, const char *name, struct item *item);

/** The head has none of the kind, whatever comes.  False if it had some before the kept changes. */
bool kept_note_none(struct kept *kept, enum object_kind kind);

/** True if kept changes touch the object; `item` is then what was accepted, or NULL. */
bool kept_find(const struct kept *kept, enum object_kind kind, const char *name, struct item **item);

/** Walks the accepted items that kept changes touch; start with *at = 0, NULL at the end. */
struct item *kept_next(const struct kept *kept, enum object_kind kind, size_t *at);

/** The changes count now: frees what stood before them. */
void kept_forget(struct kept *kept);
/** They never were: the head is again what it was, and what they made of its items is freed. */
void kept_restore(struct kept *kept, struct table *const head[OBJECT_KIND_COUNT]);
