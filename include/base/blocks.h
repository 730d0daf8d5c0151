/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Very many blocks that are made together, then read at random and freed one by one or all at once: the names
 * and services of a large dataset.  They stand side by side on huge pages, so that the processor knows by
 * heart where all of them are.
 *
 *     chunk, 2 MiB [ how many live | block | block | … ]
 *
 * A chunk goes with the last of its blocks; the room of those that went before is not used again.  So who
 * replaces a few later takes them from elsewhere, and the most that can be held in vain is what was made at
 * first.  The first half megabyte comes from malloc(): what is small needs none of this.
 *
 * Zero-initialised is empty.  One owner, one thread; blocks may be freed by any.
 */
struct blocks_chunk;
struct blocks {
    struct blocks_chunk *chunk; /* that is being filled; NULL: none */
    size_t used;                /* bytes of it */
    size_t from_malloc;         /* bytes that came from there */
};

/** `size` bytes, zeroed, aligned for pointers and 64-bit numbers. */
void *blocks_take(struct blocks *blocks, size_t size);
/** The same; in a chunk it begins 8 bytes behind the start of a cache line, so that its first 56 are in one.
 */
void *blocks_take_at_line(struct blocks *blocks, size_t size);

/** No more are wanted: gives back what is left of the last chunk. */
void blocks_end(struct blocks *blocks);

/** Frees a block of blocks_take or of malloc().  NULL is a no-op.  Any thread. */
void block_free(void *block);
