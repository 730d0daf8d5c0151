/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Allocation for the control plane.  Running out of memory ends the process with a clear message: a
 * hundred untested branches would not be safer.  Never used while answering.
 */
void *xcalloc(size_t count, size_t size); /* zeroed */
void *xmalloc(size_t size);               /* not zeroed */
void *xcalloc_aligned(size_t alignment, size_t size);
/** For a large table that is read at random: on huge pages where the kernel has them, which spares the walk
 * to the page of every read. */
void *xcalloc_table(size_t size);
/** Ends the process as these do when memory is gone. */
_Noreturn void memory_gone(void);
void *xrealloc(void *block, size_t count, size_t size);
/** Makes an array of `*room` items reach to the one at `index`, by doubling; what is new is zeroed. */
void *xreach(void *items, size_t *room, size_t index, size_t size);
/** Asks for huge pages under a large block that is about to be filled: its pages come in one five hundredth
 * of the faults.  The block need not be aligned. */
void memory_fill_soon(void *block, size_t size);
/** A block that is about to be filled to its end, not zeroed. */
void *xmalloc_filled_soon(size_t size);
void *xmemdup(const void *bytes, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t size);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
