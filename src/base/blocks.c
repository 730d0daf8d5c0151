/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/blocks.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_SIZE  ((size_t)2 << 20) /* a huge page */
#define MALLOC_MOST ((size_t)512 << 10)
#define LARGE       ((size_t)64 << 10) /* would leave too much of a chunk unused */
#define CACHE_LINE  64
#define MALLOC_STEP 16   /* its blocks stand at multiples of this */
#define PAGE_SIZE   4096 /* the smallest there is: what is given back may be less than asked for */

/*
 * The head of a chunk takes the 8 bytes in front of its first block.  Blocks of malloc() stand at multiples
 * of 16, these 8 bytes behind one: so each tells from where it came.
 */
struct blocks_chunk {
    _Atomic uint64_t live; /* blocks, and whoever fills it */
};

_Static_assert(sizeof(struct blocks_chunk) == 8, "the first block stands behind it");

static struct blocks_chunk *chunk_of(void *block)
{
    return (struct blocks_chunk *)((uintptr_t)block & ~(CHUNK_SIZE - 1));
}

static void chunk_release(struct blocks_chunk *chunk)
{
    if (atomic_fetch_sub_explicit(&chunk->live, 1, memory_order_acq_rel) == 1)
        munmap(chunk, CHUNK_SIZE);
}

/* From twice as much, of which the ends are given back. */
static char *map_aligned(void)
{
    char *from = mmap(NULL, 2 * CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (from == MAP_FAILED)
        return NULL;
    size_t front = -(uintptr_t)from & (CHUNK_SIZE - 1);
    if (front > 0)
        munmap(from, front);
    munmap(from + front + CHUNK_SIZE, CHUNK_SIZE - front);
    return from + front;
}

static void chunk_begin(struct blocks *blocks)
{
    blocks_end(blocks);
    char *mapped = map_aligned();
    if (mapped == NULL)
        memory_gone();
    (void)madvise(mapped, CHUNK_SIZE, MADV_HUGEPAGE); /* a wish: small pages do as well */
    blocks->chunk = (struct blocks_chunk *)(void *)mapped;
    atomic_init(&blocks->chunk->live, 1);
    blocks->used = sizeof *blocks->chunk;
}

static void *take(struct blocks *blocks, size_t size, size_t step)
{
    if (size > LARGE || blocks->from_malloc < MALLOC_MOST) {
        blocks->from_malloc += size;
        return xcalloc(1, size);
    }
    size_t head = sizeof *blocks->chunk, at = (blocks->used - head + step - 1) / step * step + head;
    if (blocks->chunk == NULL || at + size > CHUNK_SIZE) {
        chunk_begin(blocks);
        at = head;
    }
    blocks->used = at + size;
    atomic_fetch_add_explicit(&blocks->chunk->live, 1, memory_order_relaxed);
    return (char *)blocks->chunk + at;
}

void *blocks_take(struct blocks *blocks, size_t size)
{
    return take(blocks, size, MALLOC_STEP);
}

void *blocks_take_at_line(struct blocks *blocks, size_t size)
{
    return take(blocks, size, CACHE_LINE);
}

void blocks_end(struct blocks *blocks)
{
    if (blocks->chunk == NULL)
        return;
    size_t used = (blocks->used + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    if (used < CHUNK_SIZE)
        (void)madvise((char *)blocks->chunk + used, CHUNK_SIZE - used, MADV_DONTNEED);
    chunk_release(blocks->chunk);
    blocks->chunk = NULL;
}

void block_free(void *block)
{
    if ((uintptr_t)block % MALLOC_STEP == 0)
        free(block);
    else
        chunk_release(chunk_of(block));
}
