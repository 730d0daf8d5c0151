/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients measured, in the world: figures are by name, and names have slots only in a dataset. */
#include "control/world_parts.h"

#include "control/latency_view.h"

void world_set_latency(struct world *world, struct latency_table *table)
{
    edition_replaced(&world->edition, world->latency, latency_table_free);
    world->latency = table;
    world->is_latency_stale = true;
    world->is_changed = true;
}

static uint32_t slot_of(const void *context, const char *key)
{
    const struct world *world = context;
    const struct entry *entry = table_find(world->by_key, key);
    return entry != NULL ? entry->endpoint->slot : SLOT_NONE;
}

void world_refresh_latency(struct world *world)
{
    if (!world->is_latency_stale)
        return;
    edition_replaced(&world->edition, world->conditions.latency, NULL);
    world->conditions.latency =
        world->latency != NULL ? latency_view_new(world->latency, slot_of, world) : NULL;
    world->is_latency_stale = false;
}
