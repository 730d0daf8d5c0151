/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What failover objectives of services make of TTLs and checks. */
#include "config/compiling.h"

/* What is measured in each pool as far as the compiler has told: pool → "3 x 3000 + 1000". */
static struct table *paces;

static void take_paces(const struct bench *bench)
{
    for (size_t i = 0; i < bench->compiled.node_count; i++) {
        const struct compiled_node *node = &bench->compiled.nodes[i];
        if (node->after == NULL || node->endpoint_count == 0)
            continue;
        const struct compiled_endpoint *endpoint = &node->endpoints[0];
        const struct check *check = endpoint->check_count > 0 ? endpoint->checks[0].check : NULL;
        char *pace = check == NULL ? xstrdup("unchecked")
                                   : xasprintf("%u x %u + %s%u", check->fall, check->interval_ms,
                                               check->confirm ? "2 x " : "", check->timeout_ms);
        free(table_put(paces, node->after->name, pace));
    }
}

static void set(struct bench *bench, enum object_kind kind, const char *name, const char *text)
{
    bench_must(bench, bench_try(bench, kind, name, text));
    take_paces(bench);
    bench_accept(bench);
}

static void pace_is(const char *pool, const char *wanted)
{
    assert_string_equal((const char *)table_find(paces, pool), wanted);
}

static int make_paces(void **state)
{
    (void)state;
    paces = table_new();
    return 0;
}

static int free_paces(void **state)
{
    const char *name;
    void *pace;
    (void)state;
    for (size_t at = 0; table_next(paces, &at, &name, &pace);)
        free(pace);
    table_free(paces);
    return 0;
}

#define POOL(check) "{ \"check\": \"" check "\", \"endpoints\": { \"a\": { \"ipv4\": \"192.0.2.1\" } } }"
/* `web`: more of that check, from a comma on. */
static char *world_of(const char *web, const char *services)
{
    return xasprintf(
        "{ \"checks\": { \"web\": { \"type\": \"http\"%s }, \"own\": { \"type\": \"http\" } },"
        "  \"pools\": { \"us\": " POOL("web") ", \"eu\": " POOL("web") ", \"other\": " POOL(
            "own") ","
                   "    \"bare\": { \"endpoints\": { \"a\": { \"ipv4\": \"192.0.2.1\" } } } },"
                   "  \"policies\": { \"any\": { \"failover\": [\"us\", \"eu\"] } },"
                   "  \"zones\": { \"example.com\": { \"records\": [\"@ NS ns.example.net.\"], \"services\":"
                   " { %s } } } }",
        web, services);
}

static void set_world(struct bench *bench, const char *web, const char *services)
{
    char *steering = world_of(web, services);
    bench_must(bench, bench_try_all(bench, steering));
    take_paces(bench);
    bench_accept(bench);
    free(steering);
}

static void an_objective_sets_the_ttl_and_the_pace_of_all_checks_below(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, "",
              "\"www\": { \"failover\": \"10s\", \"policy\": \"any\" }, \"api\": { \"policy\": "
              "\"other\" }");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 5);
    assert_int_equal(bench_service(&bench, "www.example.com")->min_ttl_s, 2);
    assert_int_equal(bench_service(&bench, "www.example.com")->more->failover_ms, 10000);
    assert_int_equal(bench_service(&bench, "api.example.com")->ttl_s, 30);
    pace_is("us", "3 x 1300 + 1000");
    pace_is("eu", "3 x 1300 + 1000");
    pace_is("other", "3 x 3000 + 1000");
    bench_free(&bench);
}

static void an_objective_with_time_to_spare_changes_nothing(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, "", "\"www\": { \"failover\": \"5m\", \"policy\": \"any\" }");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 30);
    pace_is("us", "3 x 3000 + 1000");
    bench_free(&bench);
}

static void the_tightest_objective_wins_and_leaves_when_it_goes(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, "", "\"www\": { \"failover\": \"20s\", \"policy\": \"any\" }");
    pace_is("us", "3 x 2960 + 1000");
    uint32_t ttl_s = bench_service(&bench, "www.example.com")->ttl_s;
    set(&bench, OBJECT_SERVICE, "example.com/fast", "{ \"failover\": \"3s\", \"policy\": \"us\" }");
    pace_is("us", "2 x 480 + 2 x 470");
    pace_is("eu", "3 x 2960 + 1000");
    assert_int_equal(bench_service(&bench, "fast.example.com")->ttl_s, 1);
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, ttl_s);
    set(&bench, OBJECT_POOL, "us", POOL("web")); /* the same, another text */
    set(&bench, OBJECT_POOL, "us",
        "{ \"checks\": [\"web\"], \"endpoints\": { \"b\": { \"ipv4\": \"192.0.2.9\" } } }");
    pace_is("us", "2 x 480 + 2 x 470");
    set(&bench, OBJECT_SERVICE, "example.com/fast", NULL);
    pace_is("us", "3 x 2960 + 1000");
    set(&bench, OBJECT_SERVICE, "example.com/www", "{ \"policy\": \"any\" }");
    pace_is("us", "3 x 3000 + 1000");
    pace_is("eu", "3 x 3000 + 1000");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 30);
    bench_free(&bench);
}

static void what_is_said_stays_and_the_rest_gives_way(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, ", \"interval\": \"3s\"", "\"www\": { \"failover\": \"12s\", \"policy\": \"any\" }");
    pace_is("us", "1 x 3000 + 2 x 1000");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 6);
    set(&bench, OBJECT_CHECK, "web", "{ \"type\": \"http\", \"interval\": \"3s\", \"fall\": 3 }");
    pace_is("us", "3 x 3000 + 1000");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 1);
    set(&bench, OBJECT_CHECK, "web", "{ \"type\": \"http\" }");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 6);
    set(&bench, OBJECT_SERVICE, "example.com/www",
        "{ \"failover\": \"12s\", \"ttl\": 9, \"min_ttl\": 8, \"policy\": \"any\" }");
    assert_int_equal(bench_service(&bench, "www.example.com")->ttl_s, 9);
    assert_int_equal(bench_service(&bench, "www.example.com")->min_ttl_s, 8);
    pace_is("eu", "3 x 720 + 720");
    bench_free(&bench);
}

static void an_impossible_objective_is_refused_with_the_arithmetic(void **state)
{
    (void)state;
    static const struct {
        const char *web, *service, *words;
    } rows[] = {
        { "", "\"failover\": \"1s\", \"policy\": \"us\"",
          "/zones/example.com/services/www/failover: cannot be kept: at the least 1s (ttl) + 1 × 0.1s "
          "(interval) + "
          "0.05s (timeout) + 0.1s = 1.25s by check \"web\" (steering.json:1:22), got 1s: let it be longer" },
        { "", "\"failover\": \"10s\", \"ttl\": 30, \"policy\": \"us\"",
          "at the least 30s (ttl) + 1 × 0.1s (interval) + 0.05s (timeout) + 0.1s = 30.25s" },
        { ", \"interval\": \"5s\", \"fall\": 2", "\"failover\": \"10s\", \"policy\": \"any\"",
          "at the least 1s (ttl) + 2 × 5s (interval) + 0.05s (timeout) + 0.1s = 11.15s" },
        { ", \"interval\": \"5s\", \"fall\": 2, \"confirm\": true, \"timeout\": \"1s\"",
          "\"failover\": \"10s\", \"policy\": { \"failover\": [\"other\", \"any\"] }",
          "2 × 5s (interval) + 2 × 1s (timeout) + 0.1s = 13.1s by check \"web\"" },
        { "", "\"failover\": \"10s\", \"policy\": \"bare\"",
          "/failover: cannot be kept: no pool that the service reaches has a check" },
        { "", "\"failover\": \"400ms\", \"policy\": \"us\"", "/failover: must be 500ms..1h" },
    };
    struct bench bench = bench_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *service = xasprintf("\"www\": { %s }", rows[i].service);
        char *steering = world_of(rows[i].web, service);
        bench_is_refused(&bench, bench_try_all(&bench, steering), rows[i].words);
        free(service);
        free(steering);
    }
    bench_free(&bench);
}

/* The change is somebody else's: the check, the pool, the policy. */
static void a_change_that_breaks_an_objective_is_refused(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, "", "\"www\": { \"failover\": \"10s\", \"policy\": \"any\" }");
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_CHECK, "web", "{ \"type\": \"http\", \"interval\": \"1m\" }"),
                     "at the least 1s (ttl) + 1 × 60s (interval)");
    set(&bench, OBJECT_CHECK, "slow", "{ \"type\": \"http\", \"interval\": \"1m\" }");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POOL, "eu", POOL("slow")), "by check \"slow\"");
    set(&bench, OBJECT_POOL, "far", POOL("slow"));
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POLICY, "any", "{ \"failover\": [\"us\", \"far\"] }"),
                     "by check \"slow\"");
    pace_is("us", "3 x 1300 + 1000");
    pace_is("far", "3 x 60000 + 1000");
    bench_free(&bench);
}

static void what_a_calculated_check_rests_on_keeps_the_objective(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_world(&bench, "", "\"www\": { \"policy\": \"any\" }");
    set(&bench, OBJECT_CHECK, "both", "{ \"type\": \"calculated\", \"of\": [\"web\", \"own\"] }");
    set(&bench, OBJECT_POOL, "us", POOL("both"));
    set(&bench, OBJECT_SERVICE, "example.com/www", "{ \"failover\": \"10s\", \"policy\": \"any\" }");
    pace_is("us", "3 x 1300 + 1000"); /* its first input */
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_CHECK, "own", "{ \"type\": \"http\", \"interval\": \"1m\" }"),
                     "by check \"own\"");
    bench_free(&bench);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_paces, free_paces)
    const struct CMUnitTest tests[] = {
        TEST(an_objective_sets_the_ttl_and_the_pace_of_all_checks_below),
        TEST(an_objective_with_time_to_spare_changes_nothing),
        TEST(the_tightest_objective_wins_and_leaves_when_it_goes),
        TEST(what_is_said_stays_and_the_rest_gives_way),
        TEST(an_impossible_objective_is_refused_with_the_arithmetic),
        TEST(a_change_that_breaks_an_objective_is_refused),
        TEST(what_a_calculated_check_rests_on_keeps_the_objective),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
