/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_LEAST 1024
#define CHUNK_MOST \
    ((size_t)1 << 20) /* so large a block is one of its own to the kernel, which gets it back */
#define ALIGNMENT alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *next;
    void *adopted; /* NULL: the bytes follow */
    size_t size;   /* of these */
    alignas(max_align_t) char bytes[];
};

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* Each chunk is twice as large as the one before. */
static void add_chunk(struct arena *arena, size_t need)
{
    size_t size = arena->chunks != NULL ? arena->chunks->size * 2 : CHUNK_LEAST;
    if (size < CHUNK_LEAST)
        size = CHUNK_LEAST;
    if (size > CHUNK_MOST)
        size = CHUNK_MOST;
    if (size < need)
        size = need;
    struct arena_chunk *chunk = xmalloc(sizeof *chunk + size);
    chunk->next = arena->chunks;
    chunk->adopted = NULL;
    chunk->size = size;
    arena->chunks = chunk;
    arena->at = chunk->bytes;
    arena->end = chunk->bytes + size;
}

static char *take(struct arena *arena, size_t size)
{
    if (size > (size_t)(arena->end - arena->at))
        add_chunk(arena, size);
    char *taken = arena->at;
    arena->at += size;
    return taken;
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t padding = -(size_t)arena->at & (ALIGNMENT - 1);
    if (aligned(size) + padding <= (size_t)(arena->end - arena->at))
        arena->at += padding;
    else
        add_chunk(arena, size); /* begins aligned */
    return memset(take(arena, size), 0, size);
}

char *arena_string(struct arena *arena, const char *bytes, size_t size)
{
    char *string = take(arena, size + 1);
    if (size > 0)
        memcpy(string, bytes, size);
    string[size] = '\0';
    return string;
}

void arena_adopt(struct arena *arena, void *block)
{
    struct arena_chunk *chunk = xcalloc(1, sizeof *chunk);
    chunk->adopted = block;
    struct arena_chunk **place = arena->chunks != NULL ? &arena->chunks->next : &arena->chunks;
    chunk->next = *place; /* behind the chunk that is being filled */
    *place = chunk;
}

void arena_merge(struct arena *to, struct arena *from)
{
    if (to->chunks == NULL) {
        *to = *from;
    } else {
        struct arena_chunk **end = &to->chunks->next;
        while (*end != NULL)
            end = &(*end)->next;
        *end = from->chunks;
    }
    *from = (struct arena){ 0 };
}

void arena_free(struct arena *arena)
{
    struct arena_chunk *next;
    for (struct arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk->adopted);
        free(chunk);
    }
    *arena = (struct arena){ 0 };
}
