/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The story that explain tells of a walk through a tree: the walk is steer's own. */
#include "support/cmocka_all.h"

#include "api/explain.h"
#include "dns/type.h"
#include "support/tree.h"

#include <cjson/cJSON.h>

#include <string.h>

/* failover over two weighted pools of two endpoints each: n0 (e0, e1), n1 (e2, e3), n2 over both. */
struct world {
    struct tree tree;
    struct node *first, *second, *root;
    struct service service;
    struct snapshot now;
};

static int make_world(void **state)
{
    static const uint32_t weights[] = { 3, 1 };
    struct world *world = xcalloc(1, sizeof *world);
    world->first = tree_pool(&world->tree, "weighted", weights, 2);
    world->second = tree_pool(&world->tree, "weighted", weights, 2);
    world->root = tree_node(&world->tree, "failover", 2);
    tree_hang(world->root, 0, world->first, 1);
    tree_hang(world->root, 1, world->second, 1);
    tree_refresh_all(&world->tree);
    world->service = (struct service){ .ttl_s = 30, .min_ttl_s = 15, .name = "www.example.test" };
    world->service.root = (struct child){ .kind = CHILD_SHARED, .shared = world->root->id };
    world->now = (struct snapshot){ .dataset = &world->tree.dataset,
                                    .conditions = &world->tree.conditions,
                                    .tickets = tickets_new(64) };
    *state = world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;
    tickets_free(world->now.tickets);
    tree_free(&world->tree);
    free(world);
    return 0;
}

static void set_down(struct world *world, uint32_t slot)
{
    static const struct evidence refused = { .since_wall_ms = 1000,
                                             .check = "web",
                                             .text = "connection refused" };
    struct endpoint_condition next =
        *(const struct endpoint_condition *)paged_get(&world->tree.conditions.endpoints, slot);
    next.is_available = false;
    next.verdict = HEALTH_DOWN;
    next.evidence = &refused;
    tree_condition(&world->tree, slot, next);
    tree_refresh_all(&world->tree);
}

/* Walks once; the steps, and the sentences in `summary`. */
static cJSON *explain(struct world *world, uint16_t qtype, struct text *summary)
{
    struct writer json = { 0 };
    struct explain_steps steps;
    struct decision decision;
    const struct client client = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    writer_array(&json, NULL);
    explain_steps_begin(&steps, &world->now, qtype, &json, summary);
    steps.service = &world->service; /* what a ZONE step would have told */
    const struct steering steering = { .now = &world->now,
                                       .service = &world->service,
                                       .client = &client,
                                       .qtype = qtype,
                                       .peeks = true,
                                       .trace = &steps.trace };
    steer(&steering, &decision);
    writer_end(&json);
    cJSON *parsed = cJSON_ParseWithLength(json.text.bytes, json.text.size);
    assert_non_null(parsed);
    text_free(&json.text);
    return parsed;
}

static const cJSON *step_of_node(const cJSON *steps, const char *node)
{
    const cJSON *step;
    cJSON_ArrayForEach(step, steps)
    {
        const cJSON *name = cJSON_GetObjectItem(step, "node");
        if (name != NULL && strcmp(name->valuestring, node) == 0)
            return step;
    }
    fail_msg("no step about %s", node);
    return NULL;
}

static const cJSON *candidate(const cJSON *step, int at)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItem(step, "candidates"), at);
}

static const char *text_at(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}

static void each_node_says_what_it_chose_and_why(void **state)
{
    struct text summary = { 0 };
    cJSON *steps = explain(*state, DNS_A, &summary);
    const cJSON *root = step_of_node(steps, "n2"), *pool = step_of_node(steps, "n0");
    assert_string_equal(text_at(root, "policy"), "failover");
    assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "chosen"), 0)->valuestring, "n0");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(candidate(root, 0), "chosen")));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(candidate(root, 1), "chosen")));
    assert_int_equal(cJSON_GetObjectItem(pool, "depth")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(candidate(pool, 0), "weight")->valueint, 3);
    assert_non_null(strstr(summary.bytes, "n2 (failover): n0: the first available one in the written order"));
    cJSON_Delete(steps);
    text_free(&summary);
}

static void a_pool_that_is_passed_over_is_taken_apart(void **state)
{
    struct text summary = { 0 };
    set_down(*state, 0);
    set_down(*state, 1);
    cJSON *steps = explain(*state, DNS_A, &summary);
    const cJSON *first = candidate(step_of_node(steps, "n2"), 0);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(first, "available")));
    assert_string_equal(text_at(first, "why"), "0 of 2 available, 1 needed");
    assert_string_equal(text_at(candidate(first, 0), "why"),
                        "down since 1970-01-01T00:00:01.000Z by check web: connection refused");
    assert_non_null(strstr(summary.bytes, "not e1: down since"));
    cJSON_Delete(steps);
    text_free(&summary);
}

static void when_all_is_down_the_root_says_why_before_all_are_served(void **state)
{
    struct text summary = { 0 };
    for (uint32_t slot = 0; slot < 4; slot++)
        set_down(*state, slot);
    cJSON *steps = explain(*state, DNS_A, &summary);
    const cJSON *view = cJSON_GetArrayItem(steps, 0);
    assert_string_equal(text_at(view, "step"), "view");
    assert_string_equal(text_at(view, "view"), "healthy");
    assert_string_equal(text_at(view, "node"), "n2");
    assert_string_equal(text_at(view, "why"), "0 of 2 available, 1 needed");
    assert_string_equal(text_at(cJSON_GetArrayItem(steps, 1), "view"), "unheld");
    const cJSON *result = cJSON_GetArrayItem(steps, cJSON_GetArraySize(steps) - 1);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(result, "degraded")));
    assert_non_null(strstr(summary.bytes, "health is disregarded"));
    cJSON_Delete(steps);
    text_free(&summary);
}

static void with_nodata_the_reason_is_still_told(void **state)
{
    struct world *world = *state;
    struct text summary = { 0 };
    for (uint32_t slot = 0; slot < 4; slot++)
        set_down(world, slot);
    world->service.when_all_down = ALL_DOWN_NODATA;
    cJSON *steps = explain(world, DNS_A, &summary);
    assert_int_equal(cJSON_GetArraySize(steps), 2);
    assert_string_equal(text_at(cJSON_GetArrayItem(steps, 0), "why"), "0 of 2 available, 1 needed");
    assert_string_equal(text_at(cJSON_GetArrayItem(steps, 1), "outcome"), "nodata");
    cJSON_Delete(steps);
    text_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_node_says_what_it_chose_and_why, make_world, free_world),
        cmocka_unit_test_setup_teardown(a_pool_that_is_passed_over_is_taken_apart, make_world, free_world),
        cmocka_unit_test_setup_teardown(when_all_is_down_the_root_says_why_before_all_are_served, make_world,
                                        free_world),
        cmocka_unit_test_setup_teardown(with_nodata_the_reason_is_still_told, make_world, free_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
