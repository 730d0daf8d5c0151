/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/edition.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void list_reserve(struct edition_list *list, size_t more)
{
    if (list->room - list->count >= more)
        return;
    size_t room = list->room == 0 ? 16 : list->room * 2;
    while (room - list->count < more)
        room *= 2;
    list->items = xrealloc(list->items, room, sizeof *list->items);
    list->room = room;
}

static void list_add(struct edition_list *list, void *block, edition_free_fn *free_block)
{
    list_reserve(list, 1);
    list->items[list->count++] =
        (struct edition_item){ .block = block, .free = free_block != NULL ? free_block : free };
}

static void list_forget(struct edition_list *list)
{
    free(list->items);
    *list = (struct edition_list){ 0 };
}

static void list_free(struct edition_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i].free(list->items[i].block);
    list_forget(list);
}

static void list_move(struct edition_list *to, struct edition_list *from)
{
    if (to->count == 0) {
        free(to->items);
        *to = *from;
        *from = (struct edition_list){ 0 };
        return;
    }
    list_reserve(to, from->count);
    if (from->count > 0)
        memcpy(to->items + to->count, from->items, from->count * sizeof *from->items);
    to->count += from->count;
    list_forget(from);
}

void *edition_made(struct edition *edition, void *block, edition_free_fn *free_block)
{
    list_add(&edition->fresh, block, free_block);
    return block;
}

void edition_replaced(struct edition *edition, const void *block, edition_free_fn *free_block)
{
    /* The one place where const falls: from here on nobody new can reach the block. */
    if (block != NULL)
        list_add(&edition->replaced, (void *)(uintptr_t)block, free_block);
}

void edition_abandon(struct edition *edition)
{
    list_free(&edition->fresh);
    list_forget(&edition->replaced);
}

void edition_merge(struct edition *to, struct edition *from)
{
    list_move(&to->fresh, &from->fresh);
    list_move(&to->replaced, &from->replaced);
}

void edition_free_replaced(struct edition *edition)
{
    list_forget(&edition->fresh);
    list_free(&edition->replaced);
}
