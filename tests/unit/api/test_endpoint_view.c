/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/endpoint_view.h"

#include <cjson/cJSON.h>

#include <string.h>

static const struct whole_endpoint web1 = { { .slot = 0, .weight = 5, .is_whole = true },
                                            { .name = "web1" } };
static const struct evidence refused = { .since_wall_ms = 1000,
                                         .text = "connection refused",
                                         .check = "web" };

static void the_reason_in_force_is_said(void **state)
{
    static const struct override drained = { .state = OVERRIDE_DRAIN, .author = "eve", .reason = "disk" };
    static const struct override down = { .state = OVERRIDE_DOWN, .author = "eve", .expires_wall_ms = 60000 };
    static const struct override up = { .state = OVERRIDE_UP, .author = "eve" };
    static const struct override weighed = { .has_weight = true, .weight = 9, .author = "eve" };
    static const struct {
        struct endpoint_condition condition;
        const char *word, *why;
    } cases[] = {
        { { .weight = 5, .verdict = HEALTH_UNCHECKED, .is_available = true }, "up", "nobody checks it" },
        { { .weight = 5, .verdict = HEALTH_UNKNOWN, .is_available = true }, "up", "not checked yet" },
        { { .weight = 5, .verdict = HEALTH_UP, .is_available = true, .evidence = &refused },
          "up",
          "check web is content" },
        { { .weight = 5, .verdict = HEALTH_DOWN, .evidence = &refused },
          "down",
          "down since 1970-01-01T00:00:01.000Z by check web: connection refused" },
        { { .weight = 5, .verdict = HEALTH_UP, .is_held = true, .override = &drained },
          "drain",
          "drained by eve: disk" },
        { { .weight = 5, .verdict = HEALTH_UP, .is_held = true, .override = &down },
          "down",
          "taken down by eve until 1970-01-01T00:01:00.000Z" },
        { { .weight = 5,
            .verdict = HEALTH_DOWN,
            .is_available = true,
            .override = &up,
            .evidence = &refused },
          "up",
          "held up by eve" },
        { { .weight = 9, .verdict = HEALTH_UNCHECKED, .is_available = true, .override = &weighed },
          "up",
          "nobody checks it" },
        { { .weight = 0, .verdict = HEALTH_UNCHECKED, .is_available = true },
          "up",
          "nobody checks it; weight 0: it serves when no other can" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint_state out;
        endpoint_state_of(&web1.endpoint, &cases[i].condition, &out);
        assert_string_equal(out.word, cases[i].word);
        assert_string_equal(out.why, cases[i].why);
        assert_int_equal(out.weight, cases[i].condition.weight);
        assert_int_equal(out.is_available, cases[i].condition.is_available);
    }
}

static void an_endpoint_without_a_condition_is_up_as_declared(void **state)
{
    struct endpoint_state out;
    (void)state;
    endpoint_state_of(&web1.endpoint, NULL, &out);
    assert_true(out.is_available);
    assert_int_equal(out.weight, 5);
    assert_string_equal(out.word, "up");
}

static void the_longest_words_fit(void **state)
{
    struct override override = { .state = OVERRIDE_DRAIN, .expires_wall_ms = INT64_C(4102444800000) };
    struct endpoint_condition condition = { .is_held = true, .override = &override };
    struct endpoint_state out;
    (void)state;
    memset(override.author, 'a', sizeof override.author - 1);
    memset(override.reason, 'r', sizeof override.reason - 1);
    endpoint_state_of(&web1.endpoint, &condition, &out);
    assert_int_equal(out.why[strlen(out.why) - 1], 'r');
}

static cJSON *view(const char *declared, const struct endpoint_condition *condition)
{
    struct writer json = { 0 };
    const struct edition none = { 0 };
    struct edition edition = none;
    struct conditions conditions = { 0 };
    struct paged_edit *edit = paged_edit_begin(&conditions.endpoints, &edition);
    paged_edit_set(edit, 0, condition);
    conditions.endpoints = paged_edit_end(edit);
    struct snapshot now = { .conditions = &conditions };
    writer_object(&json, NULL);
    endpoint_view_write(&json, "us", "web1", declared, strlen(declared), &now, &web1.endpoint, NULL);
    writer_end(&json);
    cJSON *parsed = cJSON_ParseWithLength(json.text.bytes, json.text.size);
    assert_non_null(parsed);
    text_free(&json.text);
    edition_free_replaced(&edition);
    paged_free(&conditions.endpoints);
    return parsed;
}

static void what_is_declared_stands_beside_what_is_in_force(void **state)
{
    const struct override override = { .state = OVERRIDE_DRAIN, .set_wall_ms = 1, .author = "eve" };
    const struct endpoint_condition condition = { .weight = 9,
                                                  .latency_us = 1500,
                                                  .is_held = true,
                                                  .verdict = HEALTH_DOWN,
                                                  .evidence = &refused,
                                                  .override = &override };
    (void)state;
    cJSON *json = view("{\"ipv4\": \"192.0.2.1\", \"weight\": 7}", &condition);
    assert_int_equal(cJSON_GetObjectItem(json, "weight")->valueint, 7);
    assert_string_equal(cJSON_GetObjectItem(json, "ipv4")->valuestring, "192.0.2.1");
    const cJSON *effective = cJSON_GetObjectItem(json, "effective");
    assert_int_equal(cJSON_GetObjectItem(effective, "weight")->valueint, 9);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(effective, "available")));
    const cJSON *health = cJSON_GetObjectItem(json, "health");
    assert_string_equal(cJSON_GetObjectItem(health, "verdict")->valuestring, "down");
    assert_string_equal(cJSON_GetObjectItem(health, "evidence")->valuestring, "connection refused");
    assert_float_equal(cJSON_GetObjectItem(health, "latency_ms")->valuedouble, 1.5, 0.001);
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "override"), "state")->valuestring,
                        "drain");
    cJSON_Delete(json);
}

static void a_weight_that_is_not_declared_is_shown_as_its_default(void **state)
{
    const struct endpoint_condition condition = { .weight = 5,
                                                  .verdict = HEALTH_UNCHECKED,
                                                  .is_available = true };
    (void)state;
    cJSON *json = view("{\"ipv4\": \"192.0.2.1\"}", &condition);
    assert_int_equal(cJSON_GetObjectItem(json, "weight")->valueint, 5);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "override")));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_in_force_is_said),
        cmocka_unit_test(an_endpoint_without_a_condition_is_up_as_declared),
        cmocka_unit_test(the_longest_words_fit),
        cmocka_unit_test(what_is_declared_stands_beside_what_is_in_force),
        cmocka_unit_test(a_weight_that_is_not_declared_is_shown_as_its_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
