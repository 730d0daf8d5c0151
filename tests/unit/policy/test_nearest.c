/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/rng.h"
#include "policy/policy.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct policy policy_nearest;

enum { PLACES = 6 };
static const struct place {
    const char *name;
    float latitude, longitude;
} places[PLACES] = {
    { "Dublin", 53.3f, -6.3f },       { "Frankfurt", 50.1f, 8.7f }, { "Virginia", 38.9f, -77.4f },
    { "California", 37.4f, -122.1f }, { "Tokyo", 35.7f, 139.7f },   { "Sydney", -33.9f, 151.2f },
};

struct world {
    struct geo geo;
    struct node *node;
    struct whole_endpoint endpoints[PLACES + 1]; /* the last one has no place */
    uint16_t order[PLACES + 1];
    struct candidate_list list;
};

/* Clients of 20.0.0.0/16 are at `at`; if that is unknown, in New Zealand. */
static void world_make(struct world *world, struct coordinates at)
{
    struct prefix prefix;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    assert_true(prefix_parse("20.0.0.0/16", &prefix));
    prefix_map_builder_add(builder, &prefix, 0);
    const struct location location = { .country = "NZ", .at = at };
    world->geo = (struct geo){ .map = prefix_map_build(builder),
                               .locations = xmemdup(&location, sizeof location),
                               .count = 1 };
    world->node = xcalloc(1, sizeof *world->node + (PLACES + 1) * sizeof *world->node->children);
    world->node->child_count = PLACES + 1;
    for (uint16_t i = 0; i <= PLACES; i++) {
        world->endpoints[i] = (struct whole_endpoint){ .endpoint = { .slot = SLOT_NONE, .is_whole = true } };
        if (i < PLACES)
            world->endpoints[i].more.at =
                (struct coordinates){ places[i].latitude, places[i].longitude, true };
        world->node->children[i] =
            (struct child){ .kind = CHILD_ENDPOINT, .endpoint = &world->endpoints[i].endpoint };
        world->order[i] = i;
    }
    world->list = (struct candidate_list){ .count = PLACES + 1, .index = world->order };
}

static void world_free(struct world *world)
{
    prefix_map_free(world->geo.map);
    free(world->geo.locations);
    free(world->node);
}

static struct choice ask(const struct world *world, const char *text, uint16_t most, const struct geo *geo)
{
    struct client client = { .prefix_len = 32, .geo = geo };
    assert_true(address_parse(text, &client.address));
    const struct candidates from = { .node = world->node, .view = VIEW_HEALTHY, .list = &world->list };
    struct choice choice = { 0 };
    policy_nearest.choose(&from, &client, NULL, most, &choice);
    return choice;
}

static void the_nearest_comes_first(void **state)
{
    (void)state;
    static const struct {
        float latitude, longitude;
        uint16_t order[3];
    } rows[] = {
        { 51.5f, -0.1f, { 0, 1, 2 } },   /* London */
        { 48.2f, 16.4f, { 1, 0, 2 } },   /* Vienna */
        { 21.3f, -157.9f, { 3, 4, 2 } }, /* Hawaii: Tokyo is across the date line */
        { -36.8f, 174.8f, { 5, 4, 3 } }, /* Auckland */
        { 90.0f, 0.0f, { 0, 1, 2 } },    /* the North Pole */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        world_make(&world, (struct coordinates){ rows[i].latitude, rows[i].longitude, true });
        struct choice choice = ask(&world, "20.0.1.1", 3, &world.geo);
        assert_int_equal(choice.count, 3);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(choice.index[k], rows[i].order[k]);
        assert_true(choice.depends_on_client);
        assert_int_equal(choice.scope_len, 16);
        world_free(&world);
    }
}

static void without_coordinates_the_country_counts(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, (struct coordinates){ 0 });
    assert_int_equal(ask(&world, "20.0.1.1", 1, &world.geo).index[0], 5);
    world_free(&world);
}

static void without_a_location_the_written_order_counts(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, (struct coordinates){ 51.5f, -0.1f, true });
    struct choice unknown = ask(&world, "21.0.0.1", 2, &world.geo),
                  nothing = ask(&world, "20.0.0.1", 2, NULL);
    assert_int_equal(unknown.count, 2);
    assert_int_equal(unknown.index[0], 0);
    assert_int_equal(unknown.index[1], 1);
    assert_true(unknown.depends_on_client);
    assert_int_equal(unknown.scope_len, 8);
    assert_int_equal(nothing.index[0], 0);
    assert_false(nothing.depends_on_client);
    assert_int_equal(nothing.scope_len, 0);
    world_free(&world);
}

static void targets_without_coordinates_come_last(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, (struct coordinates){ 51.5f, -0.1f, true });
    world.order[0] = PLACES;
    world.order[PLACES] = 0;
    struct choice choice = ask(&world, "20.0.1.1", CHOICE_MAX, &world.geo);
    assert_int_equal(choice.count, PLACES + 1);
    assert_int_equal(choice.index[0], 0);
    assert_int_equal(choice.index[PLACES], PLACES);
    world_free(&world);
}

static void bias_moves_the_border(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, (struct coordinates){ 51.5f, -0.1f, true }); /* Dublin 463 km, Frankfurt 640 km */
    world.node->children[1].bias = 20;                              /* 512 km */
    assert_int_equal(ask(&world, "20.0.1.1", 1, &world.geo).index[0], 0);
    world.node->children[1].bias = 40; /* 384 km */
    assert_int_equal(ask(&world, "20.0.1.1", 1, &world.geo).index[0], 1);
    world.node->children[1].bias = 0;
    world.node->children[0].bias = -20; /* 579 km */
    assert_int_equal(ask(&world, "20.0.1.1", 1, &world.geo).index[0], 0);
    world.node->children[0].bias = -40; /* 772 km */
    assert_int_equal(ask(&world, "20.0.1.1", 1, &world.geo).index[0], 1);
    world.node->children[0].bias = -99; /* still before those without coordinates */
    assert_int_equal(ask(&world, "20.0.1.1", CHOICE_MAX, &world.geo).index[PLACES - 1], 0);
    assert_int_equal(ask(&world, "20.0.1.1", CHOICE_MAX, &world.geo).index[PLACES], PLACES);
    world_free(&world);
}

/* By the angle between vectors, in double precision. */
static double naive_km(double lat_a, double lon_a, double lat_b, double lon_b)
{
    const double radian = 3.14159265358979323846 / 180;
    double x = cos(lat_a * radian) * cos(lat_b * radian) * cos((lon_a - lon_b) * radian) +
               sin(lat_a * radian) * sin(lat_b * radian);
    return 6371 * acos(x > 1 ? 1 : x < -1 ? -1 : x);
}

static void the_order_agrees_with_a_naive_reference(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    for (int round = 0; round < 300; round++) {
        struct coordinates at = { (float)(rng_next(&rng) % 180001) / 1000 - 90,
                                  (float)(rng_next(&rng) % 360001) / 1000 - 180, true };
        struct world world;
        world_make(&world, at);
        struct choice choice = ask(&world, "20.0.1.1", CHOICE_MAX, &world.geo);
        double before = 0;
        for (uint16_t i = 0; i < PLACES; i++) {
            const struct place *place = &places[choice.index[i]];
            double km = naive_km((double)at.latitude, (double)at.longitude, (double)place->latitude,
                                 (double)place->longitude);
            assert_true(km > before - 5);
            before = km;
        }
        world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_comes_first),
        cmocka_unit_test(without_coordinates_the_country_counts),
        cmocka_unit_test(without_a_location_the_written_order_counts),
        cmocka_unit_test(targets_without_coordinates_come_last),
        cmocka_unit_test(bias_moves_the_border),
        cmocka_unit_test(the_order_agrees_with_a_naive_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
