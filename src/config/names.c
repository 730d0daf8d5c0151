/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostnames of endpoints: each has one id, however many endpoints have it. */
#include "config/build.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>

static void note(struct build *build, uint32_t id, const uint8_t *name)
{
    struct name_changes *changes = &build->names;
    if (changes->count == changes->room) {
        changes->room = changes->room == 0 ? 16 : changes->room * 2;
        changes->items = xrealloc(changes->items, changes->room, sizeof *changes->items);
    }
    changes->items[changes->count++] = (struct compiled_name){ id, name };
}

static void name_unused(struct interned *interned, void *context)
{
    struct build *build = context;
    numbers_drop(&build->compiler->name_ids, interned->number - 1);
    note(build, interned->number, NULL);
}

static void number_name(struct build *build, const struct item *item, struct interned *interned)
{
    uint32_t number = 0;
    build_take(build, &build->compiler->name_ids, item_said(item), &number);
    interned->number = number + 1; /* 0 is no id */
    interned->unused = name_unused;
    note(build, interned->number, interned->block);
}

const uint8_t *build_name(struct build *build, struct item *item, const struct dns_name *name, uint32_t *id)
{
    struct intern *intern = build->compiler->intern;
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(name, text);
    char *key = xasprintf("%s %s", id != NULL ? "hostname" : "target", text);
    struct interned *interned = intern_use(intern, key);
    if (interned == NULL) {
        interned = intern_add(intern, key, xmemdup(name->bytes, name->size), free, &build->edition);
        if (id != NULL)
            number_name(build, item, interned);
    }
    free(key);
    item_add_use(item, interned);
    if (id != NULL)
        *id = interned->number;
    return interned->block;
}
