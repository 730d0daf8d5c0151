/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/audit.h"

#include "base/memory.h"

#include <stdlib.h>

static void list_texts(struct audit_entry *entry, char **out[7])
{
    out[0] = &entry->who;
    out[1] = &entry->how;
    out[2] = &entry->from;
    out[3] = &entry->method;
    out[4] = &entry->target;
    out[5] = &entry->comment;
    out[6] = &entry->detail;
}

static void make_room(struct audit *audit, size_t count)
{
    if (audit->count + count <= audit->room)
        return;
    audit->room = 2 * audit->room + count;
    audit->items = xrealloc(audit->items, audit->room, sizeof *audit->items);
}

struct audit_entry *audit_add(struct audit *audit, const struct audit_entry *entry)
{
    char **texts[7];
    make_room(audit, 1);
    struct audit_entry *copy = &audit->items[audit->count++];
    *copy = *entry;
    list_texts(copy, texts);
    for (size_t i = 0; i < 7; i++)
        *texts[i] = xstrdup(*texts[i] != NULL ? *texts[i] : "");
    return copy;
}

void audit_move(struct audit *to, struct audit *from)
{
    make_room(to, from->count);
    for (size_t i = 0; i < from->count; i++)
        to->items[to->count++] = from->items[i];
    from->count = 0;
    audit_free(from);
}

void audit_free(struct audit *audit)
{
    char **texts[7];
    for (size_t i = 0; i < audit->count; i++) {
        list_texts(&audit->items[i], texts);
        for (size_t k = 0; k < 7; k++)
            free(*texts[k]);
    }
    free(audit->items);
    *audit = (struct audit){ 0 };
}
