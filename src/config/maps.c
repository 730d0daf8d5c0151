/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>

/* Operators' maps: needed by who compiles rules about them, no part of the dataset themselves. */

char *build_map_reference(const char *name)
{
    return xasprintf("map:%s", name); /* no pool or policy has a colon in its name */
}

/* Of maps that change: by reference. */
struct users {
    struct build *build;
    struct table *changed;
};

static void restage_user(struct item *item, void *context)
{
    const struct users *users = context;
    for (size_t i = 0; i < item->source->reference_count; i++) {
        if (table_find(users->changed, item->source->references[i].name) == NULL)
            continue;
        build_restage(users->build, item);
        return;
    }
}

void build_maps(struct build *build)
{
    struct users users = { build, table_new() };
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[OBJECT_MAP], &at, &name, &value);) {
        struct item *item = value;
        if (item->is_deleted) /* who uses it still is told by the check of deletions */
            continue;
        item->map = declared_map_parse(item_said(item), &build->problems);
        char *reference = build_map_reference(name);
        if (build_before(build, OBJECT_MAP, name) != NULL)
            table_put(users.changed, reference, item);
        free(reference);
    }
    if (table_count(users.changed) > 0) {
        build_each_untouched(build, OBJECT_POLICY, restage_user, &users);
        build_each_untouched(build, OBJECT_SERVICE, restage_user, &users);
    }
    table_free(users.changed);
}

const struct name_map *build_map_of(const struct policy_source *source, const char *name)
{
    const struct item *item = build_find(source->context, OBJECT_MAP, name);
    return item != NULL ? item->map : NULL;
}
