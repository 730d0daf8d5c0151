/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"
#include "base/rng.h"
#include "policy/geo_plan.h"
#include "policy/geo_rule.h"
#include "policy/policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct policy policy_geo;

enum { CHILDREN = 8, RULES_MAX = 50, PLACES_MAX = 60, MAPS = 2, NAMED_MAX = 12 };

static const struct location locations[] = {
    { .continent = "EU", .country = "DE", .subdivision = "DE-BE", .city = "Berlin", .asn = 64500 },
    { .continent = "EU", .country = "DE", .asn = 64501 },
    { .continent = "EU", .country = "FR", .city = "Paris" },
    { .continent = "NA", .country = "US", .subdivision = "US-TX", .city = "Paris", .asn = 64500 },
    { .continent = "NA", .country = "US", .subdivision = "US-CA", .city = "Berlin" },
    { .continent = "AS" },
    { .asn = 64501 },
};
enum { LOCATIONS = sizeof locations / sizeof *locations };

/* A table of locations and rules over it, with what the naive reference needs to know of both. */
struct world {
    struct prefix places[PLACES_MAX];
    uint32_t at[PLACES_MAX]; /* index in locations */
    size_t place_count;
    struct geo geo;
    char keys[RULES_MAX][GEO_KEY_SIZE];
    struct policy_rule rules[RULES_MAX];
    struct prefix named[MAPS][NAMED_MAX]; /* operators' maps "a" and "b" */
    unsigned names[MAPS][NAMED_MAX];      /* "n0", "n1", … */
    size_t named_count[MAPS];
    struct name_map *maps[MAPS];
    struct prefix prefixes[RULES_MAX]; /* of the rules that are one; the others have no family */
    size_t rule_count;
    bool shares_shape;
    void *shape;
    struct geo_plan *plan;
    struct node *node;
};

static inline const struct name_map *map_of(const struct policy_source *source, const char *name)
{
    const struct world *world = source->context;
    return strcmp(name, "a") == 0 ? world->maps[0] : strcmp(name, "b") == 0 ? world->maps[1] : NULL;
}

static inline void make_maps(struct world *world)
{
    for (size_t map = 0; map < MAPS; map++) {
        struct name_map_builder *builder = name_map_builder_new();
        for (size_t i = 0; i < world->named_count[map]; i++) {
            char name[8];
            snprintf(name, sizeof name, "n%u", world->names[map][i]);
            assert_true(name_map_builder_add(builder, &world->named[map][i], name));
        }
        world->maps[map] = name_map_build(builder);
    }
}

static inline void world_compile(struct world *world, bool has_geo)
{
    static const struct endpoint endpoint = { .slot = SLOT_NONE };
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < world->place_count; i++)
        prefix_map_builder_add(builder, &world->places[i], world->at[i]);
    world->geo = (struct geo){ .map = prefix_map_build(builder),
                               .locations = xmemdup(locations, sizeof locations),
                               .count = LOCATIONS };
    struct policy_source source = { .rules = world->rules,
                                    .count = world->rule_count,
                                    .geo = has_geo ? &world->geo : NULL,
                                    .map_of = map_of,
                                    .context = world };
    make_maps(world);
    struct error err;
    void *plan;
    if (world->shares_shape && !policy_geo.compile_common(&source, &world->shape, &err))
        fail_msg("%s", err.text);
    source.common = world->shape;
    if (!policy_geo.compile(&source, &plan, &err))
        fail_msg("%s", err.text);
    world->plan = plan;
    world->node = xcalloc(1, sizeof *world->node + CHILDREN * sizeof *world->node->children);
    world->node->policy = &policy_geo;
    world->node->plan = plan;
    world->node->child_count = CHILDREN;
    for (size_t i = 0; i < CHILDREN; i++)
        world->node->children[i] = (struct child){ .kind = CHILD_ENDPOINT, .endpoint = &endpoint };
}

static inline void world_free(struct world *world)
{
    prefix_map_free(world->geo.map);
    free(world->geo.locations);
    policy_geo.plan_free(world->plan);
    policy_geo.common_free(world->shape);
    free(world->node);
    for (size_t map = 0; map < MAPS; map++)
        name_map_free(world->maps[map]);
}

static inline void add_rule(struct world *world, const char *key, uint16_t child)
{
    strcpy(world->keys[world->rule_count], key);
    prefix_parse(key, &world->prefixes[world->rule_count]);
    world->rules[world->rule_count] = (struct policy_rule){ world->keys[world->rule_count], child };
    world->rule_count++;
}

static inline void add_place(struct world *world, const char *prefix, uint32_t location)
{
    assert_true(prefix_parse(prefix, &world->places[world->place_count]));
    world->at[world->place_count++] = location;
}

/* Asks with the children in `down` out of order. */
static inline struct choice ask_address(const struct world *world, const struct address *address,
                                        const uint16_t *down, uint16_t down_count)
{
    const struct client client = { .address = *address, .prefix_len = address_bits(address) };
    const struct candidates from = {
        .node = world->node, .view = VIEW_HEALTHY, .excluded = down, .excluded_count = down_count
    };
    struct choice choice = { 0 };
    policy_geo.choose(&from, &client, NULL, 1, &choice);
    assert_true(choice.depends_on_client);
    assert_non_null(choice.reason);
    return choice;
}

static inline struct choice ask(const struct world *world, const char *text, const uint16_t *down,
                                uint16_t down_count)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return ask_address(world, &address, down, down_count);
}
