/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/edition.h"

#include <stdint.h>

/*
 * Immutable blocks of the dataset that many nodes share (plans, steady states), found by a key that says all
 * that they are made of.  Uses are counted; the last one that goes retires the block with its edition.
 */
struct interned {
    char *key;
    void *block;
    edition_free_fn *free;
    struct interned
        *below; /* that the block refers to: who uses this one uses that one as well; NULL: none */
    uint32_t uses;
    uint32_t number;                                          /* its owner's */
    void (*unused)(struct interned *interned, void *context); /* told when the last use goes; may be NULL */
    bool is_retired; /* nobody used it any more: noted as replaced, and not found again */
};

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *intern); /* with all blocks */

/** One more use of what is there under `key`, or NULL. */
struct interned *intern_use(struct intern *intern, const char *key);
/** One more use of one that is in use. */
void intern_use_again(struct intern *intern, struct interned *interned);
/** Enters `block` (noted as made) with one use. */
struct interned *intern_add(struct intern *intern, const char *key, void *block, edition_free_fn *free_block,
                            struct edition *edition);
void intern_drop(struct intern *intern, struct interned *interned);

/** All uses of this edition are known: notes what nobody uses any more as replaced; `context` is for
 * `unused`. */
void intern_settle(struct intern *intern, struct edition *edition, void *context);
/** What was done so far stays when what follows is rejected. */
void intern_keep(struct intern *intern);
/** Everything is as it was after the last keep or accept; the blocks made since are the edition's to free. */
void intern_reject(struct intern *intern);
void intern_accept(struct intern *intern);
/** Everything is as it was after the last accept. */
void intern_restore(struct intern *intern);
