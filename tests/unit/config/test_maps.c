/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators' maps of client networks: declared, used by rules, changed, taken away. */
#include "config/compiling.h"

#include "base/clock.h"
#include "config/map_file.h"

#define STEERING                                                                           \
    "{\"pools\": {\"a\": {\"endpoints\": {\"x\": {\"ipv4\": \"192.0.2.1\"}}}}, "           \
    "\"maps\": {\"offices\": {\"10.0.0.0/8\": \"head\", \"10.1.0.0/16\": \"berlin\"}}, "   \
    "\"policies\": {\"p\": {\"geo\": {\"map:offices/berlin\": {\"ipv4\": \"192.0.2.1\"}, " \
    "\"10.9.0.0/16\": {\"ipv4\": \"192.0.2.1\"}, \"default\": {\"ipv4\": \"192.0.2.2\"}}}}}"

/* The child that the policy "p" chooses, and the scope. */
static unsigned choose(const struct bench *bench, const char *client, unsigned *scope_len)
{
    static const struct conditions nothing;
    const struct node *node = bench_node(bench, "p");
    struct client from = { .prefix_len = 32 };
    assert_true(address_parse(client, &from.address));
    struct choice choice = { 0 };
    const struct candidates candidates = {
        .node = node, .dataset = bench->dataset, .conditions = &nothing, .view = VIEW_EVERYTHING
    };
    node->policy->choose(&candidates, &from, NULL, 1, &choice);
    assert_int_equal(choice.count, 1);
    *scope_len = choice.scope_len;
    return choice.index[0];
}

static void a_rule_about_a_name_follows_the_map(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    unsigned scope_len;
    bench_set_all(&bench, STEERING);
    assert_int_equal(choose(&bench, "10.1.2.3", &scope_len), 0);
    assert_int_equal(scope_len, 16);
    assert_int_equal(choose(&bench, "10.2.2.3", &scope_len), 2);
    bench_set(&bench, OBJECT_MAP, "offices", "{\"10.2.0.0/16\": \"berlin\"}");
    assert_int_equal(choose(&bench, "10.1.2.3", &scope_len), 2);
    assert_int_equal(choose(&bench, "10.2.2.3", &scope_len), 0);
    bench_free(&bench);
}

static void a_map_in_use_stays(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set_all(&bench, STEERING);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_MAP, "offices", NULL), "used by policy \"p\"");
    bench_set(&bench, OBJECT_POLICY, "p", "{\"failover\": [\"a\"]}");
    bench_set(&bench, OBJECT_MAP, "offices", NULL);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POLICY, "p", "{\"geo\": {\"map:offices/x\": \"a\"}}"),
                     "there is no map \"offices\"");
    bench_free(&bench);
}

static void what_is_wrong_with_a_map_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *map, *words;
    } rows[] = {
        { "{\"10.0.0.1/8\": \"x\"}", "/maps/m/10.0.0.1~18: \"10.0.0.1/8\" is no network" },
        { "{\"10.0.0.0/8\": 3}", "must be the name of the network, got 3" },
        { "{\"10.0.0.0/8\": \"a b\"}", "the name must be 1 to 63" },
        { "{\"2001:db8::/32\": \"x\", \"2001:db8:0::/32\": \"y\"}", "the same network twice" },
        { "{\"file\": \"x.txt\"}", "a file is read where" },
        { "[]", "must be an object" },
    };
    struct bench bench = bench_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bench_is_refused(&bench, bench_try(&bench, OBJECT_MAP, "m", rows[i].map), rows[i].words);
    bench_set_all(&bench, STEERING);
    bench_is_warned(&bench, bench_try(&bench, OBJECT_POLICY, "p", "{\"geo\": {\"map:offices/x\": \"a\"}}"),
                    "no network of the map \"offices\" is named \"x\"");
    bench_reject(&bench);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POLICY, "p", "{\"geo\": {\"map:office/x\": \"a\"}}"),
                     "did you mean \"offices\"?");
    bench_free(&bench);
}

static void a_file_is_read_line_by_line(void **state)
{
    (void)state;
    static const char good[] = "# offices\n10.0.0.0/8 head\r\n\n  2001:db8::/32\tberlin # new\n192.0.2.7 x";
    static const char bad[] = "10.0.0.0/8\n10.0.0.1/8 x\n10.0.0.0/8 a\n10.0.0.0/8 b\n10.1.0.0/16 a b\n";
    struct problems problems = { 0 };
    size_t size;
    char *json = map_file_to_json("m.txt", good, sizeof good - 1, &problems, &size);
    assert_string_equal(json, "{\n\"10.0.0.0/8\": \"head\",\n\"2001:db8::/32\": \"berlin\",\n\"192.0.2.7\": "
                              "\"x\"\n}");
    assert_int_equal(size, strlen(json));
    free(json);
    assert_null(map_file_to_json("m.txt", bad, sizeof bad - 1, &problems, &size));
    char *said = complaints_take(&problems);
    assert_non_null(strstr(said, "m.txt:1:1: behind 10.0.0.0/8 must stand one name"));
    assert_non_null(strstr(said, "m.txt:2:1: \"10.0.0.1/8\" is no network"));
    assert_non_null(strstr(said, "m.txt:4:1: the same network as in line 3"));
    assert_non_null(strstr(said, "m.txt:5:1: behind 10.1.0.0/16 must stand one name"));
    assert_null(strstr(said, "m.txt:3"));
    free(said);
}

/* A hundred thousand networks are a file that people have. */
static void big_files_are_quick(void **state)
{
    (void)state;
    struct text file = { 0 };
    struct problems problems = { 0 };
    size_t size;
    for (unsigned i = 0; i < 100000; i++)
        text_printf(&file, "%u.%u.%u.0/24 n%u\n", 20 + i / 65536, i / 256 % 256, i % 256, i % 500);
    uint64_t start_ms = clock_monotonic_ms();
    char *json = map_file_to_json("m.txt", file.bytes, file.size, &problems, &size);
    struct bench bench = bench_new();
    bench_set_all(&bench, STEERING);
    bench_set(&bench, OBJECT_MAP, "offices", json);
    printf("%llu ms\n", (unsigned long long)(clock_monotonic_ms() - start_ms));
    assert_true(clock_monotonic_ms() - start_ms < 20000); /* far above what sanitizers need */
    bench_free(&bench);
    text_free(&file);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_about_a_name_follows_the_map),
        cmocka_unit_test(a_map_in_use_stays),
        cmocka_unit_test(what_is_wrong_with_a_map_is_said),
        cmocka_unit_test(a_file_is_read_line_by_line),
        cmocka_unit_test(big_files_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
