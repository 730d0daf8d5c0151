/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/overlay.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/location_set.h"

#include <stdlib.h>
#include <string.h>

/* One declaration, first as it stands, then with what the wider ones around it say. */
struct patch {
    struct prefix network;
    struct location location;
    bool hides; /* what is below it */
    uint32_t set;
};

struct overlay {
    struct patch *patches;
    size_t count;
    const struct geo *databases;
    struct location_set locations; /* the databases' at their own indices, then new ones */
    struct number_table by_pair;
};

/* ---- declarations, the wider before the narrower ---- */

static int compare_sets(const void *left, const void *right)
{
    return strcmp(((const struct overlay_set *)left)->name, ((const struct overlay_set *)right)->name);
}

/* In the order of a walk through the tree of networks; of equal ones the set that lies on top is last. */
static int compare_patches(const void *left, const void *right)
{
    const struct patch *a = left, *b = right;
    if (a->network.address.family != b->network.address.family)
        return a->network.address.family < b->network.address.family ? -1 : 1;
    int order = memcmp(a->network.address.bytes, b->network.address.bytes, sizeof a->network.address.bytes);
    if (order != 0)
        return order;
    if (a->network.length != b->network.length)
        return a->network.length < b->network.length ? -1 : 1;
    return (a->set < b->set) - (a->set > b->set);
}

static void collect(struct overlay *overlay, const struct overlay_set *sets, size_t set_count)
{
    size_t total = 0;
    for (size_t i = 0; i < set_count; i++)
        total += sets[i].said->count;
    overlay->patches = xcalloc(total + 1, sizeof *overlay->patches);
    for (size_t i = 0; i < set_count; i++) {
        for (size_t k = 0; k < sets[i].said->count; k++) {
            const struct declared_place *place = &sets[i].said->places[k];
            overlay->patches[overlay->count++] = (struct patch){
                .network = place->network,
                .location = place->location,
                .hides = location_is_empty(&place->location),
                .set = (uint32_t)i,
            };
        }
    }
    if (overlay->count > 0)
        qsort(overlay->patches, overlay->count, sizeof *overlay->patches, compare_patches);
}

/* ---- one over the other ---- */

static bool differs(const char *upper, const char *lower)
{
    return upper[0] != '\0' && lower[0] != '\0' && strcmp(upper, lower) != 0;
}

/* As databases are merged, and below the country as well: who moves a network to another city does not want
 * the coordinates of the old one. */
static struct location lay(const struct location *lower, const struct location *upper)
{
    struct location bared = *lower;
    bool is_moved = differs(upper->subdivision, lower->subdivision);
    if (is_moved)
        memset(bared.city, 0, sizeof bared.city);
    if (is_moved || differs(upper->city, lower->city))
        bared.at = (struct coordinates){ 0 };
    return location_merge(&bared, upper);
}

/* Each takes over what the next wider one around it says. */
static void inherit(struct overlay *overlay)
{
    const struct patch *around[130]; /* nested networks: one a length, and equal ones take the place */
    size_t depth = 0;
    for (size_t i = 0; i < overlay->count; i++) {
        struct patch *patch = &overlay->patches[i];
        while (depth > 0 && !prefix_contains(&around[depth - 1]->network, &patch->network.address))
            depth--;
        const struct patch *wider = depth > 0 ? around[depth - 1] : NULL;
        if (wider != NULL && !patch->hides) {
            patch->location = lay(&wider->location, &patch->location);
            patch->hides = wider->hides;
        }
        if (wider != NULL && wider->network.length == patch->network.length)
            depth--;
        around[depth++] = patch;
    }
}

/* ---- over the databases ---- */

static uint32_t lay_values(uint32_t below, uint32_t index, void *context)
{
    struct overlay *overlay = context;
    if (index == PREFIX_MAP_NONE)
        return below;
    const struct patch *patch = &overlay->patches[index];
    bool has_below = below != PREFIX_MAP_NONE && !patch->hides;
    uint64_t pair = (uint64_t)(has_below ? below : PREFIX_MAP_NONE) << 32 | index;
    uint32_t value;
    if (number_table_find(&overlay->by_pair, pair, &value))
        return value;
    struct location location =
        has_below ? lay(&overlay->locations.items[below], &patch->location) : patch->location;
    value = location_is_empty(&location) ? PREFIX_MAP_NONE : location_set_add(&overlay->locations, &location);
    number_table_put(&overlay->by_pair, pair, value);
    return value;
}

static struct prefix_map *map_of(const struct overlay *overlay, bool of_sets)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < overlay->count; i++)
        prefix_map_builder_add(builder, &overlay->patches[i].network,
                               of_sets ? overlay->patches[i].set : (uint32_t)i);
    return prefix_map_build(builder);
}

static struct geo *lay_over(struct overlay *overlay)
{
    const struct geo *databases = overlay->databases;
    struct prefix_map *nothing = databases == NULL ? prefix_map_build(prefix_map_builder_new()) : NULL;
    struct prefix_map *patches = map_of(overlay, false);
    for (size_t i = 0; databases != NULL && i < databases->count; i++)
        location_set_add(&overlay->locations, &databases->locations[i]);
    struct prefix_map *both =
        prefix_map_combine(databases != NULL ? databases->map : nothing, patches, lay_values, overlay);
    prefix_map_free(patches);
    prefix_map_free(nothing);
    return geo_make(both, &overlay->locations);
}

struct geo *overlay_make(const struct geo *databases, struct overlay_set *sets, size_t count)
{
    struct overlay overlay = { .databases = databases };
    struct text source = { 0 };
    qsort(sets, count, sizeof *sets, compare_sets);
    collect(&overlay, sets, count);
    inherit(&overlay);
    struct geo *geo = lay_over(&overlay);
    geo->operators = map_of(&overlay, true);
    geo->operator_names = xcalloc(count, sizeof *geo->operator_names);
    geo->operator_count = count;
    text_puts(&source, databases != NULL ? databases->source : "");
    for (size_t i = 0; i < count; i++) {
        geo->operator_names[i] = xstrdup(sets[i].name);
        text_printf(&source, "%slocations/%s", source.size > 0 ? "; " : "", sets[i].name);
    }
    geo->source = text_take(&source);
    free(overlay.patches);
    number_table_free(&overlay.by_pair);
    location_set_free(&overlay.locations);
    return geo;
}
