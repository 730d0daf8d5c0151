/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/compiled_world.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOLS     6
#define ENDPOINTS 5
#define POLICIES  5

static void add_pool(struct compiled_world *bench, struct objects *changes, unsigned number)
{
    struct text text = { 0 };
    char name[16];
    unsigned count = 1 + below(&bench->rng, ENDPOINTS);
    snprintf(name, sizeof name, "pool%u", number);
    text_printf(&text, "{\"policy\":\"%s\",\"check\":\"web\",\"min_healthy\":%u,\"endpoints\":{",
                below(&bench->rng, 2) ? "weighted" : "round_robin",
                1 + below(&bench->rng, count < 2 ? count : 2));
    for (unsigned i = 0; i < count; i++)
        text_printf(&text, "%s\"e%u\":{\"ipv4\":\"10.0.%u.%u\",\"weight\":%u}", i > 0 ? "," : "",
                    below(&bench->rng, 100) * 10 + i, number, i + 1, below(&bench->rng, 4));
    text_puts(&text, "}}");
    size_t size = text.size;
    objects_add(changes, OBJECT_POOL, name, text_take(&text), size);
}

/* A policy over pools and over policies with a lower number, so that there is no loop. */
static void add_policy(struct compiled_world *bench, struct objects *changes, unsigned number)
{
    struct text text = { 0 };
    char name[16];
    snprintf(name, sizeof name, "policy%u", number);
    text_printf(&text, "{\"failover\":{\"min_healthy\":%u,\"of\":[", 1 + below(&bench->rng, 2));
    for (unsigned i = 0; i < 3; i++) {
        bool is_policy = number > 0 && below(&bench->rng, 2);
        text_printf(&text, "%s\"%s%u\"", i > 0 ? "," : "", is_policy ? "policy" : "pool",
                    below(&bench->rng, is_policy ? number : POOLS));
    }
    text_puts(&text, "]}}");
    size_t size = text.size;
    objects_add(changes, OBJECT_POLICY, name, text_take(&text), size);
}

static void report(struct compiled_world *bench, uint32_t slot, enum health_verdict verdict)
{
    struct health_report health = { .endpoint_slot = slot, .verdict = (uint8_t)verdict };
    world_observe(bench->world, &health);
}

static bool naive_is_available(const struct snapshot *now, const struct node *node);

static bool naive_child(const struct snapshot *now, const struct child *child)
{
    if (child->kind != CHILD_ENDPOINT)
        return naive_is_available(now, dataset_node(now->dataset, child));
    const struct endpoint_condition *condition = conditions_endpoint(now->conditions, child->endpoint);
    return condition->override != NULL ? condition->override->state == OVERRIDE_UP
                                       : condition->verdict != HEALTH_DOWN;
}

static bool naive_is_available(const struct snapshot *now, const struct node *node)
{
    unsigned up = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        up += naive_child(now, &node->children[i]);
    return up >= node->min_healthy;
}

static void compare(void)
{
    snapshot_register_thread();
    const struct snapshot *now = snapshot_acquire();
    for (uint32_t id = 0; id < 64; id++) {
        const struct node *node = paged_get(&now->dataset->nodes, id);
        if (node == NULL)
            continue;
        const struct node_state *state = conditions_node(now->conditions, node);
        assert_non_null(state);
        if (state->is_available[VIEW_HEALTHY] != naive_is_available(now, node))
            fail_msg("%s: the world says %d", node->name, state->is_available[VIEW_HEALTHY]);
    }
    snapshot_release();
}

/* Endpoint slots in use now. */
static size_t slots_in_use(uint32_t *slots, size_t most)
{
    size_t count = 0;
    const struct snapshot *now = snapshot_acquire();
    for (uint32_t slot = 0; slot < 1024 && count < most; slot++) {
        if (paged_get(&now->conditions->endpoints, slot) != NULL)
            slots[count++] = slot;
    }
    snapshot_release();
    return count;
}

static void flip_some(struct compiled_world *bench)
{
    uint32_t slots[1024];
    size_t count = slots_in_use(slots, 1024);
    for (unsigned i = 0; i < 6; i++)
        report(bench, slots[below(&bench->rng, (unsigned)count)],
               below(&bench->rng, 2) ? HEALTH_UP : HEALTH_DOWN);
    world_publish(bench->world);
}

static void override_some(struct compiled_world *bench)
{
    char key[32];
    const struct override override = { .state = (uint8_t)(OVERRIDE_UP + below(&bench->rng, 3)) };
    snprintf(key, sizeof key, "pool%u/e%u", below(&bench->rng, POOLS), below(&bench->rng, 1000));
    world_override(bench->world, key, below(&bench->rng, 3) ? &override : NULL);
    world_publish(bench->world);
}

static void add_check(struct objects *changes)
{
    char *text = xstrdup("{\"type\":\"tcp\",\"port\":80}");
    objects_add(changes, OBJECT_CHECK, "web", text, strlen(text));
}

static void states_stay_what_the_obvious_way_gives(void **unused)
{
    (void)unused;
    struct compiled_world bench;
    struct objects changes = { 0 };
    compiled_world_open(&bench);
    print_message("seed %llu\n", (unsigned long long)bench.rng.state);
    add_check(&changes);
    for (unsigned i = 0; i < POOLS; i++)
        add_pool(&bench, &changes, i);
    for (unsigned i = 0; i < POLICIES; i++)
        add_policy(&bench, &changes, i);
    compiled_world_apply(&bench, &changes);
    compare();
    for (unsigned step = 0; step < 600; step++) {
        switch (below(&bench.rng, 6)) {
        case 0:
            add_pool(&bench, &changes, below(&bench.rng, POOLS));
            compiled_world_apply(&bench, &changes);
            break;
        case 1:
            add_policy(&bench, &changes, below(&bench.rng, POLICIES));
            compiled_world_apply(&bench, &changes);
            break;
        case 2: override_some(&bench); break;
        default: flip_some(&bench); break;
        }
        compare();
    }
    compiled_world_close(&bench);
}

static void an_override_waits_for_its_endpoint(void **unused)
{
    (void)unused;
    struct compiled_world bench;
    struct objects changes = { 0 };
    char *pool = xstrdup("{\"endpoints\":{\"a\":{\"ipv4\":\"10.0.0.1\"},\"b\":{\"ipv4\":\"10.0.0.2\"}}}");
    const struct override drain = { .state = OVERRIDE_DRAIN };
    compiled_world_open(&bench);
    world_override(bench.world, "us/b", &drain);
    assert_false(world_has_endpoint(bench.world, "us/b"));
    objects_add(&changes, OBJECT_POOL, "us", pool, strlen(pool));
    compiled_world_apply(&bench, &changes);
    assert_true(world_has_endpoint(bench.world, "us/b"));
    snapshot_register_thread();
    const struct snapshot *now = snapshot_acquire();
    const struct node *node = paged_get(&now->dataset->nodes, 0);
    assert_true(conditions_endpoint(now->conditions, node->children[0].endpoint)->is_available);
    assert_true(conditions_endpoint(now->conditions, node->children[1].endpoint)->is_held);
    snapshot_release();
    compiled_world_close(&bench);
}

static void the_next_expiry_is_known(void **unused)
{
    (void)unused;
    struct compiled_world bench;
    int64_t next;
    const struct override soon = { .state = OVERRIDE_DOWN, .expires_wall_ms = 1000 };
    const struct override late = { .state = OVERRIDE_DOWN, .expires_wall_ms = 5000 };
    const struct override for_ever = { .state = OVERRIDE_DOWN };
    compiled_world_open(&bench);
    world_override(bench.world, "a/a", &late);
    world_override(bench.world, "a/b", &soon);
    assert_null(world_expired_override(bench.world, 999, &next));
    assert_int_equal(next, 1000);
    assert_string_equal(world_expired_override(bench.world, 1000, &next), "a/b");
    world_override(bench.world, "a/b", NULL);
    assert_null(world_expired_override(bench.world, 1000, &next));
    assert_int_equal(next, 5000);
    world_override(bench.world, "a/a", &for_ever);
    world_override(bench.world, "a/b", &late);
    assert_string_equal(world_expired_override(bench.world, 6000, &next), "a/b");
    world_override(bench.world, "a/b", NULL);
    assert_null(world_expired_override(bench.world, 6000, &next));
    assert_int_equal(next, 0);
    compiled_world_close(&bench);
}

static void nothing_is_published_when_nothing_has_changed(void **unused)
{
    (void)unused;
    struct compiled_world bench;
    compiled_world_open(&bench);
    uint64_t before = world_publications(bench.world);
    assert_false(world_publish(bench.world));
    report(&bench, 77, HEALTH_DOWN); /* of an endpoint that went */
    assert_false(world_publish(bench.world));
    assert_int_equal(world_publications(bench.world), before);
    compiled_world_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_stay_what_the_obvious_way_gives),
        cmocka_unit_test(an_override_waits_for_its_endpoint),
        cmocka_unit_test(the_next_expiry_is_known),
        cmocka_unit_test(nothing_is_published_when_nothing_has_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
