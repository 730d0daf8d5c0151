/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/declared.h"

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
      "s.json:10:45: /z/service: unknown key: a zone has file, records, allow_query" },
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

static void an_rrset_is_read(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_RRSET, "example.com/www/A", "{\"values\": [\"192.0.2.1\"]}");
    struct declared_rrset *rrset = declared_rrset_parse(&object, &problems);
    assert_non_null(rrset);
    assert_int_equal(rrset->ttl_s, 3600);
    assert_int_equal(rrset->value_count, 1);
    declared_rrset_free(rrset);
    object = object_of(OBJECT_RRSET, "example.com/@/TYPE65280", "{\"ttl\": 0, \"values\": []}");
    rrset = declared_rrset_parse(&object, &problems);
    assert_non_null(rrset);
    assert_int_equal(rrset->ttl_s, 0);
    declared_rrset_free(rrset);
}

static const struct row rrsets[] = {
    { "{\"ttl\": -1, \"values\": \"x\", \"value\": 1}",
      "s.json:10:13: /r/ttl: must be 0..2147483647 seconds, got -1\n"
      "s.json:10:27: /r/values: must be a list of strings, got \"x\"\n"
      "s.json:10:41: /r/value: unknown key: did you mean \"values\"?" },
    { "{}", "s.json:10:5: /r: \"values\" is missing" },
    { "{\"values\": [\"a\\nb\", \"\"]}",
      "s.json:10:17: /r/values/0: must be the data of one record on one line, got \"a\\u000ab\"\n"
      "s.json:10:25: /r/values/1: must not be empty" },
};

static void what_is_wrong_with_an_rrset_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_RRSET, "example.com/www/A", rrsets);
    static const struct row named[] = { { "{\"values\": []}",
                                          "s.json:10:5: /r: \"example.com/WWW/a\" is no name of an RRset as "
                                          "\"example.com/www/A\"" } };
    ASSERT_COMPLAINTS(OBJECT_RRSET, "example.com/WWW/a", named);
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
          NULL },
        { "{\"policy\": \"us\", \"when_all_down\": {\"failover\": [\"a\"]}}", TARGET_NODE, "/when_all_down" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct declared_service *service = read_service(rows[i].text);
        assert_int_equal(service->when_all_down, ALL_DOWN_TARGET);
        assert_int_equal(service->sorry.kind, rows[i].kind);
        if (rows[i].pointer != NULL)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_is_read),
        cmocka_unit_test(what_is_wrong_with_a_zone_is_said_with_its_place),
        cmocka_unit_test(an_rrset_is_read),
        cmocka_unit_test(what_is_wrong_with_an_rrset_is_said_with_its_place),
        cmocka_unit_test(a_service_is_read),
        cmocka_unit_test(a_sorry_server_is_a_target),
        cmocka_unit_test(what_is_wrong_with_a_service_is_said_with_its_place),
        cmocka_unit_test(by_the_api_there_is_a_pointer_but_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
