/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"
#include "support/tree.h"

#include "base/rng.h"

#include <math.h>

static const struct node_state *state_of(const struct tree *tree, const struct node *node)
{
    return conditions_node(&tree->conditions, node);
}

static void a_node_is_available_while_enough_of_it_is(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        uint16_t min_healthy;
        bool is_percent;
        unsigned up;
        bool is_available;
    } rows[] = {
        { "one of four by default", 1, false, 1, true },   { "none", 1, false, 0, false },
        { "two wanted, one up", 2, false, 1, false },      { "two wanted, two up", 2, false, 2, true },
        { "half wanted, two of four", 50, true, 2, true }, { "half wanted, one of four", 50, true, 1, false },
        { "51 % of four are three", 51, true, 2, false },  { "51 % of four are three", 51, true, 3, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tree tree = { 0 };
        struct node *pool = tree_pool(&tree, "round_robin", (uint32_t[]){ 1, 1, 1, 1 }, 4);
        pool->min_healthy = rows[i].min_healthy;
        pool->is_percent = rows[i].is_percent;
        for (uint32_t slot = 0; slot < 4; slot++)
            tree_set_up(&tree, slot, slot < rows[i].up);
        tree_refresh_all(&tree);
        if (state_of(&tree, pool)->is_available[VIEW_HEALTHY] != rows[i].is_available)
            fail_msg("%s", rows[i].what);
        tree_free(&tree);
    }
}

static void failure_travels_upward(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *a = tree_pool(&tree, "weighted", (uint32_t[]){ 1, 1 }, 2);
    struct node *b = tree_pool(&tree, "weighted", (uint32_t[]){ 1 }, 1);
    struct node *top = tree_node(&tree, "failover", 2);
    tree_hang(top, 0, a, 1);
    tree_hang(top, 1, b, 1);
    tree_refresh_all(&tree);
    assert_int_equal(state_of(&tree, top)->available_count, 2);
    tree_set_up(&tree, 0, false);
    tree_set_up(&tree, 1, false);
    tree_refresh_all(&tree);
    assert_false(state_of(&tree, a)->is_available[VIEW_HEALTHY]);
    assert_true(state_of(&tree, a)->is_available[VIEW_UNHELD]);
    assert_int_equal(state_of(&tree, top)->available_count, 1);
    tree_set_up(&tree, 2, false);
    tree_refresh_all(&tree);
    assert_false(state_of(&tree, top)->is_available[VIEW_HEALTHY]);
    tree_free(&tree);
}

static void the_first_that_is_available_is_known(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pools[3];
    for (uint16_t i = 0; i < 3; i++)
        pools[i] = tree_pool(&tree, "weighted", (uint32_t[]){ 1 }, 1);
    struct node *top = tree_node(&tree, "failover", 3);
    for (uint16_t i = 0; i < 3; i++)
        tree_hang(top, i, pools[i], 1);
    for (unsigned up = 0; up < 8; up++) {
        for (uint32_t slot = 0; slot < 3; slot++)
            tree_set_up(&tree, slot, up >> slot & 1);
        tree_refresh_all(&tree);
        assert_int_equal(state_of(&tree, top)->first_available, up == 0  ? UINT16_MAX
                                                                : up & 1 ? 0
                                                                : up & 2 ? 1
                                                                         : 2);
    }
    tree_free(&tree);
}

static void lists_hold_each_family_apart(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "weighted", (uint32_t[]){ 2, 3, 4 }, 3);
    ((struct endpoint *)(uintptr_t)pool->children[1].endpoint)->families = FAMILY_V4;
    tree_refresh_all(&tree);
    const struct candidate_list *v4 = node_list(state_of(&tree, pool), VIEW_HEALTHY, LIST_V4);
    const struct candidate_list *v6 = node_list(state_of(&tree, pool), VIEW_HEALTHY, LIST_V6);
    assert_int_equal(v4->count, 3);
    assert_int_equal(v4->cumulative[2], 9);
    assert_int_equal(v6->count, 2);
    assert_int_equal(v6->index[1], 2);
    assert_int_equal(v6->cumulative[0], 1); /* 2 to 4 is 1 to 2 */
    assert_int_equal(v6->cumulative[1], 3);
    tree_free(&tree);
}

static double share_of(const struct candidate_list *list, uint16_t place)
{
    uint32_t before = place > 0 ? list->cumulative[place - 1] : 0;
    return (double)(list->cumulative[place] - before) / list->cumulative[list->count - 1];
}

/* Weights 50, 30, 20 are loads; the second can take 40, the third has endpoints for 35 and 45. */
static void a_failed_pools_load_goes_where_there_is_room(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pools[3] = { tree_pool(&tree, "round_robin", (uint32_t[]){ 1 }, 1),
                              tree_pool(&tree, "round_robin", (uint32_t[]){ 1 }, 1),
                              tree_pool(&tree, "round_robin", (uint32_t[]){ 1, 1 }, 2) };
    struct node *top = tree_node(&tree, "weighted", 3);
    pools[1]->capacity = 40;
    tree_more(pools[2]->children[0].endpoint)->capacity = 35;
    tree_more(pools[2]->children[1].endpoint)->capacity = 45;
    for (uint16_t i = 0; i < 3; i++)
        tree_hang(top, i, pools[i], (uint32_t[]){ 50, 30, 20 }[i]);
    tree_refresh_all(&tree);
    const struct candidate_list *list = node_list(state_of(&tree, top), VIEW_HEALTHY, LIST_ANY);
    assert_int_equal(list->cumulative[2], 10); /* nothing is in the way: exact weights */
    tree_set_up(&tree, 0, false);
    tree_refresh_all(&tree);
    list = node_list(state_of(&tree, top), VIEW_HEALTHY, LIST_ANY);
    assert_int_equal(state_of(&tree, pools[2])->capacity, 80);
    assert_true(fabs(share_of(list, 0) - 0.40) < 1e-6);
    assert_true(fabs(share_of(list, 1) - 0.60) < 1e-6);
    tree_set_up(&tree, 2, false); /* now 40 and 45 for 100: both are overloaded alike */
    tree_refresh_all(&tree);
    list = node_list(state_of(&tree, top), VIEW_HEALTHY, LIST_ANY);
    assert_true(fabs(share_of(list, 0) - 40 / 85.0) < 1e-6);
    tree_free(&tree);
}

static void what_is_shed_or_not_yet_grown_goes_to_the_siblings(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "weighted", (uint32_t[]){ 2, 1, 1 }, 3);
    pool->children[0].shed = 50;
    tree_condition(&tree, 2,
                   (struct endpoint_condition){
                       .weight = 1, .ttl_cap_s = TTL_CAP_NONE, .is_available = true, .withheld = WHOLE / 2 });
    tree_refresh_all(&tree);
    const struct candidate_list *list = node_list(state_of(&tree, pool), VIEW_HEALTHY, LIST_ANY);
    /* keeps 1, 1, 0.5: of the first's 1 the others get 2/3 and 1/3, of the last's 0.5 a half each */
    assert_true(fabs(share_of(list, 0) - 1.25 / 4) < 1e-6);
    assert_true(fabs(share_of(list, 1) - (1 + 2 / 3.0 + 0.25) / 4) < 1e-6);
    assert_true(fabs(share_of(list, 2) - (0.5 + 1 / 3.0) / 4) < 1e-6);
    tree_free(&tree);
}

static bool naive_has(const struct endpoint_condition *condition, enum view view)
{
    return view == VIEW_EVERYTHING || (view == VIEW_HEALTHY ? condition->is_available : !condition->is_held);
}

/* Rebuilds one list the obvious way and compares. */
static void compare_list(const struct tree *tree, const struct node *pool, enum view view,
                         enum list_family family)
{
    const struct candidate_list *list = node_list(state_of(tree, pool), view, family);
    uint64_t weights[16], total = 0, sum = 0;
    uint16_t index[16], count = 0;
    bool has_weight = false;
    for (uint16_t pass = 0; pass < 2; pass++) {
        count = 0;
        for (uint16_t i = 0; i < pool->child_count; i++) {
            const struct endpoint *endpoint = pool->children[i].endpoint;
            const struct endpoint_condition *condition =
                paged_get(&tree->conditions.endpoints, endpoint->slot);
            uint8_t wanted = family == LIST_V4   ? FAMILY_V4
                             : family == LIST_V6 ? FAMILY_V6
                                                 : FAMILY_V4 | FAMILY_V6;
            if (!(endpoint->families & wanted) || !naive_has(condition, view))
                continue;
            has_weight |= condition->weight > 0;
            if (pass == 1 && has_weight && condition->weight == 0)
                continue;
            weights[count] = has_weight ? condition->weight : 1;
            index[count++] = i;
        }
    }
    assert_int_equal(list->count, count);
    for (uint16_t i = 0; i < count; i++)
        sum += weights[i];
    for (uint16_t i = 0; i < count; i++) {
        total += weights[i];
        assert_int_equal(list->index[i], index[i]);
        assert_int_equal(list->cumulative[i] * sum, total * list->cumulative[count - 1]);
    }
}

static void lists_are_what_the_obvious_way_gives(void **unused)
{
    (void)unused;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (int round = 0; round < 300; round++) {
        struct tree tree = { 0 };
        uint32_t weights[12];
        uint16_t count = (uint16_t)(1 + rng_next(&rng) % 12);
        for (uint16_t i = 0; i < count; i++)
            weights[i] = (uint32_t)(rng_next(&rng) % 4);
        struct node *pool = tree_pool(&tree, "weighted", weights, count);
        for (uint32_t slot = 0; slot < count; slot++) {
            uint64_t bits = rng_next(&rng);
            ((struct endpoint *)(uintptr_t)pool->children[slot].endpoint)->families = (uint8_t)(1 + bits % 3);
            tree_condition(&tree, slot,
                           (struct endpoint_condition){ .weight = weights[slot],
                                                        .ttl_cap_s = TTL_CAP_NONE,
                                                        .is_held = (bits >> 8) % 3 == 0,
                                                        .is_available = (bits >> 8) % 3 == 1 });
        }
        tree_refresh_all(&tree);
        for (enum view view = 0; view < VIEW_COUNT; view++) {
            for (enum list_family family = 0; family < LIST_COUNT; family++)
                compare_list(&tree, pool, view, family);
        }
        tree_free(&tree);
    }
}

static void an_unchanged_state_is_equal(void **unused)
{
    (void)unused;
    struct tree tree = { 0 };
    struct node *pool = tree_pool(&tree, "weighted", (uint32_t[]){ 2, 3, 4 }, 3);
    const struct node_state *before = state_of(&tree, pool);
    tree_refresh_all(&tree);
    assert_true(node_state_equal(before, state_of(&tree, pool)));
    tree_set_up(&tree, 1, false);
    tree_refresh_all(&tree);
    assert_false(node_state_equal(before, state_of(&tree, pool)));
    tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_available_while_enough_of_it_is),
        cmocka_unit_test(failure_travels_upward),
        cmocka_unit_test(the_first_that_is_available_is_known),
        cmocka_unit_test(lists_hold_each_family_apart),
        cmocka_unit_test(a_failed_pools_load_goes_where_there_is_room),
        cmocka_unit_test(what_is_shed_or_not_yet_grown_goes_to_the_siblings),
        cmocka_unit_test(lists_are_what_the_obvious_way_gives),
        cmocka_unit_test(an_unchanged_state_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
