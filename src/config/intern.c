/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/intern.h"

#include "base/memory.h"
#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

/* What happened since the last accept, to take it back. */
struct log {
    struct interned **items;
    size_t count, room;
    size_t kept; /* so many stay when what follows is rejected */
};

struct intern {
    struct table *by_key; /* those that are not retired */
    struct log added, used, dropped;
};

struct intern *intern_new(void)
{
    struct intern *intern = xcalloc(1, sizeof *intern);
    intern->by_key = table_new();
    return intern;
}

static void free_entry(struct interned *interned)
{
    free(interned->key);
    free(interned);
}

void intern_free(struct intern *intern)
{
    if (intern == NULL)
        return;
    const char *key;
    void *value;
    for (size_t at = 0; table_next(intern->by_key, &at, &key, &value);) {
        struct interned *interned = value;
        interned->free(interned->block);
        free_entry(interned);
    }
    table_free(intern->by_key);
    free(intern->added.items);
    free(intern->used.items);
    free(intern->dropped.items);
    free(intern);
}

static void log_add(struct log *log, struct interned *interned)
{
    if (log->count == log->room) {
        log->room = log->room == 0 ? 64 : log->room * 2;
        log->items = xrealloc(log->items, log->room, sizeof *log->items);
    }
    log->items[log->count++] = interned;
}

struct interned *intern_use(struct intern *intern, const char *key)
{
    struct interned *interned = table_find(intern->by_key, key);
    if (interned != NULL)
        intern_use_again(intern, interned);
    return interned;
}

void intern_use_again(struct intern *intern, struct interned *interned)
{
    interned->uses++;
    log_add(&intern->used, interned);
}

struct interned *intern_add(struct intern *intern, const char *key, void *block, edition_free_fn *free_block,
                            struct edition *edition)
{
    struct interned *interned = xcalloc(1, sizeof *interned);
    *interned = (struct interned){ .key = xstrdup(key), .block = block, .free = free_block, .uses = 1 };
    table_put(intern->by_key, key, interned);
    log_add(&intern->added, interned);
    log_add(&intern->used, interned);
    edition_made(edition, block, free_block);
    return interned;
}

void intern_drop(struct intern *intern, struct interned *interned)
{
    assert(interned->uses > 0);
    interned->uses--;
    log_add(&intern->dropped, interned);
}

void intern_settle(struct intern *intern, struct edition *edition, void *context)
{
    for (size_t i = intern->dropped.kept; i < intern->dropped.count; i++) {
        struct interned *interned = intern->dropped.items[i];
        if (interned->uses > 0 || interned->is_retired)
            continue;
        interned->is_retired = true;
        table_remove(intern->by_key, interned->key);
        if (interned->unused != NULL)
            interned->unused(interned, context);
        edition_replaced(edition, interned->block, interned->free);
    }
}

void intern_keep(struct intern *intern)
{
    intern->added.kept = intern->added.count;
    intern->used.kept = intern->used.count;
    intern->dropped.kept = intern->dropped.count;
}

/* Backwards: of several that had the same key one after the other, the first comes back. */
static void undo_drops(struct intern *intern, struct log *dropped)
{
    while (dropped->count > dropped->kept) {
        struct interned *interned = dropped->items[--dropped->count];
        interned->uses++;
        if (interned->is_retired)
            table_put(intern->by_key, interned->key, interned);
        interned->is_retired = false;
    }
}

void intern_reject(struct intern *intern)
{
    struct log *added = &intern->added, *used = &intern->used;
    undo_drops(intern, &intern->dropped);
    while (used->count > used->kept)
        used->items[--used->count]->uses--;
    while (added->count > added->kept) {
        struct interned *interned = added->items[--added->count];
        if (table_find(intern->by_key, interned->key) == interned)
            table_remove(intern->by_key, interned->key);
        free_entry(interned);
    }
}

static void forget_logs(struct intern *intern)
{
    intern->added.count = intern->used.count = intern->dropped.count = 0;
    intern_keep(intern);
}

/* One that is retired may stand in the log more than once. */
void intern_accept(struct intern *intern)
{
    struct log *dropped = &intern->dropped;
    size_t retired = 0;
    for (size_t i = 0; i < dropped->count; i++) {
        struct interned *interned = dropped->items[i];
        if (!interned->is_retired)
            continue;
        interned->is_retired = false;
        dropped->items[retired++] = interned;
    }
    for (size_t i = 0; i < retired; i++)
        free_entry(dropped->items[i]);
    forget_logs(intern);
}

void intern_restore(struct intern *intern)
{
    intern->added.kept = intern->used.kept = intern->dropped.kept = 0;
    intern_reject(intern);
}
