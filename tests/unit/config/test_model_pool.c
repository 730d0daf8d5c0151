/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/declared.h"

static void a_pool_is_read(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(
        OBJECT_POOL, "us",
        "{\"policy\": \"weighted\", \"answers\": 2, \"min_healthy\": \"50%\", \"check\": \"web\", "
        "\"endpoints\": {"
        " \"a\": {\"ipv4\": \"192.0.2.1\", \"ipv6\": \"2001:db8::1\", \"weight\": 3, \"location\": [38.5, "
        "-77.25]},"
        " \"b\": {\"hostname\": \"CDN.example.net\", \"location\": \"IE\", \"checks\": [\"x\", \"y\"]}}}");
    struct declared_pool *pool = declared_pool_parse(&object, &problems);
    assert_non_null(pool);
    assert_string_equal(pool->policy->name, "weighted");
    assert_int_equal(pool->answers, 2);
    assert_int_equal(pool->min_healthy.value, 50);
    assert_true(pool->min_healthy.is_percent);
    assert_int_equal(pool->check_count, 1);
    assert_string_equal(pool->checks[0], "web");
    assert_int_equal(pool->count, 2);
    const struct declared_endpoint *a = &pool->endpoints[0], *b = &pool->endpoints[1];
    assert_string_equal(a->name, "a");
    assert_int_equal(a->families, FAMILY_V4 | FAMILY_V6);
    assert_memory_equal(a->ipv4, "\xc0\0\2\1", 4);
    assert_memory_equal(a->ipv6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_int_equal(a->weight, 3);
    assert_true(a->at.is_known && a->at.latitude == 38.5F && a->at.longitude == -77.25F);
    assert_int_equal(a->check_count, 0);
    assert_int_equal(b->families, 0);
    assert_string_equal(b->hostname, "cdn.example.net.");
    assert_int_equal(b->weight, 1);
    assert_true(b->at.is_known && b->at.latitude > 50);
    assert_int_equal(b->check_count, 2);
    declared_pool_free(pool);
}

static void a_pool_has_defaults(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object =
        object_of(OBJECT_POOL, "us", "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}");
    struct declared_pool *pool = declared_pool_parse(&object, &problems);
    assert_non_null(pool);
    assert_string_equal(pool->policy->name, "round_robin");
    assert_int_equal(pool->answers, 0);
    assert_int_equal(pool->min_healthy.value, 1);
    assert_false(pool->min_healthy.is_percent);
    assert_false(pool->endpoints[0].at.is_known);
    declared_pool_free(pool);
}

static const struct row pools[] = {
    { "{\n \"endpoints\": {\n  \"us-1\": {\"ipv4\": \"192.0.2.1\", \"weight\": -1},\n"
      "  \"us-2\": {\"ipv4\": \"192.0.2.256\", \"wieght\": 1},\n"
      "  \"us 3\": {\"ipv6\": \"192.0.2.1\"} } }",
      "s.json:12:43: /pools/us/endpoints/us-1/weight: must be 0..65535, got -1\n"
      "s.json:13:20: /pools/us/endpoints/us-2/ipv4: must be an IPv4 address, got \"192.0.2.256\"\n"
      "s.json:13:45: /pools/us/endpoints/us-2/wieght: unknown key: did you mean \"weight\"?\n"
      "s.json:14:11: /pools/us/endpoints/us 3: the name must be 1 to 63 letters, digits, \".\", "
      "\"_\" "
      "or \"-\"\n"
      "s.json:14:20: /pools/us/endpoints/us 3/ipv6: must be an IPv6 address, got \"192.0.2.1\"" },
    { "{}", "s.json:10:5: /pools/us: \"endpoints\" is missing" },
    { "{\"endpoints\": {}}", "s.json:10:19: /pools/us/endpoints: must be an object of endpoints by name, at "
                             "least one, got an empty object" },
    { "{\"endpoints\": [\"192.0.2.1\"]}",
      "s.json:10:19: /pools/us/endpoints: must be an object of endpoints by name, at least one, got a list" },
    { "{\"endpoints\": {\"a\": {}}}",
      "s.json:10:25: /pools/us/endpoints/a: needs \"ipv4\", \"ipv6\" or \"hostname\"" },
    { "{\"endpoints\": {\"a\": \"192.0.2.1\"}}",
      "s.json:10:25: /pools/us/endpoints/a: must be an object {…}, got \"192.0.2.1\"" },
    { "{\"endpoints\": {\"a\": {\"hostname\": \"192.0.2.1\"}}}",
      "s.json:10:38: /pools/us/endpoints/a/hostname: must be a host name, not an address, got "
      "\"192.0.2.1\"" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"location\": [91, 0]}}}",
      "s.json:10:59: /pools/us/endpoints/a/location: latitude must be -90..90, got 91" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"location\": [1]}}}",
      "s.json:10:59: /pools/us/endpoints/a/location: must be [latitude, longitude] or a two-letter country "
      "code, "
      "got a list" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"location\": \"Ireland\"}}}",
      "s.json:10:59: /pools/us/endpoints/a/location: must be a two-letter country code or [latitude, "
      "longitude], "
      "got \"Ireland\"" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"location\": \"UK\"}}}",
      "s.json:10:59: /pools/us/endpoints/a/location: must be a two-letter country code or [latitude, "
      "longitude], got \"UK\": did you mean \"GB\"?" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"location\": \"ie\"}}}",
      "s.json:10:59: /pools/us/endpoints/a/location: must be a two-letter country code or [latitude, "
      "longitude], got \"ie\": did you mean \"IE\"?" },
    { "{\"policy\": \"geo\", \"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
      "s.json:10:16: /pools/us/policy: must be a policy that a pool can have (round_robin, weighted, "
      "failover, "
      "nearest, latency, sticky), got \"geo\"" },
    { "{\"policy\": \"wieghted\", \"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
      "s.json:10:16: /pools/us/policy: unknown policy \"wieghted\": did you mean \"weighted\"?" },
    { "{\"answers\": 17, \"min_healthy\": \"101%\", \"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
      "s.json:10:17: /pools/us/answers: must be 1..16, got 17\n"
      "s.json:10:36: /pools/us/min_healthy: must be a count of at least 1 or a percentage such as \"50%\", "
      "got "
      "\"101%\"" },
    { "{\"min_healthy\": 2, \"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
      "s.json:10:21: /pools/us/min_healthy: must be 1..1, which is all there are, got 2" },
    { "{\"check\": \"a\", \"checks\": [\"b\", \"c\", \"d\", \"e\"], \"endpoints\": {\"a\": {\"ipv4\": "
      "\"192.0.2.1\"}}}",
      "s.json:10:46: /pools/us/checks/3: at most 4 checks, got one more" },
    { "{\"check\": \"a\", \"checks\": [\"a\", 3], \"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
      "s.json:10:31: /pools/us/checks/0: check \"a\" stands here already\n"
      "s.json:10:36: /pools/us/checks/1: must be the name of a check, got 3" },
};

static void what_is_wrong_with_a_pool_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_POOL, "us", pools);
    static const struct row named[] = { { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\"}}}",
                                          "s.json:10:5: /pools/us: the name must be 1 to 63 letters, "
                                          "digits, \".\", \"_\" or \"-\", got \"a b\"" } };
    ASSERT_COMPLAINTS(OBJECT_POOL, "a b", named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_is_read),
        cmocka_unit_test(a_pool_has_defaults),
        cmocka_unit_test(what_is_wrong_with_a_pool_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
