/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE   ((size_t)2 << 20)
#define REACH_FIRST 64 /* items */

void memory_gone(void)
{
    fputs("steerd: out of memory\n", stderr);
    abort();
}

static void *check(void *block)
{
    if (block == NULL)
        memory_gone();
    return block;
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count ? count : 1, size ? size : 1));
}

void *xmalloc(size_t size)
{
    return check(malloc(size ? size : 1));
}

void *xcalloc_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    if (posix_memalign(&block, alignment, size) != 0)
        block = NULL;
    return memset(check(block), 0, size);
}

void *xcalloc_table(size_t size)
{
    void *block = NULL;
    if (size < HUGE_PAGE)
        return xcalloc(1, size);
    if (posix_memalign(&block, HUGE_PAGE, size) != 0)
        block = NULL;
    check(block);
    (void)madvise(block, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a wish: small pages do as well */
    return memset(block, 0, size);
}

void *xrealloc(void *block, size_t count, size_t size)
{
    return check(reallocarray(block, count ? count : 1, size ? size : 1));
}

void *xreach(void *items, size_t *room, size_t index, size_t size)
{
    size_t before = *room;
    if (index < before)
        return items;
    *room = before > 0 ? before : REACH_FIRST;
    while (*room <= index)
        *room *= 2;
    items = xrealloc(items, *room, size);
    memset((uint8_t *)items + before * size, 0, (*room - before) * size);
    return items;
}

void memory_fill_soon(void *block, size_t size)
{
    uintptr_t from = ((uintptr_t)block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t to = ((uintptr_t)block + size) / HUGE_PAGE * HUGE_PAGE;
    if (from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void *xmalloc_filled_soon(size_t size)
{
    void *block = xmalloc(size);
    memory_fill_soon(block, size);
    return block;
}

void *xmemdup(const void *bytes, size_t size)
{
    void *copy = xcalloc(1, size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *xstrdup(const char *text)
{
    return xmemdup(text, strlen(text) + 1);
}

char *xstrndup(const char *text, size_t size)
{
    return check(strndup(text, size));
}

char *xasprintf(const char *format, ...)
{
    char *out = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&out, format, args);
    va_end(args);
    return check(size < 0 ? NULL : out);
}
