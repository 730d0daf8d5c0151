/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/world.h"

#include "control/world_parts.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct world *world_new(struct tickets *tickets)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->tickets = tickets;
    world->graph = graph_new();
    world->doubt = doubt_new();
    world->names = names_new();
    world->by_key = table_new();
    world->overrides = table_new();
    return world;
}

static void entry_free(struct entry *entry)
{
    for (size_t i = 0; i < entry->check_count; i++) {
        free((void *)(uintptr_t)entry->observed[i].evidence);
        check_release(entry->checks[i]);
    }
    free(entry->checks);
    free(entry->observed);
    free(entry->key);
    free(entry->target);
    free(entry);
}

static void free_conditions(struct world *world)
{
    for (uint32_t slot = 0; slot < world->conditions.endpoints.page_count * PAGED_PAGE_SIZE; slot++) {
        const struct endpoint_condition *condition = paged_get(&world->conditions.endpoints, slot);
        free((void *)(uintptr_t)condition);
    }
    for (uint32_t slot = 0; slot < world->conditions.nodes.page_count * PAGED_PAGE_SIZE; slot++)
        free((void *)(uintptr_t)paged_get(&world->conditions.nodes, slot));
    for (uint32_t id = 0; id < world->conditions.names.page_count * PAGED_PAGE_SIZE; id++)
        free((void *)(uintptr_t)paged_get(&world->conditions.names, id));
    paged_free(&world->conditions.endpoints);
    paged_free(&world->conditions.nodes);
    paged_free(&world->conditions.names);
}

void world_free(struct world *world)
{
    if (world == NULL)
        return;
    for (uint32_t slot = 0; slot < world->entry_room; slot++) {
        struct entry *entry = world->entries[slot];
        if (entry != NULL)
            entry_free(entry);
    }
    const char *key;
    void *override;
    for (size_t at = 0; table_next(world->overrides, &at, &key, &override);)
        free(override);
    free_conditions(world);
    free(world->published);
    free(world->keys);
    free((void *)(uintptr_t)world->conditions.latency);
    latency_table_free(world->latency);
    edition_free_replaced(&world->edition);
    table_free(world->by_key);
    table_free(world->overrides);
    graph_free(world->graph);
    doubt_free(world->doubt);
    names_free(world->names);
    restored_free(world->restored);
    transitions_free(world->transitions);
    free(world->entries);
    free(world->dirty);
    free(world->paced);
    free(world);
}

void world_set_keys(struct world *world, struct server_keys *keys)
{
    edition_replaced(&world->edition, world->keys, NULL);
    world->keys = keys;
    world->is_changed = true;
}

void world_set_checker(struct world *world, struct checker *checker)
{
    world->checker = checker;
    names_set_checker(world->names, checker);
}

void world_set_chronicle(struct world *world, struct chronicle *chronicle)
{
    world->chronicle = chronicle;
    transitions_free(world->transitions);
    world->transitions = chronicle != NULL ? transitions_new(chronicle) : NULL;
}

struct doubt *world_doubt(struct world *world)
{
    return world->doubt;
}

/* ---- endpoints ---- */

void world_mark_dirty(struct world *world, struct entry *entry)
{
    if (entry->is_dirty)
        return;
    if (world->dirty_count == world->dirty_room) {
        world->dirty_room = world->dirty_room ? world->dirty_room * 2 : 64;
        world->dirty = xrealloc(world->dirty, world->dirty_room, sizeof *world->dirty);
    }
    world->dirty[world->dirty_count++] = entry->endpoint->slot;
    entry->is_dirty = true;
}

static void wake_later(struct world *world, struct entry *entry, uint64_t wake_ms)
{
    entry->wake_ms = wake_ms;
    if (wake_ms == 0 || entry->is_paced)
        return;
    if (world->paced_count == world->paced_room) {
        world->paced_room = world->paced_room ? world->paced_room * 2 : 64;
        world->paced = xrealloc(world->paced, world->paced_room, sizeof *world->paced);
    }
    world->paced[world->paced_count++] = entry->endpoint->slot;
    entry->is_paced = true;
}

struct entry *world_entry(const struct world *world, uint32_t slot)
{
    return slot < world->entry_room ? world->entries[slot] : NULL;
}

static void place_entry(struct world *world, uint32_t slot, struct entry *entry)
{
    world->entries = xreach(world->entries, &world->entry_room, slot, sizeof *world->entries);
    world->entries[slot] = entry;
}

static void take_endpoint(struct world *world, const struct compiled_endpoint *compiled, uint32_t pool_slot)
{
    uint32_t slot = compiled->endpoint->slot;
    struct entry *entry = world_entry(world, slot);
    bool is_new = entry == NULL;
    if (is_new) {
        entry = xcalloc(1, sizeof *entry);
        entry->key = xasprintf("%s/%s", compiled->pool, endpoint_more(compiled->endpoint)->name);
        ramp_begin(&entry->ramp, world->dataset != NULL && world->dataset->generation > 0);
        place_entry(world, slot, entry);
        table_put(world->by_key, entry->key, entry);
    }
    entry->endpoint = compiled->endpoint;
    entry->pool_slot = pool_slot;
    entry->pace = compiled->pace;
    if (is_new)
        world_restore_pace(world, entry);
    bool is_checked = compiled->check_count > 0 || entry->check_count > 0;
    entry_take_checks(world, entry, compiled);
    entry_take_objective(entry, compiled);
    if (is_checked || is_new)
        world_bind(world, entry, compiled, is_new);
    world_mark_dirty(world, entry);
}

static void drop_endpoint(struct world *world, uint32_t slot, struct paged_edit *edit)
{
    struct entry *entry = world_entry(world, slot);
    if (entry == NULL)
        return;
    edition_replaced(&world->edition, paged_edit_get(edit, slot), NULL);
    paged_edit_set(edit, slot, NULL);
    world_unbind(world, entry);
    entry_forget_checks(world, entry);
    table_remove(world->by_key, entry->key);
    world->entries[slot] = NULL;
    for (size_t i = 0; entry->is_dirty && i < world->dirty_count; i++) {
        if (world->dirty[i] == slot)
            world->dirty[i] = SLOT_NONE;
    }
    entry_free(entry);
}

static bool has_endpoint_slot(const struct compiled_node *node, uint32_t slot)
{
    for (size_t i = 0; i < node->endpoint_count; i++) {
        if (node->endpoints[i].endpoint->slot == slot)
            return true;
    }
    return false;
}

static void take_endpoints(struct world *world, const struct compiled_node *change, struct paged_edit *edit)
{
    const struct node *before = change->before;
    for (uint16_t i = 0; before != NULL && i < before->child_count; i++) {
        const struct child *child = &before->children[i];
        if (child->kind == CHILD_ENDPOINT && child->endpoint->slot != SLOT_NONE &&
            !has_endpoint_slot(change, child->endpoint->slot))
            drop_endpoint(world, child->endpoint->slot, edit);
    }
    for (size_t i = 0; i < change->endpoint_count; i++)
        take_endpoint(world, &change->endpoints[i], change->after->slot);
}

void world_take(struct world *world, struct compiled *compiled, uint64_t generation)
{
    struct paged_edit *names = paged_edit_begin(&world->conditions.names, &world->edition);
    names_take(world->names, compiled, names, &world->edition);
    world->conditions.names = paged_edit_end(names);
    struct paged_edit *edit = paged_edit_begin(&world->conditions.endpoints, &world->edition);
    compiled->dataset->generation = generation;
    for (size_t i = 0; i < compiled->node_count; i++) {
        take_endpoints(world, &compiled->nodes[i], edit);
        graph_take(world->graph, compiled->dataset, &compiled->nodes[i]);
    }
    world->conditions.endpoints = paged_edit_end(edit);
    transitions_take(world->transitions, world->dataset, compiled->dataset);
    world->dataset = compiled->dataset;
    edition_merge(&world->edition, &compiled->edition);
    world->is_latency_stale |= world->latency != NULL;
    world->is_changed = true;
}

void world_resolve(struct world *world, const struct name_report *report)
{
    struct paged_edit *edit = paged_edit_begin(&world->conditions.names, &world->edition);
    world->is_changed |=
        names_resolve(world->names, report, world->graph, world->chronicle, edit, &world->edition);
    world->conditions.names = paged_edit_end(edit);
}

size_t world_names_unresolved(const struct world *world)
{
    return names_unresolved(world->names);
}

/* ---- overrides ---- */

static void expect_expiry(struct world *world, int64_t wall_ms)
{
    if (wall_ms != 0 && (world->next_expiry_wall_ms == 0 || wall_ms < world->next_expiry_wall_ms))
        world->next_expiry_wall_ms = wall_ms;
}

void world_override(struct world *world, const char *key, const struct override *override)
{
    void *before = override != NULL ? table_put(world->overrides, key, xmemdup(override, sizeof *override))
                                    : table_remove(world->overrides, key);
    edition_replaced(&world->edition, before, NULL);
    if (override != NULL)
        expect_expiry(world, override->expires_wall_ms);
    struct entry *entry = table_find(world->by_key, key);
    if (entry != NULL)
        world_mark_dirty(world, entry);
}

static bool is_held(const struct override *override)
{
    return override != NULL && (override->state == OVERRIDE_DOWN || override->state == OVERRIDE_DRAIN);
}

int64_t world_cached_until_ms(struct world *world, const char *key, const struct override *override,
                              int64_t now_ms)
{
    const struct entry *entry = table_find(world->by_key, key);
    const struct override *before = table_find(world->overrides, key);
    if (entry == NULL || !is_held(override))
        return 0;
    if (is_held(before) && before->cached_until_wall_ms != 0)
        return before->cached_until_wall_ms; /* it is out already */
    if (world->transitions == NULL)
        return now_ms;
    size_t count;
    uint32_t *slots = graph_above(world->graph, entry->pool_slot, &count);
    int64_t until_ms = transitions_cached_until_ms(world->transitions, world->dataset, slots, count, now_ms);
    free(slots);
    return until_ms;
}

bool world_has_endpoint(const struct world *world, const char *key)
{
    return table_find(world->by_key, key) != NULL;
}

const char *world_expired_override(struct world *world, int64_t wall_ms, int64_t *next_wall_ms)
{
    const char *key, *expired = NULL;
    void *value;
    *next_wall_ms = world->next_expiry_wall_ms;
    if (*next_wall_ms == 0 || *next_wall_ms > wall_ms)
        return NULL;
    world->next_expiry_wall_ms = 0;
    for (size_t at = 0; table_next(world->overrides, &at, &key, &value);) {
        const struct override *override = value;
        expect_expiry(world, override->expires_wall_ms);
        if (override->expires_wall_ms != 0 && override->expires_wall_ms <= wall_ms)
            expired = key;
    }
    *next_wall_ms = world->next_expiry_wall_ms;
    return expired;
}

/* ---- time ---- */

uint64_t world_tick(struct world *world, uint64_t now_ms)
{
    uint64_t next_ms = 0;
    world->now_ms = now_ms;
    for (size_t i = 0; i < world->paced_count;) {
        struct entry *entry = world_entry(world, world->paced[i]);
        if (entry == NULL || entry->wake_ms == 0) {
            if (entry != NULL)
                entry->is_paced = false;
            world->paced[i] = world->paced[--world->paced_count];
            continue;
        }
        if (entry->wake_ms <= now_ms)
            world_mark_dirty(world, entry);
        if (next_ms == 0 || entry->wake_ms < next_ms)
            next_ms = entry->wake_ms;
        i++;
    }
    return next_ms;
}

/* ---- publication ---- */

static void refresh_endpoints(struct world *world)
{
    struct paged_edit *edit = paged_edit_begin(&world->conditions.endpoints, &world->edition);
    for (size_t i = 0; i < world->dirty_count; i++) {
        uint32_t slot = world->dirty[i];
        struct entry *entry = slot != SLOT_NONE ? world_entry(world, slot) : NULL;
        if (entry == NULL)
            continue;
        struct endpoint_condition fresh;
        effective_condition(entry->endpoint->weight, entry->observed, entry->check_count,
                            table_find(world->overrides, entry->key), &fresh);
        wake_later(world, entry, ramp_apply(&entry->ramp, &entry->pace, world->now_ms, &fresh));
        world_note_pace(world, entry);
        const struct endpoint_condition *before = paged_edit_get(edit, slot);
        transitions_endpoint(world->transitions, entry->key, before, &fresh);
        world_measure_failover(world, entry, before, &fresh);
        fresh.failover = entry->failover;
        edition_replaced(&world->edition, before, NULL);
        paged_edit_set(edit, slot, edition_made(&world->edition, entry_condition(entry, &fresh), NULL));
        graph_touch(world->graph, entry->pool_slot);
        entry->is_dirty = false;
    }
    world->conditions.endpoints = paged_edit_end(edit);
    world->is_changed |= world->dirty_count > 0;
    world->dirty_count = 0;
}

static void tell_turned_nodes(struct world *world)
{
    const struct node *node;
    while ((node = graph_next_turned(world->graph, &world->conditions)) != NULL)
        transitions_node(world->transitions, world->dataset, node,
                         paged_get(&world->conditions.nodes, node->slot));
    transitions_services(world->transitions, world->dataset, &world->conditions);
}

bool world_publish(struct world *world)
{
    if (world->dataset == NULL)
        return false;
    refresh_endpoints(world);
    world->is_changed |= graph_settle(world->graph, world->dataset, &world->conditions, &world->edition);
    if (!world->is_changed)
        return false;
    world->is_changed = false;
    world_refresh_latency(world);
    world->conditions.number++;
    edition_replaced(&world->edition, world->published, NULL);
    world->published = xmemdup(&world->conditions, sizeof world->conditions);
    struct snapshot *next = xcalloc(1, sizeof *next);
    *next = (struct snapshot){ .dataset = world->dataset,
                               .conditions = world->published,
                               .tickets = world->tickets,
                               .keys = world->keys };
    snapshot_publish(next, &world->edition);
    tell_turned_nodes(world);
    return true;
}

uint64_t world_publications(const struct world *world)
{
    return world->conditions.number;
}
