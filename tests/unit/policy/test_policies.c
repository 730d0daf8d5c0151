/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"
#include "support/tree.h"

#include "base/rng.h"

/* Asks the node's policy once, as a query for A would. */
static struct choice ask(const struct tree *tree, const struct node *node, const struct client *client,
                         uint32_t ticket, uint16_t most)
{
    static const struct client nobody = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    const struct node_state *state = conditions_node(&tree->conditions, node);
    const struct candidates from = {
        .node = node,
        .state = state,
        .dataset = &tree->dataset,
        .conditions = &tree->conditions,
        .view = VIEW_HEALTHY,
        .list = node_list(state, VIEW_HEALTHY, LIST_V4),
    };
    struct choice choice = { 0 };
    const struct draw draw = { .ticket = ticket, .random = ticket * UINT64_C(0x9e3779b97f4a7c15) };
    node->policy->choose(&from, client != NULL ? client : &nobody, &draw, most, &choice);
    return choice;
}

static void round_robin_leads_with_each_in_turn(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    const struct node *pool = tree_pool(&tree, "round_robin", (uint32_t[]){ 1, 1, 1 }, 3);
    for (uint32_t ticket = 0; ticket < 9; ticket++) {
        struct choice choice = ask(&tree, pool, NULL, ticket, 8);
        assert_int_equal(choice.count, 3);
        for (uint16_t i = 0; i < 3; i++)
            assert_int_equal(choice.index[i], (ticket + i) % 3);
    }
    tree_free(&tree);
}

static void failover_takes_the_first_that_is_up(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "failover", (uint32_t[]){ 1, 1, 1 }, 3);
    assert_int_equal(ask(&tree, pool, NULL, 5, 1).index[0], 0);
    tree_set_up(&tree, 0, false);
    tree_refresh_all(&tree);
    assert_int_equal(ask(&tree, pool, NULL, 5, 1).index[0], 1);
    tree_set_up(&tree, 0, true);
    tree_refresh_all(&tree);
    assert_int_equal(ask(&tree, pool, NULL, 5, 1).index[0], 0);
    tree_free(&tree);
}

/* After n answers |served − share·n| stays under a small constant, at every n and not only at the end. */
static void weighted_keeps_shares_within_a_small_constant(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t weights[5];
        uint16_t count;
    } rows[] = {
        { { 3, 1 }, 2 },          { { 1, 1, 1 }, 3 },         { { 99, 1 }, 2 },
        { { 5, 3, 2, 7, 1 }, 5 }, { { 65535, 1, 65535 }, 3 },
    };
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct tree tree = { 0 };
        const struct node *pool = tree_pool(&tree, "weighted", rows[row].weights, rows[row].count);
        double served[5] = { 0 }, total = 0, worst = 0;
        for (uint16_t i = 0; i < rows[row].count; i++)
            total += rows[row].weights[i];
        for (uint32_t n = 1; n <= 200000; n++) {
            served[ask(&tree, pool, NULL, n - 1, 1).index[0]]++;
            for (uint16_t i = 0; i < rows[row].count; i++) {
                double off = served[i] - n * (rows[row].weights[i] / total);
                worst = off > worst ? off : -off > worst ? -off : worst;
            }
        }
        if (worst > 5)
            fail_msg("row %zu: a share was off by %.2f answers", row, worst);
        tree_free(&tree);
    }
}

static void weight_zero_serves_only_when_all_others_are_down(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "weighted", (uint32_t[]){ 5, 0 }, 2);
    for (uint32_t ticket = 0; ticket < 100; ticket++)
        assert_int_equal(ask(&tree, pool, NULL, ticket, 1).index[0], 0);
    tree_set_up(&tree, 0, false);
    tree_refresh_all(&tree);
    assert_int_equal(ask(&tree, pool, NULL, 7, 1).index[0], 1);
    tree_free(&tree);
}

static void several_weighted_answers_are_different_endpoints(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    const struct node *pool = tree_pool(&tree, "weighted", (uint32_t[]){ 4, 3, 2, 1 }, 4);
    for (uint32_t ticket = 0; ticket < 1000; ticket++) {
        struct choice choice = ask(&tree, pool, NULL, ticket, 3);
        assert_int_equal(choice.count, 3);
        assert_int_not_equal(choice.index[0], choice.index[1]);
        assert_int_not_equal(choice.index[0], choice.index[2]);
        assert_int_not_equal(choice.index[1], choice.index[2]);
    }
    tree_free(&tree);
}

static void set_latency(struct tree *tree, uint32_t slot, uint32_t latency_us)
{
    struct endpoint_condition next =
        *(const struct endpoint_condition *)paged_get(&tree->conditions.endpoints, slot);
    next.latency_us = latency_us;
    tree_condition(tree, slot, next);
    tree_refresh_all(tree);
}

static void latency_moves_only_past_the_margin(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "latency", (uint32_t[]){ 1, 1 }, 2);
    set_latency(&tree, 0, 20000);
    set_latency(&tree, 1, 50000);
    assert_int_equal(ask(&tree, pool, NULL, 0, 1).index[0], 0);
    set_latency(&tree, 1, 19000); /* better, but by less than a tenth */
    assert_int_equal(ask(&tree, pool, NULL, 0, 1).index[0], 0);
    set_latency(&tree, 1, 15000);
    assert_int_equal(ask(&tree, pool, NULL, 0, 1).index[0], 1);
    set_latency(&tree, 0, 14500);
    assert_int_equal(ask(&tree, pool, NULL, 0, 1).index[0], 1);
    tree_set_up(&tree, 1, false);
    tree_refresh_all(&tree);
    assert_int_equal(ask(&tree, pool, NULL, 0, 1).index[0], 0);
    tree_free(&tree);
}

static struct client client_at(uint32_t number)
{
    struct client client = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    for (int i = 0; i < 4; i++)
        client.address.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    return client;
}

static void sticky_gives_a_network_the_same_endpoint(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    const struct node *pool = tree_pool(&tree, "sticky", (uint32_t[]){ 1, 1, 1 }, 3);
    for (uint32_t network = 0; network < 500; network++) {
        const struct client first = client_at(network << 8 | 1), other = client_at(network << 8 | 200);
        struct choice choice = ask(&tree, pool, &first, network, 1);
        assert_int_equal(choice.index[0], ask(&tree, pool, &other, network + 7, 1).index[0]);
        assert_int_equal(choice.scope_len, 24);
    }
    tree_free(&tree);
}

static void sticky_moves_only_the_clients_of_what_went(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "sticky", (uint32_t[]){ 1, 2, 1 }, 3);
    uint16_t before[4000];
    unsigned served[3] = { 0 };
    for (uint32_t network = 0; network < 4000; network++) {
        const struct client client = client_at(network << 8);
        before[network] = ask(&tree, pool, &client, 0, 1).index[0];
        served[before[network]]++;
    }
    assert_in_range(served[1], 1800, 2200); /* half, by weight */
    tree_set_up(&tree, 2, false);
    tree_refresh_all(&tree);
    for (uint32_t network = 0; network < 4000; network++) {
        const struct client client = client_at(network << 8);
        uint16_t now = ask(&tree, pool, &client, 0, 1).index[0];
        assert_true(now == before[network] || before[network] == 2);
    }
    tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_robin_leads_with_each_in_turn),
        cmocka_unit_test(failover_takes_the_first_that_is_up),
        cmocka_unit_test(weighted_keeps_shares_within_a_small_constant),
        cmocka_unit_test(weight_zero_serves_only_when_all_others_are_down),
        cmocka_unit_test(several_weighted_answers_are_different_endpoints),
        cmocka_unit_test(latency_moves_only_past_the_margin),
        cmocka_unit_test(sticky_gives_a_network_the_same_endpoint),
        cmocka_unit_test(sticky_moves_only_the_clients_of_what_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
