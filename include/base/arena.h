/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Memory for many small things that go together: taken piece by piece, freed all at once.  Zero-initialised
 * is empty.  One owner, one thread.
 */
struct arena_chunk;
struct arena {
    struct arena_chunk *chunks; /* the newest first */
    char *at, *end;             /* what is left of it */
};

/** An arena that fills `room` of the caller's first, which is aligned for anything. */
static inline struct arena arena_in(void *room, size_t size)
{
    return (struct arena){ .at = room, .end = (char *)room + size };
}

/** `size` bytes, zeroed, aligned for anything. */
void *arena_take(struct arena *arena, size_t size);
/** A copy with a NUL behind it. */
char *arena_string(struct arena *arena, const char *bytes, size_t size);
/** Takes over a block of malloc(): it is freed with the arena. */
void arena_adopt(struct arena *arena, void *block);
/** Moves all that `from` holds into `to`. */
void arena_merge(struct arena *to, struct arena *from);
void arena_free(struct arena *arena);
