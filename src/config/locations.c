/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/overlay.h"

#include <stdlib.h>

/* Operators' locations: no part of the dataset themselves, but the table of them and the databases is. */

static void parse_staged(struct build *build)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[OBJECT_LOCATIONS], &at, &name, &value);) {
        struct item *item = value;
        if (!item->is_deleted)
            item->locations = declared_locations_parse(item_said(item), &build->problems);
    }
}

struct sets {
    struct overlay_set *items;
    size_t count;
};

static void add_set(struct item *item, void *context)
{
    struct sets *sets = context;
    if (item->locations == NULL) /* there is an error in it */
        return;
    sets->items = xrealloc(sets->items, sets->count + 1, sizeof *sets->items);
    sets->items[sets->count++] = (struct overlay_set){ item->source->object.name, item->locations };
}

static void restage_if_planned(struct item *item, void *context)
{
    if (item->source->has_plan)
        build_restage(context, item);
}

void build_locations(struct build *build)
{
    const struct compiler *compiler = build->compiler;
    const struct geo *before = compiler->dataset->geo;
    struct sets sets = { 0 };
    parse_staged(build);
    if (table_count(build->staged[OBJECT_LOCATIONS]) == 0 && build->databases == compiler->databases)
        return;
    build_each(build, OBJECT_LOCATIONS, add_set, &sets);
    build->geo = build->databases;
    if (sets.count > 0)
        build->geo =
            edition_made(&build->edition, overlay_make(build->databases, sets.items, sets.count), geo_free);
    free(sets.items);
    if (before != compiler->databases)
        edition_replaced(&build->edition, before, geo_free);
    build_each_untouched(build, OBJECT_POLICY, restage_if_planned, build);
    build_each_untouched(build, OBJECT_SERVICE, restage_if_planned, build);
}
