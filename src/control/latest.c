/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/latest.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 64 };

static char *row_at(const struct latest *latest, size_t i)
{
    return (char *)latest->rows + i * latest->kind->size;
}

/* From the end to the front: what was seen before is said again later.  Those that stay gather at the end. */
static void forget_repeated(struct latest *latest)
{
    struct table *seen = table_new();
    size_t size = latest->kind->size, kept = latest->count;
    for (size_t i = latest->count; i > 0; i--) {
        char *row = row_at(latest, i - 1), *key = latest->kind->key(row);
        if (table_put(seen, key, latest) != NULL)
            latest->kind->release(row);
        else
            memmove(row_at(latest, --kept), row, size);
        free(key);
    }
    table_free(seen);
    latest->count -= kept;
    memmove(latest->rows, row_at(latest, kept), latest->count * size);
}

static void make_room(struct latest *latest)
{
    if (latest->count < latest->room)
        return;
    if (latest->count > 0)
        forget_repeated(latest);
    if (latest->count <= latest->room / 2 && latest->room > 0)
        return;
    latest->room = latest->room > 0 ? 2 * latest->room : ROOM_LEAST;
    latest->rows = xrealloc(latest->rows, latest->room, latest->kind->size);
}

void *latest_add(struct latest *latest)
{
    make_room(latest);
    return memset(row_at(latest, latest->count++), 0, latest->kind->size);
}

void latest_take(struct latest *latest, void *rows, size_t *count)
{
    memcpy(rows, &latest->rows, sizeof latest->rows); /* a pointer to rows, of whatever kind */
    *count = latest->count;
    latest->rows = NULL;
    latest->count = latest->room = 0;
}

void latest_put_back(struct latest *latest, void *rows, size_t count)
{
    struct latest newer = *latest;
    latest->rows = rows;
    latest->count = latest->room = count;
    for (size_t i = 0; i < newer.count; i++)
        memcpy(latest_add(latest), row_at(&newer, i), latest->kind->size);
    free(newer.rows);
}

void latest_free(struct latest *latest)
{
    for (size_t i = 0; i < latest->count; i++)
        latest->kind->release(row_at(latest, i));
    free(latest->rows);
    latest->rows = NULL;
    latest->count = latest->room = 0;
}
