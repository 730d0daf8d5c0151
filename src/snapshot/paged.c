/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/paged.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* `fresh[i]` is the edit's own copy of page i; NULL while the base's page is still good. */
struct paged_edit {
    struct paged base;
    struct edition *edition;
    uint32_t room; /* pages that `fresh` has space for */
    const void ***fresh;
    uint32_t page_count;
    bool is_changed;
};

struct paged_edit *paged_edit_begin(const struct paged *base, struct edition *edition)
{
    struct paged_edit *edit = xcalloc(1, sizeof *edit);
    edit->base = *base;
    edit->edition = edition;
    edit->page_count = edit->room = base->page_count;
    edit->fresh = xcalloc(edit->room > 0 ? edit->room : 1, sizeof *edit->fresh);
    return edit;
}

const void *paged_edit_get(const struct paged_edit *edit, uint32_t index)
{
    uint32_t page = index / PAGED_PAGE_SIZE;
    if (page < edit->page_count && edit->fresh[page] != NULL)
        return edit->fresh[page][index % PAGED_PAGE_SIZE];
    return paged_get(&edit->base, index);
}

static void grow(struct paged_edit *edit, uint32_t page_count)
{
    if (page_count > edit->room) {
        uint32_t room = edit->room * 2 > page_count ? edit->room * 2 : page_count;
        edit->fresh = xrealloc(edit->fresh, room, sizeof *edit->fresh);
        memset(edit->fresh + edit->room, 0, (room - edit->room) * sizeof *edit->fresh);
        edit->room = room;
    }
    edit->page_count = page_count;
}

static const void **fresh_page(const struct paged *base, uint32_t page)
{
    const void **copy = xcalloc(PAGED_PAGE_SIZE, sizeof *copy);
    if (page < base->page_count && base->pages[page] != NULL)
        memcpy(copy, base->pages[page], PAGED_PAGE_SIZE * sizeof *copy);
    return copy;
}

void paged_edit_set(struct paged_edit *edit, uint32_t index, const void *element)
{
    if (paged_edit_get(edit, index) == element)
        return;
    uint32_t page = index / PAGED_PAGE_SIZE;
    if (page >= edit->page_count)
        grow(edit, page + 1);
    if (edit->fresh[page] == NULL)
        edit->fresh[page] = fresh_page(&edit->base, page);
    edit->fresh[page][index % PAGED_PAGE_SIZE] = element;
    edit->is_changed = true;
}

/* The new root; what it no longer points at is noted as replaced. */
static struct paged seal(const struct paged_edit *edit)
{
    const void *const **pages = xcalloc(edit->page_count, sizeof *pages);
    for (uint32_t i = 0; i < edit->page_count; i++) {
        const void *const *before = i < edit->base.page_count ? edit->base.pages[i] : NULL;
        pages[i] = before;
        if (edit->fresh[i] == NULL)
            continue;
        pages[i] = edition_made(edit->edition, edit->fresh[i], NULL);
        edition_replaced(edit->edition, before, NULL);
    }
    edition_made(edit->edition, pages, NULL);
    edition_replaced(edit->edition, edit->base.pages, NULL);
    return (struct paged){ .page_count = edit->page_count, .pages = pages };
}

struct paged paged_edit_end(struct paged_edit *edit)
{
    struct paged after = edit->is_changed ? seal(edit) : edit->base;
    free(edit->fresh);
    free(edit);
    return after;
}

void paged_free(struct paged *paged)
{
    for (uint32_t i = 0; i < paged->page_count; i++)
        free((void *)(uintptr_t)paged->pages[i]);
    free((void *)(uintptr_t)paged->pages);
    *paged = (struct paged){ 0 };
}
