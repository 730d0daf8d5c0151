/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"
#include "support/tree.h"

#include "answer/steer.h"
#include "base/rng.h"
#include "dns/type.h"
#include "snapshot/service.h"

struct world {
    struct tree tree;
    struct tickets *tickets;
    struct service service;
};

static void world_open(struct world *world)
{
    *world = (struct world){ 0 };
    world->tickets = tickets_new(1024);
    world->service = (struct service){ .id = 7, .ttl_s = 30, .min_ttl_s = 15, .name = "www" };
}

static void world_close(struct world *world)
{
    tickets_free(world->tickets);
    tree_free(&world->tree);
}

static void world_root(struct world *world, const struct node *root)
{
    world->service.root = (struct child){ .kind = CHILD_SHARED, .shared = root->id };
}

static struct decision ask(struct world *world, uint16_t qtype, bool peeks)
{
    static const struct client client = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    const struct snapshot now = { .dataset = &world->tree.dataset,
                                  .conditions = &world->tree.conditions,
                                  .tickets = world->tickets };
    const struct steering steering = {
        .now = &now,
        .service = &world->service,
        .client = &client,
        .qtype = qtype,
        .random = 4711,
        .peeks = peeks,
    };
    struct decision decision;
    if (peeks)
        steer(&steering, &decision);
    else
        steer_query(&steering, &decision);
    return decision;
}

static unsigned host_of(const struct decision *decision)
{
    assert_int_equal(decision->outcome, STEER_ENDPOINTS);
    return decision->endpoints[0]->ipv4[3];
}

static void rotation_is_strict_and_apart_for_each_type(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    world_root(&world, tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1, 1 }, 2));
    for (unsigned i = 0; i < 6; i++) {
        struct decision v4 = ask(&world, DNS_A, false), v6 = ask(&world, DNS_AAAA, false);
        assert_int_equal(host_of(&v4), 1 + i % 2);
        assert_int_equal(host_of(&v6), 1 + i % 2);
    }
    world_close(&world);
}

/* The rotation goes on where it was when there was somebody to take turns with; seen the same by who asks and
 * who is explained to. */
static void whoever_is_alone_takes_no_turn(void **unused)
{
    (void)unused;
    static const char *const policies[] = { "round_robin", "weighted" };
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct world world;
        world_open(&world);
        struct node *pool = tree_pool(&world.tree, policies[i], (uint32_t[]){ 1, 1 }, 2);
        struct node *dead = tree_pool(&world.tree, "failover", (uint32_t[]){ 1 }, 1);
        struct node *top = tree_node(&world.tree, policies[i], 2);
        tree_hang(top, 0, pool, 1);
        tree_hang(top, 1, dead, 1);
        world_root(&world, top);
        tree_set_up(&world.tree, 1, false);
        tree_set_up(&world.tree, 2, false);
        tree_refresh_all(&world.tree);
        for (unsigned answer = 0; answer < 3; answer++) {
            struct decision told = ask(&world, DNS_A, true), given = ask(&world, DNS_A, false);
            assert_int_equal(host_of(&told), 1);
            assert_int_equal(host_of(&given), 1);
        }
        assert_int_equal(ticket_peek(world.tickets, ticket_key(7, pool->id, DNS_A)), 0);
        assert_int_equal(ticket_peek(world.tickets, ticket_key(7, top->id, DNS_A)), 0);
        tree_set_up(&world.tree, 1, true);
        tree_refresh_all(&world.tree);
        struct decision first = ask(&world, DNS_A, false), second = ask(&world, DNS_A, false);
        assert_int_equal(host_of(&first), 1);
        assert_int_equal(host_of(&second), 2);
        world_close(&world);
    }
}

static void without_room_for_tickets_turns_are_drawn_by_lot(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    for (uint32_t service = 100; service < 1100; service++)
        ticket_take(world.tickets, ticket_key(service, 0, DNS_A), 0);
    struct node *pool = tree_pool(&world.tree, "weighted", (uint32_t[]){ 1, 1, 1 }, 3);
    world_root(&world, pool);
    unsigned host = 0;
    for (unsigned answer = 0; answer < 3; answer++) { /* the lot of this world is always the same */
        struct decision decision = ask(&world, DNS_A, false);
        assert_int_equal(decision.count, 1);
        assert_true(host == 0 || host == host_of(&decision));
        host = host_of(&decision);
    }
    world_close(&world);
}

static void explaining_takes_no_ticket(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    world_root(&world, tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1, 1, 1 }, 3));
    ask(&world, DNS_A, false);
    for (int i = 0; i < 5; i++) {
        struct decision decision = ask(&world, DNS_A, true);
        assert_int_equal(host_of(&decision), 2);
    }
    world_close(&world);
}

static void a_dead_region_fails_over_to_the_next(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    struct node *us = tree_pool(&world.tree, "weighted", (uint32_t[]){ 3, 1 }, 2);
    struct node *eu = tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1 }, 1);
    struct node *top = tree_node(&world.tree, "failover", 2);
    tree_hang(top, 0, us, 1);
    tree_hang(top, 1, eu, 1);
    world_root(&world, top);
    tree_refresh_all(&world.tree);
    struct decision decision = ask(&world, DNS_A, false);
    assert_in_range(host_of(&decision), 1, 2);
    tree_set_up(&world.tree, 0, false);
    tree_set_up(&world.tree, 1, false);
    tree_refresh_all(&world.tree);
    decision = ask(&world, DNS_A, false);
    assert_int_equal(host_of(&decision), 3);
    world_close(&world);
}

/* What operators hold stays out while anything else is left. */
static void when_all_are_down_all_are_served_but_what_operators_hold(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    struct node *pool = tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1, 1, 1 }, 3);
    world_root(&world, pool);
    for (uint32_t slot = 0; slot < 3; slot++)
        tree_condition(
            &world.tree, slot,
            (struct endpoint_condition){ .weight = 1, .ttl_cap_s = TTL_CAP_NONE, .is_held = slot == 1 });
    tree_refresh_all(&world.tree);
    struct decision decision = ask(&world, DNS_A, false);
    assert_int_equal(decision.view, VIEW_UNHELD);
    assert_int_equal(decision.count, 2);
    for (uint16_t i = 0; i < 2; i++)
        assert_int_not_equal(decision.endpoints[i]->ipv4[3], 2);
    for (uint32_t slot = 0; slot < 3; slot++)
        tree_condition(
            &world.tree, slot,
            (struct endpoint_condition){ .weight = 1, .ttl_cap_s = TTL_CAP_NONE, .is_held = true });
    tree_refresh_all(&world.tree);
    decision = ask(&world, DNS_A, false);
    assert_int_equal(decision.view, VIEW_EVERYTHING);
    assert_int_equal(decision.count, 3);
    world_close(&world);
}

static void when_all_down_does_what_the_service_says(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    struct node *pool = tree_pool(&world.tree, "failover", (uint32_t[]){ 1 }, 1);
    struct node *sorry = tree_pool(&world.tree, "failover", (uint32_t[]){ 1 }, 1);
    world_root(&world, pool);
    const struct service_more more = { .sorry = { .kind = CHILD_SHARED, .shared = sorry->id } };
    world.service.more = &more;
    tree_set_up(&world.tree, 0, false);
    tree_refresh_all(&world.tree);
    world.service.when_all_down = ALL_DOWN_NODATA;
    assert_int_equal(ask(&world, DNS_A, false).outcome, STEER_NODATA);
    world.service.when_all_down = ALL_DOWN_SERVFAIL;
    assert_int_equal(ask(&world, DNS_A, false).outcome, STEER_SERVFAIL);
    world.service.when_all_down = ALL_DOWN_TARGET;
    struct decision decision = ask(&world, DNS_A, false);
    assert_int_equal(host_of(&decision), 2);
    world_close(&world);
}

static void a_pool_without_the_family_is_nodata_and_not_a_failover(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    struct node *v4_only = tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1 }, 1);
    struct node *both = tree_pool(&world.tree, "round_robin", (uint32_t[]){ 1 }, 1);
    ((struct endpoint *)(uintptr_t)v4_only->children[0].endpoint)->families = FAMILY_V4;
    struct node *top = tree_node(&world.tree, "failover", 2);
    tree_hang(top, 0, v4_only, 1);
    tree_hang(top, 1, both, 1);
    world_root(&world, top);
    tree_refresh_all(&world.tree);
    struct decision decision = ask(&world, DNS_A, false);
    assert_int_equal(host_of(&decision), 1);
    assert_int_equal(ask(&world, DNS_AAAA, false).outcome, STEER_NODATA);
    world_close(&world);
}

static void the_ttl_is_shorter_only_while_a_change_is_near(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t cap_s, ttl_s;
    } rows[] = { { TTL_CAP_NONE, 30 }, { 40, 30 }, { 20, 20 }, { 3, 15 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        world_open(&world);
        struct node *pool = tree_pool(&world.tree, "failover", (uint32_t[]){ 1, 1 }, 2);
        struct node *top = tree_node(&world.tree, "failover", 1);
        tree_hang(top, 0, pool, 1);
        world_root(&world, top);
        tree_condition(
            &world.tree, 1,
            (struct endpoint_condition){ .weight = 1, .ttl_cap_s = rows[i].cap_s, .is_available = true });
        tree_refresh_all(&world.tree);
        assert_int_equal(ask(&world, DNS_A, false).ttl_s, rows[i].ttl_s);
        world_close(&world);
    }
}

/* Shares multiply down the tree although each node counts for itself. */
static void nested_weights_multiply(void **unused)
{
    (void)unused;
    struct world world;
    world_open(&world);
    struct node *a = tree_pool(&world.tree, "weighted", (uint32_t[]){ 1, 1 }, 2);
    struct node *b = tree_pool(&world.tree, "weighted", (uint32_t[]){ 3, 1 }, 2);
    struct node *top = tree_node(&world.tree, "weighted", 2);
    tree_hang(top, 0, a, 1);
    tree_hang(top, 1, b, 2);
    world_root(&world, top);
    tree_refresh_all(&world.tree);
    static const double share[] = { 1 / 6.0, 1 / 6.0, 0.5, 1 / 6.0 };
    double served[4] = { 0 };
    for (unsigned n = 1; n <= 24000; n++) {
        struct decision decision = ask(&world, DNS_A, false);
        served[host_of(&decision) - 1]++;
    }
    for (unsigned i = 0; i < 4; i++) {
        double off = served[i] - 24000 * share[i];
        assert_true(off < 8 && off > -8);
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotation_is_strict_and_apart_for_each_type),
        cmocka_unit_test(whoever_is_alone_takes_no_turn),
        cmocka_unit_test(without_room_for_tickets_turns_are_drawn_by_lot),
        cmocka_unit_test(explaining_takes_no_ticket),
        cmocka_unit_test(a_dead_region_fails_over_to_the_next),
        cmocka_unit_test(when_all_are_down_all_are_served_but_what_operators_hold),
        cmocka_unit_test(when_all_down_does_what_the_service_says),
        cmocka_unit_test(a_pool_without_the_family_is_nodata_and_not_a_failover),
        cmocka_unit_test(the_ttl_is_shorter_only_while_a_change_is_near),
        cmocka_unit_test(nested_weights_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
