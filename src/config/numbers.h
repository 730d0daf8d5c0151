/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Gives out small numbers (slots, ids) and takes them back for reuse.  What is given back is free only after
 * the next accept, so that no number means two things within one step of the world.
 */
struct numbers {
    uint32_t next; /* never given out so far */
    uint32_t limit;
    uint32_t *free; /* a stack; above free_count stand those taken since the last accept */
    size_t free_count, free_room;
    uint32_t *dropped; /* since the last accept */
    size_t dropped_count, dropped_room;
    struct numbers_mark {
        uint32_t next;
        size_t free_count, dropped_count;
    } kept, accepted; /* to go back to */
};

void numbers_init(struct numbers *numbers, uint32_t limit);
void numbers_free(struct numbers *numbers);

/** False when all numbers below the limit are in use. */
bool numbers_take(struct numbers *numbers, uint32_t *out);
void numbers_drop(struct numbers *numbers, uint32_t number);

/** What was done so far stays when what follows is rejected. */
void numbers_keep(struct numbers *numbers);
/** Everything is as it was after the last keep or accept. */
void numbers_reject(struct numbers *numbers);
void numbers_accept(struct numbers *numbers);
/** Everything is as it was after the last accept. */
void numbers_restore(struct numbers *numbers);
