/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holds and ramps outlive the process: what the store has of them, and what it gets. */
#include "control/world_parts.h"

#include "base/clock.h"

static const struct store_pace nothing = { .grown_ms = -1 };

void world_restore_pace(struct world *world, struct entry *entry)
{
    const struct store_pace *from = restored_pace(world->restored, entry->key);
    entry->noted = nothing;
    if (from == NULL)
        return;
    entry->noted = *from;
    ramp_restore(&entry->ramp, &entry->pace, from, world->now_ms, clock_wall_ms());
}

static void write_down(struct world *world, const char *key, struct store_pace pace)
{
    pace.endpoint = (char *)(uintptr_t)key; /* it is copied */
    chronicle_pace(world->chronicle, &pace);
}

void world_note_pace(struct world *world, struct entry *entry)
{
    struct store_pace now;
    ramp_remember(&entry->ramp, &entry->pace, world->now_ms, &now);
    if (now.was_down == entry->noted.was_down && now.grown_ms == entry->noted.grown_ms &&
        now.hold_until_wall_ms == entry->noted.hold_until_wall_ms)
        return;
    entry->noted = now;
    write_down(world, entry->key, now);
}

void world_forget_pace(struct world *world, const struct entry *entry)
{
    if (!store_pace_is_empty(&entry->noted))
        write_down(world, entry->key, nothing);
}

void world_forget_gone_paces(struct world *world)
{
    const struct store_pace *row;
    for (size_t at = 0; (row = restored_next_pace(world->restored, &at)) != NULL;) {
        if (!world_has_endpoint(world, row->endpoint))
            write_down(world, row->endpoint, nothing);
    }
}
