/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#define NS_LINE "\"@ NS ns.example.net.\""

static const struct zone *zone_of(const struct bench *bench)
{
    return zone_set_at(bench->dataset->zones, 0);
}

static bool may_ask(const struct bench *bench, const char *client)
{
    struct address address;
    const struct prefix_map *allowed = zone_allowed(zone_of(bench));
    assert_true(address_parse(client, &address));
    return allowed == NULL || prefix_map_find(allowed, &address, NULL) != PREFIX_MAP_NONE;
}

static void by_default_everybody_may_ask(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_ZONE, "example.com", "{ \"records\": [" NS_LINE "] }");
    assert_null(zone_allowed(zone_of(&bench)));
    bench_free(&bench);
}

static void the_networks_of_the_list_may_ask_and_no_others(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_ZONE, "example.com",
              "{ \"records\": [" NS_LINE "], \"allow_query\": [\"192.0.2.0/24\", \"2001:db8::/32\", "
              "\"203.0.113.7\"] }");
    assert_true(may_ask(&bench, "192.0.2.255"));
    assert_false(may_ask(&bench, "192.0.3.0"));
    assert_true(may_ask(&bench, "203.0.113.7"));
    assert_false(may_ask(&bench, "203.0.113.8"));
    assert_true(may_ask(&bench, "2001:db8::1"));
    assert_false(may_ask(&bench, "2001:db9::1"));
    bench_set(&bench, OBJECT_ZONE, "example.com", "{ \"records\": [" NS_LINE "], \"allow_query\": [] }");
    assert_false(may_ask(&bench, "192.0.2.1"));
    bench_free(&bench);
}

/* Services, records, more names than the table has room for: the list stays, and goes with its zone. */
static void the_list_outlives_other_changes_of_the_zone(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_ZONE, "example.com",
              "{ \"records\": [" NS_LINE "], \"allow_query\": [\"192.0.2.0/24\"] }");
    for (int i = 0; i < 40; i++) {
        char *name = xasprintf("example.com/s%d", i);
        bench_set(&bench, OBJECT_SERVICE, name,
                  "{ \"policy\": { \"failover\": [{ \"ipv4\": \"192.0.2.1\" }] } }");
        free(name);
        assert_false(may_ask(&bench, "198.51.100.1"));
    }
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_ZONE, "example.com",
                               "{ \"records\": [\"@ NS ns.example.net.\", \"nonsense\"] }"),
                     "/records");
    assert_false(may_ask(&bench, "198.51.100.1"));
    bench_must(&bench, bench_try(&bench, OBJECT_ZONE, "example.com", "{ \"records\": [" NS_LINE "] }"));
    bench_reject(&bench);
    assert_false(may_ask(&bench, "198.51.100.1"));
    bench_set_all(&bench, "{}");
    assert_int_equal(zone_set_count(bench.dataset->zones), 0);
    bench_free(&bench);
}

static void a_list_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } rows[] = {
        { "\"192.0.2.0/24\"", "/allow_query: must be a list of networks" },
        { "[\"192.0.2.1/24\"]", "/allow_query/0: must be a network without host bits" },
        { "[\"192.0.2.0/24\", \"any\"]", "/allow_query/1: must be a network without host bits" },
        { "[\"192.0.2.0/33\"]", "/allow_query/0: must be" },
        { "[7]", "/allow_query/0: must be" },
    };
    struct bench bench = bench_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *zone = xasprintf("{ \"records\": [" NS_LINE "], \"allow_query\": %s }", rows[i].list);
        bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "example.com", zone), rows[i].words);
        free(zone);
    }
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_everybody_may_ask),
        cmocka_unit_test(the_networks_of_the_list_may_ask_and_no_others),
        cmocka_unit_test(the_list_outlives_other_changes_of_the_zone),
        cmocka_unit_test(a_list_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
