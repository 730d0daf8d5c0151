/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/declared.h"

static void a_policy_tree_is_read(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object =
        object_of(OBJECT_POLICY, "any",
                  "{\"geo\": {\"of\": {\"continent:EU\": \"eu\","
                  " \"country:US\": {\"weighted\": {\"us\": 3, \"of\": 0}},"
                  " \"default\": {\"nearest\": [\"x\", {\"to\": {\"ipv4\": \"192.0.2.1\", \"weight\": 5}, "
                  "\"bias\": -20}, {\"hostname\": \"h.example\"}]}}, \"answers\": 2, \"min_healthy\": 2}}");
    struct declared_node *node = declared_policy_parse(&object, &problems);
    assert_non_null(node);
    assert_string_equal(node->policy->name, "geo");
    assert_int_equal(node->answers, 2);
    assert_int_equal(node->min_healthy.value, 2);
    assert_int_equal(node->count, 3);
    assert_string_equal(node->children[0].rule, "continent:EU");
    assert_int_equal(node->children[0].to.kind, TARGET_NAME);
    assert_string_equal(node->children[0].to.name, "eu");
    assert_string_equal(node->children[0].to.pointer, "/geo/of/continent:EU");
    const struct declared_node *weighted = node->children[1].to.node;
    assert_int_equal(weighted->count, 2);
    assert_int_equal(weighted->min_healthy.value, 1);
    assert_int_equal(weighted->answers, 0);
    assert_string_equal(weighted->children[0].to.name, "us");
    assert_int_equal(weighted->children[0].weight, 3);
    assert_null(weighted->children[0].rule);
    assert_string_equal(weighted->children[1].to.name, "of");
    assert_int_equal(weighted->children[1].weight, 0);
    const struct declared_node *nearest = node->children[2].to.node;
    assert_int_equal(nearest->count, 3);
    assert_int_equal(nearest->children[0].weight, 1);
    assert_int_equal(nearest->children[1].bias, -20);
    assert_int_equal(nearest->children[1].weight, 5);
    assert_int_equal(nearest->children[1].to.kind, TARGET_ENDPOINT);
    assert_string_equal(nearest->children[1].to.endpoint->name, "192.0.2.1");
    assert_string_equal(node->children[2].to.pointer, "/geo/of/default");
    assert_string_equal(nearest->children[2].to.endpoint->hostname, "h.example.");
    declared_node_free(node);
}

static const struct row policies[] = {
    { "{\"weighted\": {\"of\": 3}}", NULL },
    { "{\"weighted\": {\"of\": {\"of\": 3}}}", NULL },
    { "{\"failover\": [{\"round_robin\": [\"a\", \"b\"]}, \"c\"]}", NULL },
    { "{}",
      "s.json:10:5: /p: must be the name of a pool or policy, an object with one policy name as its key, or "
      "an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got an empty object" },
    { "{\"latancy\": [\"a\"]}", "s.json:10:5: /p: unknown policy \"latancy\": did you mean \"latency\"?" },
    { "{\"latency\": [\"a\"], \"answers\": 2}", "s.json:10:5: /p: must have the policy's name as its only "
                                                "key: options stand inside, {\"latency\": {\"of\": "
                                                "…, options}}" },
    { "{\"failover\": {\"a\": 1}}", "s.json:10:18: /p/failover: \"failover\" takes a list of targets, or "
                                    "{\"of\": that list, options}, got an "
                                    "object" },
    { "{\"failover\": \"a\"}",
      "s.json:10:18: /p/failover: \"failover\" takes a list of targets, or {\"of\": that list, options}, got "
      "\"a\"" },
    { "{\"geo\": [\"a\"]}",
      "s.json:10:13: /p/geo: \"geo\" takes an object of rules: {\"rule\": target, …}, got a list" },
    { "{\"sticky\": 3}", "s.json:10:16: /p/sticky: \"sticky\" takes a list of targets or an object of "
                         "weights by target, got 3" },
    { "{\"failover\": []}", "s.json:10:18: /p/failover: needs at least one target" },
    { "{\"weighted\": {\"a\": -1, \"b c\": 1, \"d\": \"x\"}}",
      "s.json:10:24: /p/weighted/a: must be 0..65535, got -1\n"
      "s.json:10:35: /p/weighted/b c: the name must be 1 to 63 letters, digits, "
      "\".\", "
      "\"_\" or \"-\"\n"
      "s.json:10:43: /p/weighted/d: must be a whole number 0..65535, got \"x\"" },
    { "{\"failover\": [{\"to\": \"a\", \"weight\": 2, \"bais\": 1}, {\"to\": 3}, 4, {\"x\": 1}]}",
      "s.json:10:52: /p/failover/0/bais: unknown key: did you mean \"bias\"?\n"
      "s.json:10:41: /p/failover/0/weight: has no meaning for \"failover\"\n"
      "s.json:10:63: /p/failover/1/to: must be the name of a pool or policy, an object with one policy name "
      "as its "
      "key, or an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got 3\n"
      "s.json:10:67: /p/failover/2: must be the name of a pool or policy, an object with one policy name as "
      "its "
      "key, or an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got 4\n"
      "s.json:10:70: /p/failover/3: must be the name of a pool or policy, an object with one policy name as "
      "its "
      "key, or an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got an object" },
    { "{\"nearest\": [{\"to\": \"a\", \"bias\": 100}]}",
      "s.json:10:38: /p/nearest/0/bias: must be -99..99, got 100" },
    { "{\"failover\": [{\"ipv4\": \"192.0.2.1\", \"check\": \"web\"}]}",
      "s.json:10:50: /p/failover/0/check: unknown key: an endpoint in place has ipv4, ipv6, "
      "hostname, "
      "weight, capacity, location" },
    { "{\"failover\": {\"of\": [\"a\"], \"min_healthy\": 2, \"answer\": 1}}",
      "s.json:10:60: /p/failover/answer: unknown key: did you mean \"answers\"?\n"
      "s.json:10:47: /p/failover/min_healthy: must be 1..1, which is all there are, got 2" },
};

static void what_is_wrong_with_a_policy_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_POLICY, "any", policies);
}

static void geo_rules_are_checked_by_geo(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object =
        object_of(OBJECT_POLICY, "any", "{\"geo\": {\"EU\": \"eu\", \"default\": \"us\"}}");
    assert_null(declared_policy_parse(&object, &problems));
    assert_int_equal(problems.error_count, 1);
    assert_string_equal(problems.items[0].pointer, "/p/geo/EU");
    problems_free(&problems);
}

static bool nests(unsigned levels)
{
    struct problems problems = { 0 };
    struct text text = { 0 };
    for (unsigned i = 0; i < levels; i++)
        text_puts(&text, "{\"failover\":[");
    text_puts(&text, "\"a\"");
    for (unsigned i = 0; i < levels; i++)
        text_puts(&text, "]}");
    struct object object = object_of(OBJECT_POLICY, "deep", text.bytes);
    bool is_good = parse_any(&object, &problems);
    problems_free(&problems);
    text_free(&text);
    return is_good;
}

static void policies_nest_16_levels_deep(void **state)
{
    (void)state;
    assert_true(nests(NODE_DEPTH_MAX));
    assert_false(nests(NODE_DEPTH_MAX + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_tree_is_read),
        cmocka_unit_test(what_is_wrong_with_a_policy_is_said_with_its_place),
        cmocka_unit_test(geo_rules_are_checked_by_geo),
        cmocka_unit_test(policies_nest_16_levels_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
