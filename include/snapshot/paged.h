/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/edition.h"

#include <stdint.h>

#define PAGED_PAGE_SIZE 256 /* pointers a page */

/*
 * A persistent array of pointers: a change copies the root and the pages that it touches, the next version
 * shares the rest.  Absent elements are NULL.  It does not own what the pointers point at.
 *
 *     root [ page | page | … ]  ->  page [ pointer × 256 ]
 */
struct paged {
    uint32_t page_count;
    const void *const *const *pages; /* pages[i] may be NULL: all its elements are absent */
};

/** Any thread; an index beyond the end is absent. */
static inline const void *paged_get(const struct paged *paged, uint32_t index)
{
    uint32_t page = index / PAGED_PAGE_SIZE;
    if (page >= paged->page_count || paged->pages[page] == NULL)
        return NULL;
    return paged->pages[page][index % PAGED_PAGE_SIZE];
}

/** Where paged_get will look for it, to be fetched in advance; NULL if that page is absent. */
static inline const void *paged_place(const struct paged *paged, uint32_t index)
{
    uint32_t page = index / PAGED_PAGE_SIZE;
    if (page >= paged->page_count || paged->pages[page] == NULL)
        return NULL;
    return &paged->pages[page][index % PAGED_PAGE_SIZE];
}

/* A change in progress. Control plane, one thread. */
struct paged_edit;

/** Starts from `base` (which stays as it is).  New pages are noted in `edition` as made, superseded ones as
 * replaced. */
struct paged_edit *paged_edit_begin(const struct paged *base, struct edition *edition);
const void *paged_edit_get(const struct paged_edit *edit, uint32_t index);
void paged_edit_set(struct paged_edit *edit, uint32_t index, const void *element); /* grows as needed */
/** Ends the edit and frees it.  Without any change `base` comes back unchanged and nothing was noted. */
struct paged paged_edit_end(struct paged_edit *edit);

/** Frees root and pages at shutdown, not the elements. */
void paged_free(struct paged *paged);
