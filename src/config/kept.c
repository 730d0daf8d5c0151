/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/kept.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>

static struct item absent; /* stands for "there was none", as tables hold no NULL */

static void add_between(struct kept *kept, struct item *item)
{
    if (kept->between_count == kept->between_room) {
        kept->between_room = kept->between_room == 0 ? 16 : kept->between_room * 2;
        kept->between = xrealloc(kept->between, kept->between_room, sizeof *kept->between);
    }
    kept->between[kept->between_count++] = item;
}

bool kept_note_none(struct kept *kept, enum object_kind kind)
{
    if (kept->before[kind] != NULL)
        return false;
    return kept->had_none[kind] = true;
}

void kept_note(struct kept *kept, enum object_kind kind, const char *name, struct item *item)
{
    struct table **before = &kept->before[kind];
    if (kept->had_none[kind]) {
        if (item != NULL)
            add_between(kept, item);
        return;
    }
    if (*before == NULL)
        *before = table_new();
    if (table_find(*before, name) == NULL)
        table_put(*before, name, item != NULL ? item : &absent);
    else if (item != NULL)
        add_between(kept, item);
}

bool kept_find(const struct kept *kept, enum object_kind kind, const char *name, struct item **item)
{
    struct item *found = kept->before[kind] != NULL ? table_find(kept->before[kind], name) : NULL;
    *item = found != &absent ? found : NULL;
    return found != NULL || kept->had_none[kind];
}

struct item *kept_next(const struct kept *kept, enum object_kind kind, size_t *at)
{
    const char *name;
    void *value;
    while (kept->before[kind] != NULL && table_next(kept->before[kind], at, &name, &value)) {
        if (value != &absent)
            return value;
    }
    return NULL;
}

static void close(struct kept *kept)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        table_free(kept->before[kind]);
    for (size_t i = 0; i < kept->between_count; i++)
        item_free(kept->between[i]);
    free(kept->between);
    *kept = (struct kept){ 0 };
}

void kept_forget(struct kept *kept)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        struct item *item;
        for (size_t at = 0; (item = kept_next(kept, (enum object_kind)kind, &at)) != NULL;)
            item_free(item);
    }
    close(kept);
}

static struct item *put_back(struct table *head, struct item *item)
{
    return table_put(head, item->source->object.name, item);
}

static void empty(struct table *head)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(head, &at, &name, &value);)
        item_free(table_remove(head, name));
}

void kept_restore(struct kept *kept, struct table *const head[OBJECT_KIND_COUNT])
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        const char *name;
        void *value;
        if (kept->had_none[kind])
            empty(head[kind]);
        for (size_t at = 0; kept->before[kind] != NULL && table_next(kept->before[kind], &at, &name, &value);)
            item_free(value == &absent ? table_remove(head[kind], name) : put_back(head[kind], value));
    }
    close(kept);
}
