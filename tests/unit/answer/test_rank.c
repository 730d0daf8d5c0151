/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "answer/rank.h"
#include "base/text.h"
#include "dns/type.h"
#include "snapshot/service.h"
#include "support/tree.h"

/* Names "a.", "b." … in the order in which the endpoints were made. */
static void name_endpoint(struct tree *tree, const struct endpoint *endpoint, char letter)
{
    struct endpoint_more *more = (struct endpoint_more *)(uintptr_t)endpoint_more(endpoint);
    const uint8_t wire[] = { 1, (uint8_t)letter, 0 };
    more->hostname = tree_keep(tree, xmemdup(wire, sizeof wire));
}

static struct node *named_pool(struct tree *tree, const char *policy, const char *letters,
                               const uint32_t *weights)
{
    struct node *pool = tree_pool(tree, policy, weights, (uint16_t)strlen(letters));
    for (size_t i = 0; letters[i] != '\0'; i++)
        name_endpoint(tree, pool->children[i].endpoint, letters[i]);
    return pool;
}

/* "a0/1 b1/3": name, rank, weight. */
static char *ranked(struct tree *tree, const struct node *root)
{
    struct service service = { .ttl_s = 30, .min_ttl_s = 15 };
    struct text out = { 0 };
    struct ranking ranking;
    const struct snapshot now = { .dataset = &tree->dataset, .conditions = &tree->conditions };
    const struct client client = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    const struct child child = { .kind = CHILD_SHARED, .shared = root->id, .weight = 1 };
    const struct steering steering = {
        .now = &now, .service = &service, .client = &client, .qtype = DNS_SRV
    };
    rank(&steering, &child, &ranking);
    text_puts(&out, "");
    for (uint16_t i = 0; i < ranking.decision.count; i++)
        text_printf(&out, "%s%c%u/%u", i > 0 ? " " : "",
                    endpoint_more(ranking.decision.endpoints[i])->hostname[1], ranking.ranks[i],
                    ranking.weights[i]);
    return text_take(&out);
}

static void expect(struct tree *tree, const struct node *root, const char *wanted)
{
    char *got = ranked(tree, root);
    assert_string_equal(got, wanted);
    free(got);
}

static const uint32_t ones[20] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static void an_order_becomes_ranks_and_shares_become_weights(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    const struct node *first = named_pool(&tree, "weighted", "ab", (const uint32_t[]){ 5, 2 });
    const struct node *second = named_pool(&tree, "failover", "cd", ones);
    struct node *root = tree_node(&tree, "failover", 2);
    tree_hang(root, 0, first, 1);
    tree_hang(root, 1, second, 1);
    tree_refresh_all(&tree);
    expect(&tree, first, "a0/5 b0/2");
    expect(&tree, second, "c0/1 d1/1");
    expect(&tree, root, "a0/5 b0/2 c1/1 d2/1");
    tree_set_up(&tree, first->children[0].endpoint->slot, false);
    tree_refresh_all(&tree);
    expect(&tree, root, "b0/1 c1/1 d2/1");
    tree_set_up(&tree, first->children[1].endpoint->slot, false);
    tree_refresh_all(&tree);
    expect(&tree, root, "c0/1 d1/1");
    tree_free(&tree);
}

static void side_by_side_each_rank_has_the_share_of_its_child(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    const struct node *two = named_pool(&tree, "round_robin", "ab", ones);
    const struct node *order = named_pool(&tree, "failover", "cd", ones);
    struct node *root = tree_node(&tree, "weighted", 2);
    tree_hang(root, 0, two, 4);
    tree_hang(root, 1, order, 1);
    tree_refresh_all(&tree);
    expect(&tree, root, "a0/2 b0/2 c0/1 d1/1");
    tree_free(&tree);
}

static void a_name_stands_once_where_it_ranks_best(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    const struct node *twice = named_pool(&tree, "weighted", "aab", (const uint32_t[]){ 2, 3, 1 });
    const struct node *again = named_pool(&tree, "failover", "bac", ones);
    struct node *root = tree_node(&tree, "failover", 2);
    tree_hang(root, 0, twice, 1);
    tree_hang(root, 1, again, 1);
    tree_refresh_all(&tree);
    expect(&tree, root, "a0/5 b0/1 c1/1");
    tree_free(&tree);
}

static void without_a_hostname_there_is_nothing_to_name(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    const struct node *plain = tree_pool(&tree, "round_robin", ones, 2);
    const struct node *many = named_pool(&tree, "round_robin", "abcdefghijklmnopqrst", ones);
    struct node *root = tree_node(&tree, "failover", 2);
    tree_hang(root, 0, plain, 1);
    tree_hang(root, 1, many, 1);
    tree_refresh_all(&tree);
    expect(&tree, plain, "");
    char *got = ranked(&tree, root);
    assert_int_equal(strlen(got), CHOICE_MAX * 5 - 1); /* no more than fit */
    assert_string_equal(got + strlen(got) - 4, "p0/1");
    free(got);
    tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_becomes_ranks_and_shares_become_weights),
        cmocka_unit_test(side_by_side_each_rank_has_the_share_of_its_child),
        cmocka_unit_test(a_name_stands_once_where_it_ranks_best),
        cmocka_unit_test(without_a_hostname_there_is_nothing_to_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
