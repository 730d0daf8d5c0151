/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/world_parts.h"

#include "control/guard.h"

#include "base/memory.h"

#include <stdlib.h>

/* Whether an override may be given or taken away. */

static bool holds(const struct override *override, uint8_t verdict)
{
    uint8_t state = override != NULL ? override->state : OVERRIDE_NONE;
    if (state == OVERRIDE_UP)
        return false;
    return state == OVERRIDE_DOWN || state == OVERRIDE_DRAIN || verdict == HEALTH_DOWN;
}

static const struct node *pool_of(const struct world *world, uint32_t slot)
{
    const struct paged *nodes = &world->dataset->nodes;
    for (uint32_t id = 0; id < nodes->page_count * PAGED_PAGE_SIZE; id++) {
        const struct node *node = paged_get(nodes, id);
        if (node != NULL && node->slot == slot)
            return node;
    }
    return NULL;
}

/* With those that other overrides on their way to the disk take out. */
static uint32_t *list_gone(const struct world *world, const struct table *under_way, uint32_t slot,
                           size_t *count)
{
    uint32_t *gone = xcalloc(table_count(under_way) + 1, sizeof *gone);
    const char *key;
    void *value;
    gone[0] = slot;
    *count = 1;
    for (size_t at = 0; table_next(under_way, &at, &key, &value);) {
        const struct entry *entry = table_find(world->by_key, key);
        if (entry != NULL)
            gone[(*count)++] = entry->endpoint->slot;
    }
    return gone;
}

bool world_holds(const struct world *world, const char *key, const struct override *override)
{
    const struct entry *entry = table_find(world->by_key, key);
    const struct endpoint_condition *now =
        entry != NULL ? conditions_endpoint(&world->conditions, entry->endpoint) : NULL;
    return now != NULL && now->is_available && holds(override, now->verdict);
}

bool world_may_override(const struct world *world, const char *key, const struct override *override,
                        const struct table *under_way, struct error *why)
{
    if (!world_holds(world, key, override))
        return true;
    const struct entry *entry = table_find(world->by_key, key);
    const struct node *pool = pool_of(world, entry->pool_slot);
    if (pool == NULL)
        return true;
    struct scene before = { .dataset = world->dataset, .conditions = &world->conditions }, after = before;
    uint32_t *gone = list_gone(world, under_way, entry->endpoint->slot, &after.gone_count);
    after.gone = gone;
    bool may = guard_pool(&before, &after, pool, why) || guard_advise(why);
    free(gone);
    return may;
}
