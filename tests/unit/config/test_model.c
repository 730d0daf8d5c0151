/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "base/rng.h"
#include "config/complaints.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* As if the text stood in steering.json at line 10, column 5. */
static struct object object_of(enum object_kind kind, const char *name, const char *text)
{
    static char pointers[OBJECT_KIND_COUNT][16] = { "/c", "/pools/us", "/p", "/z", "/d", "/s" };
    return (struct object){ .kind = kind,
                            .name = (char *)(uintptr_t)name,
                            .text = (char *)(uintptr_t)text,
                            .text_size = strlen(text),
                            .file = "s.json",
                            .line = 10,
                            .column = 5,
                            .pointer = pointers[kind] };
}

/* Parses any kind and frees it; true if it was good. */
static bool parse(const struct object *object, struct problems *problems)
{
    if (object->kind == OBJECT_CHECK) {
        struct check *check = check_parse(object, problems);
        check_release(check);
        return check != NULL;
    }
    if (object->kind == OBJECT_POOL) {
        struct declared_pool *pool = declared_pool_parse(object, problems);
        declared_pool_free(pool);
        return pool != NULL;
    }
    if (object->kind == OBJECT_POLICY) {
        struct declared_node *node = declared_policy_parse(object, problems);
        declared_node_free(node);
        return node != NULL;
    }
    if (object->kind == OBJECT_ZONE) {
        struct declared_zone *zone = declared_zone_parse(object, problems);
        declared_zone_free(zone);
        return zone != NULL;
    }
    struct declared_service *service = declared_service_parse(object, problems);
    declared_service_free(service);
    return service != NULL;
}

struct row {
    const char *text, *complaints; /* complaints NULL: it is good */
};

static void assert_complaints(enum object_kind kind, const char *name, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct problems problems = { 0 };
        struct object object = object_of(kind, name, rows[i].text);
        bool is_good = parse(&object, &problems);
        char *got = complaints_take(&problems);
        assert_string_equal(got, rows[i].complaints != NULL ? rows[i].complaints : "");
        assert_int_equal(is_good, rows[i].complaints == NULL);
        free(got);
    }
}
#define ASSERT_COMPLAINTS(kind, name, rows) assert_complaints(kind, name, rows, sizeof(rows) / sizeof *(rows))

/* ---- checks ---- */

static void a_check_has_the_defaults_of_the_manual(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_CHECK, "web", "{\"type\": \"https\"}");
    struct check *check = check_parse(&object, &problems);
    assert_non_null(check);
    assert_string_equal(check->name, "web");
    assert_int_equal(check->type, CHECK_HTTPS);
    assert_int_equal(check->interval_ms, 3000);
    assert_int_equal(check->timeout_ms, 1000);
    assert_int_equal(check->rise, 2);
    assert_int_equal(check->fall, 3);
    assert_int_equal(check->port, 0);
    assert_string_equal(check->path, "/");
    assert_string_equal(check->method, "GET");
    assert_true(check->verify);
    assert_int_equal(check->code_count, 1);
    assert_int_equal(check->codes[0].low, 200);
    assert_int_equal(check->codes[0].high, 299);
    assert_null(check->target_host);
    assert_ptr_equal(check_acquire(check), check);
    check_release(check);
    assert_string_equal(check->name, "web"); /* one reference is left */
    check_release(check);
}

static void every_option_of_a_check_is_taken(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(
        OBJECT_CHECK, "web",
        "{\"type\": \"https\", \"interval\": \"250ms\", \"timeout\": \"1m\", \"rise\": 1, \"fall\": 100,"
        " \"port\": 8443, \"host\": \"192.0.2.1\", \"path\": \"/x?y=1\", \"method\": \"GET\","
        " \"host_header\": \"h:1\", \"sni\": \"s.example\", \"body_contains\": \"ok\\n\", \"ca_file\": "
        "\"/ca\","
        " \"verify\": false, \"codes\": [\"200-204, 301\", 401], \"jitter_percent\": 0}");
    struct check *check = check_parse(&object, &problems);
    assert_non_null(check);
    assert_int_equal(check->interval_ms, 250);
    assert_int_equal(check->timeout_ms, 60000);
    assert_int_equal(check->fall, 100);
    assert_int_equal(check->port, 8443);
    assert_string_equal(check->target_host, "192.0.2.1");
    assert_string_equal(check->path, "/x?y=1");
    assert_string_equal(check->host_header, "h:1");
    assert_string_equal(check->sni, "s.example");
    assert_string_equal(check->body_contains, "ok\n");
    assert_string_equal(check->ca_file, "/ca");
    assert_false(check->verify);
    assert_int_equal(check->code_count, 3);
    assert_int_equal(check->codes[0].high, 204);
    assert_int_equal(check->codes[1].low, 301);
    assert_int_equal(check->codes[1].high, 301);
    assert_int_equal(check->codes[2].low, 401);
    assert_int_equal(check->jitter_percent, 0);
    check_release(check);
}

static const struct row checks[] = {
    { "{\"type\": \"tcp\", \"port\": 25}", NULL },
    { "{}", "s.json:10:5: /c: \"type\" is missing" },
    { "[1]", "s.json:10:5: /c: must be an object {…}, got a list" },
    { "{\"type\": \"icmp\"}", "s.json:10:14: /c/type: must be \"http\", \"https\" or \"tcp\", got \"icmp\"" },
    { "{\"type\": \"tcp\"}", "s.json:10:5: /c: a check of type \"tcp\" needs a \"port\"" },
    { "{\"type\": \"tcp\", \"port\": 1,\n \"path\": \"/\", \"sni\": \"a\"}",
      "s.json:11:10: /c/path: has no meaning for a check of type \"tcp\"\n"
      "s.json:11:22: /c/sni: has no meaning for a check of type \"tcp\"" },
    { "{\"type\": \"http\", \"verify\": false}",
      "s.json:10:32: /c/verify: has no meaning for a check of type \"http\"" },
    { "{\"type\": \"http\", \"interval\": 3}",
      "s.json:10:34: /c/interval: a duration needs its unit: write \"3s\", got 3" },
    { "{\"type\": \"http\", \"interval\": 0.25}",
      "s.json:10:34: /c/interval: a duration needs its unit: write \"3s\", got 0.25" },
    { "{\"type\": \"http\", \"interval\": \"50ms\"}",
      "s.json:10:34: /c/interval: must be 100ms..1h, got \"50ms\"" },
    { "{\"type\": \"http\", \"timeout\": \"2m\"}", "s.json:10:33: /c/timeout: must be 10ms..1m, got \"2m\"" },
    { "{\"type\": \"http\", \"timeout\": \"3 s\"}", "s.json:10:33: /c/timeout: must be a duration such as "
                                                    "\"250ms\", \"3s\", \"5m\" or \"1h\", got \"3 s\"" },
    { "{\"type\": \"http\", \"rise\": 0, \"fall\": 101, \"port\": 65536}",
      "s.json:10:30: /c/rise: must be 1..100, got 0\n"
      "s.json:10:41: /c/fall: must be 1..100, got 101\n"
      "s.json:10:54: /c/port: must be 1..65535, got 65536" },
    { "{\"type\": \"http\", \"fall\": \"3\"}",
      "s.json:10:30: /c/fall: must be a whole number 1..100, got \"3\"" },
    { "{\"type\": \"http\", \"path\": \"x\"}", "s.json:10:30: /c/path: must start with \"/\", got \"x\"" },
    { "{\"type\": \"http\", \"path\": \"/a b\"}",
      "s.json:10:30: /c/path: must not hold blanks, got \"/a b\"" },
    { "{\"type\": \"http\", \"path\": \"/a\\r\\nX: y\"}",
      "s.json:10:30: /c/path: must not hold control characters" },
    { "{\"type\": \"http\", \"method\": \"POST\"}",
      "s.json:10:32: /c/method: must be \"GET\" or \"HEAD\", got \"POST\"" },
    { "{\"type\": \"http\", \"method\": \"HEAD\", \"body_contains\": \"x\"}",
      "s.json:10:5: /c: \"body_contains\" needs method \"GET\": an answer to HEAD has no body" },
    { "{\"type\": \"http\", \"host\": \"a..b\"}",
      "s.json:10:30: /c/host: must be a host name or an address, got \"a..b\"" },
    { "{\"type\": \"https\", \"sni\": \"192.0.2.1\"}",
      "s.json:10:30: /c/sni: must be a host name, not an address, got \"192.0.2.1\"" },
    { "{\"type\": \"https\", \"ca_file\": \"ca.pem\"}",
      "s.json:10:34: /c/ca_file: must be an absolute path, got \"ca.pem\"" },
    { "{\"type\": \"http\", \"codes\": \"2xx\"}",
      "s.json:10:31: /c/codes: must be status codes or ranges such as \"200-299,401\", at most 8 in all, got "
      "\"2xx\"" },
    { "{\"type\": \"http\", \"codes\": [200, \"300-299\"]}",
      "s.json:10:37: /c/codes/1: must be status codes or ranges such as \"200-299,401\", at most 8 in all, "
      "got "
      "\"300-299\"" },
    { "{\"type\": \"http\", \"codes\": []}", "s.json:10:31: /c/codes: must be status codes or ranges such as "
                                             "\"200-299,401\", at most 8 in all, got an "
                                             "empty list" },
    { "{\"type\": \"http\", \"verify\": 1, \"intervall\": \"3s\"}",
      "s.json:10:32: /c/verify: must be true or false, got 1\n"
      "s.json:10:48: /c/intervall: unknown key: did you mean \"interval\"?\n"
      "s.json:10:32: /c/verify: has no meaning for a check of type \"http\"" },
    { "{\"type\": \"http\", }", "s.json:10:20: /c: trailing comma: none may stand in front of \"}\"" },
};

static void what_is_wrong_with_a_check_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_CHECK, "web", checks);
}

/* ---- pools ---- */

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
                             "least one, got an object" },
    { "{\"endpoints\": [\"192.0.2.1\"]}",
      "s.json:10:19: /pools/us/endpoints: must be an object of endpoints by name, at least one, got a list" },
    { "{\"endpoints\": {\"a\": {}}}",
      "s.json:10:25: /pools/us/endpoints/a: needs \"ipv4\", \"ipv6\" or \"hostname\"" },
    { "{\"endpoints\": {\"a\": \"192.0.2.1\"}}",
      "s.json:10:25: /pools/us/endpoints/a: must be an object {…}, got \"192.0.2.1\"" },
    { "{\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"hostname\": \"x.example\"}}}",
      "s.json:10:25: /pools/us/endpoints/a: has addresses and a \"hostname\": keep one of them" },
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

/* ---- policies ---- */

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
    assert_string_equal(nearest->children[1].to.pointer, "/geo/of/default/nearest/1/to");
    assert_string_equal(nearest->children[2].to.endpoint->hostname, "h.example.");
    declared_node_free(node);
}

static const struct row policies[] = {
    { "{\"weighted\": {\"of\": 3}}", NULL },
    { "{\"weighted\": {\"of\": {\"of\": 3}}}", NULL },
    { "{\"failover\": [{\"round_robin\": [\"a\", \"b\"]}, \"c\"]}", NULL },
    { "{}",
      "s.json:10:5: /p: must be the name of a pool or policy, an object with one policy name as its key, or "
      "an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got an object" },
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
      "weight, location" },
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
    bool is_good = parse(&object, &problems);
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

/* ---- zones and services ---- */

static void a_zone_is_read(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object =
        object_of(OBJECT_ZONE, "example.com",
                  "{\"file\": \"z/x.zone\", \"records\": [\"@ 60 IN A 192.0.2.1\", \"a\\tNS b\"]}");
    struct declared_zone *zone = declared_zone_parse(&object, &problems);
    assert_non_null(zone);
    assert_string_equal(zone->file, "z/x.zone");
    assert_int_equal(zone->record_count, 2);
    assert_string_equal(zone->records[1], "a\tNS b");
    declared_zone_free(zone);
}

static const struct row zones[] = {
    { "{}", NULL },
    { "{\"file\": \"\", \"records\": \"x\", \"service\": {}}",
      "s.json:10:14: /z/file: must not be empty\n"
      "s.json:10:29: /z/records: must be a list of strings, got \"x\"\n"
      "s.json:10:45: /z/service: unknown key: a zone has file, records" },
    { "{\"records\": [\"a\", 3, \"\"]}", "s.json:10:23: /z/records/1: must be a string, got 3\n"
                                         "s.json:10:26: /z/records/2: must not be empty" },
};

static void what_is_wrong_with_a_zone_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_ZONE, "example.com", zones);
    static const struct row named[] = { { "{}", "s.json:10:5: /z: \"a..b\" is no domain name" } };
    ASSERT_COMPLAINTS(OBJECT_ZONE, "a..b", named);
}

static struct declared_service *read_service(const char *text)
{
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_SERVICE, "example.com/www", text);
    struct declared_service *service = declared_service_parse(&object, &problems);
    assert_non_null(service);
    return service;
}

static void a_service_is_read(void **state)
{
    (void)state;
    struct declared_service *service = read_service("{\"policy\": \"us\"}");
    assert_int_equal(service->ttl_s, 30);
    assert_int_equal(service->min_ttl_s, 15);
    assert_int_equal(service->when_all_down, ALL_DOWN_SERVE_ALL);
    assert_true(service->uses_ecs);
    assert_string_equal(service->policy.name, "us");
    assert_string_equal(service->policy.pointer, "/policy");
    declared_service_free(service);

    service =
        read_service("{\"ttl\": 20, \"min_ttl\": 0, \"ecs\": false, \"policy\": {\"ipv4\": \"192.0.2.1\"},"
                     " \"when_all_down\": \"servfail\"}");
    assert_int_equal(service->ttl_s, 20);
    assert_int_equal(service->min_ttl_s, 0);
    assert_false(service->uses_ecs);
    assert_int_equal(service->policy.kind, TARGET_ENDPOINT);
    assert_int_equal(service->when_all_down, ALL_DOWN_SERVFAIL);
    declared_service_free(service);
}

static void a_sorry_server_is_a_target(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum target_kind kind;
        const char *pointer;
    } rows[] = {
        { "{\"policy\": \"us\", \"when_all_down\": \"sorry\"}", TARGET_NAME, "/when_all_down" },
        { "{\"policy\": \"us\", \"when_all_down\": {\"target\": \"sorry\"}}", TARGET_NAME,
          "/when_all_down/target" },
        { "{\"policy\": \"us\", \"when_all_down\": {\"target\": {\"ipv4\": \"192.0.2.1\"}}}", TARGET_ENDPOINT,
          "/when_all_down/target" },
        { "{\"policy\": \"us\", \"when_all_down\": {\"failover\": [\"a\"]}}", TARGET_NODE, "/when_all_down" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct declared_service *service = read_service(rows[i].text);
        assert_int_equal(service->when_all_down, ALL_DOWN_TARGET);
        assert_int_equal(service->sorry.kind, rows[i].kind);
        assert_string_equal(service->sorry.pointer, rows[i].pointer);
        declared_service_free(service);
    }
}

static const struct row services[] = {
    { "{}", "s.json:10:5: /s: \"policy\" is missing" },
    { "{\"policy\": \"us\", \"ttl\": \"30s\"}",
      "s.json:10:29: /s/ttl: must be a whole number 0..604800 seconds, got \"30s\"" },
    { "{\"policy\": \"us\", \"ttl\": -1}", "s.json:10:29: /s/ttl: must be 0..604800 seconds, got -1" },
    { "{\"policy\": \"us\", \"ttl\": 10, \"min_ttl\": 11}",
      "s.json:10:44: /s/min_ttl: must not be above the ttl of 10, got 11" },
    { "{\"policy\": \"us\", \"when_all_down\": 3}",
      "s.json:10:39: /s/when_all_down: must be \"serve_all\", \"nodata\", \"servfail\" or {\"target\": "
      "target}, got 3" },
    { "{\"policy\": [\"us\"], \"when_al_down\": \"nodata\"}",
      "s.json:10:16: /s/policy: must be the name of a pool or policy, an object with one policy name as its "
      "key, or "
      "an endpoint such as {\"ipv4\": \"192.0.2.1\"}, got a list\n"
      "s.json:10:40: /s/when_al_down: unknown key: did you mean \"when_all_down\"?" },
};

static void what_is_wrong_with_a_service_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct row outside[] = { { "{\"policy\": \"us\"}",
                                            "s.json:10:5: /s: owner name \"www.example.net.\" is not in zone "
                                            "example.com" } };
    static const struct row broken[] = { { "{\"policy\": \"us\"}",
                                           "s.json:10:5: /s: \"a..b\" is no owner name" } };
    static const struct row good[] = { { "{\"policy\": \"us\"}", NULL } };
    ASSERT_COMPLAINTS(OBJECT_SERVICE, "example.com/www", services);
    ASSERT_COMPLAINTS(OBJECT_SERVICE, "example.com/www.example.net.", outside);
    ASSERT_COMPLAINTS(OBJECT_SERVICE, "example.com/a..b", broken);
    ASSERT_COMPLAINTS(OBJECT_SERVICE, "example.com/@", good);
    ASSERT_COMPLAINTS(OBJECT_SERVICE, "example.com/*.x", good);
}

static void by_the_api_there_is_a_pointer_but_no_place(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_SERVICE, "example.com/www", "{\"policy\": 3, \"ttl\": -1}");
    object.file = NULL;
    assert_null(declared_service_parse(&object, &problems));
    assert_int_equal(problems.count, 2);
    assert_int_equal(problems.items[1].line, 0);
    assert_string_equal(problems.items[1].pointer, "/s/ttl");
    problems_free(&problems);
}

/* ---- mutations ---- */

static void mutations_are_good_or_refused_never_both(void **state)
{
    (void)state;
    static const struct {
        enum object_kind kind;
        const char *name, *text;
    } seeds[] = {
        { OBJECT_CHECK, "web",
          "{\"type\":\"https\",\"port\":443,\"path\":\"/"
          "h\",\"interval\":\"3s\",\"codes\":[\"200-299\",401],\"verify\":"
          "true}" },
        { OBJECT_POOL, "us",
          "{\"policy\":\"weighted\",\"check\":\"web\",\"min_healthy\":\"50%\",\"endpoints\":{\"a\":{\"ipv4\":"
          "\"192.0.2.10\","
          "\"weight\":3,\"location\":[38.9,-77.4]},\"b\":{\"hostname\":\"x.y\",\"location\":\"IE\"}}}" },
        { OBJECT_POLICY, "any",
          "{\"geo\":{\"of\":{\"country:US\":{\"weighted\":{\"us\":3}},\"default\":{\"nearest\":[\"x\",{"
          "\"to\":{\"ipv4\":"
          "\"192.0.2.1\"},\"bias\":-20}]}},\"answers\":2}}" },
        { OBJECT_ZONE, "example.com", "{\"file\":\"x.zone\",\"records\":[\"@ 60 IN A 192.0.2.1\"]}" },
        { OBJECT_SERVICE, "example.com/www",
          "{\"ttl\":30,\"min_ttl\":5,\"policy\":{\"failover\":[\"us\",\"eu\"]},\"when_all_down\":{\"target\":"
          "\"x\"}}" },
    };
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    for (int round = 0; round < 20000; round++) {
        size_t which = rng_next(&rng) % (sizeof seeds / sizeof *seeds);
        char *text = xstrdup(seeds[which].text);
        for (uint64_t changes = 1 + rng_next(&rng) % 3; changes > 0; changes--) {
            static const char bytes[] = "{}[]\",:0123456789-abcegprstuy%/. ";
            text[rng_next(&rng) % strlen(text)] = bytes[rng_next(&rng) % (sizeof bytes - 1)];
        }
        struct object object = object_of(seeds[which].kind, seeds[which].name, text);
        struct problems problems = { 0 };
        if (parse(&object, &problems) != (problems.error_count == 0))
            fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, text);
        problems_free(&problems);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_has_the_defaults_of_the_manual),
        cmocka_unit_test(every_option_of_a_check_is_taken),
        cmocka_unit_test(what_is_wrong_with_a_check_is_said_with_its_place),
        cmocka_unit_test(a_pool_is_read),
        cmocka_unit_test(a_pool_has_defaults),
        cmocka_unit_test(what_is_wrong_with_a_pool_is_said_with_its_place),
        cmocka_unit_test(a_policy_tree_is_read),
        cmocka_unit_test(what_is_wrong_with_a_policy_is_said_with_its_place),
        cmocka_unit_test(geo_rules_are_checked_by_geo),
        cmocka_unit_test(policies_nest_16_levels_deep),
        cmocka_unit_test(a_zone_is_read),
        cmocka_unit_test(what_is_wrong_with_a_zone_is_said_with_its_place),
        cmocka_unit_test(a_service_is_read),
        cmocka_unit_test(a_sorry_server_is_a_target),
        cmocka_unit_test(what_is_wrong_with_a_service_is_said_with_its_place),
        cmocka_unit_test(by_the_api_there_is_a_pointer_but_no_place),
        cmocka_unit_test(mutations_are_good_or_refused_never_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
