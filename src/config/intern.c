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
};

struct intern {
    struct table *by_key;
    struct log used, dropped;
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
    if (interned == NULL)
        return NULL;
    interned->uses++;
    log_add(&intern->used, interned);
    return interned;
}

struct interned *intern_add(struct intern *intern, const char *key, void *block, edition_free_fn *free_block,
                            struct edition *edition)
{
    struct interned *interned = xcalloc(1, sizeof *interned);
    *interned = (struct interned){ .key = xstrdup(key), .block = block, .free = free_block, .uses = 1 };
    table_put(intern->by_key, key, interned);
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

void intern_settle(struct intern *intern, struct edition *edition)
{
    for (size_t i = 0; i < intern->dropped.count; i++) {
        struct interned *interned = intern->dropped.items[i];
        if (interned->uses > 0 || interned->is_retired)
            continue;
        interned->is_retired = true;
        edition_replaced(edition, interned->block, interned->free);
    }
}

/* Takes entries without uses out; each may stand in the log more than once. */
static void forget_unused(struct intern *intern, struct log *log)
{
    size_t unused = 0;
    for (size_t i = 0; i < log->count; i++) {
        struct interned *interned = log->items[i];
        if (interned->uses == 0 && table_remove(intern->by_key, interned->key) != NULL)
            log->items[unused++] = interned;
    }
    for (size_t i = 0; i < unused; i++)
        free_entry(log->items[i]);
    intern->used.count = 0;
    intern->dropped.count = 0;
}

void intern_accept(struct intern *intern)
{
    forget_unused(intern, &intern->dropped);
}

void intern_reject(struct intern *intern)
{
    for (size_t i = 0; i < intern->dropped.count; i++) {
        intern->dropped.items[i]->uses++;
        intern->dropped.items[i]->is_retired = false;
    }
    for (size_t i = 0; i < intern->used.count; i++)
        intern->used.items[i]->uses--;
    forget_unused(intern, &intern->used);
}
