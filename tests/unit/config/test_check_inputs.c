/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calculated checks and what they rest on. */
#include "config/compiling.h"

#define TCP(name)     "\"" name "\": { \"type\": \"tcp\", \"port\": 1 }"
#define SUM(name, of) "\"" name "\": { \"type\": \"calculated\", \"of\": [" of "] }"
#define POOL(checks)                              \
    "\"pools\": { \"us\": { \"checks\": [" checks \
    "], \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } }"

/* "db web (all)": inputs first, those that do not decide in brackets. */
static char *bound(const struct bench *bench)
{
    struct text text = { 0 };
    for (size_t i = 0; i < bench->compiled.node_count; i++) {
        const struct compiled_endpoint *endpoint = &bench->compiled.nodes[i].endpoints[0];
        for (size_t k = 0; k < endpoint->check_count; k++) {
            const struct check_binding *binding = &endpoint->checks[k];
            text_printf(&text, binding->is_input ? "%s(%s)" : "%s%s", text.size > 0 ? " " : "",
                        binding->check->name);
        }
    }
    return text_take(&text);
}

static void expect_bound(struct bench *bench, const char *expected)
{
    char *text = bound(bench);
    assert_string_equal(text, expected);
    free(text);
    bench_accept(bench);
}

static void inputs_are_bound_in_front_of_what_follows_from_them(void **state)
{
    (void)state;
    static const struct {
        const char *checks, *pool, *expected;
    } rows[] = {
        { TCP("a") ", " TCP("b"), "\"b\", \"a\"", "b a" },
        { TCP("a") ", " TCP("b") ", " SUM("s", "\"a\", \"!b\""), "\"s\"", "(a) (b) s" },
        { TCP("a") ", " TCP("b") ", " SUM("s", "\"a\", \"b\""), "\"s\", \"a\"", "a (b) s" },
        { TCP("a") ", " SUM("s", "\"a\"") ", " SUM("t", "\"s\", \"a\""), "\"t\"", "(a) (s) t" },
        { TCP("a") ", " SUM("s", "\"a\"") ", " SUM("t", "\"s\""), "\"t\", \"s\"", "(a) s t" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        char *text =
            xasprintf("{ \"checks\": { %s }, \"pools\": { \"us\": { \"checks\": [%s], \"endpoints\": "
                      "{ \"e\": { \"ipv4\": \"192.0.2.1\" } } } } }",
                      rows[i].checks, rows[i].pool);
        bench_must(&bench, bench_try_all(&bench, text));
        expect_bound(&bench, rows[i].expected);
        free(text);
        bench_free(&bench);
    }
}

static void a_changed_input_binds_the_pools_anew(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set_all(&bench, "{ \"checks\": { " TCP("a") ", " TCP("b") ", " SUM("s", "\"a\"") ", " SUM(
                              "t", "\"s\"") " }, " POOL("\"t\"") " }");
    bench_must(&bench, bench_try(&bench, OBJECT_CHECK, "a", "{ \"type\": \"tcp\", \"port\": 2 }"));
    expect_bound(&bench, "(a) (s) t");
    bench_must(&bench,
               bench_try(&bench, OBJECT_CHECK, "s",
                         "{ \"type\": \"calculated\", \"of\": [\"a\", \"b\"], \"require\": \"any\" }"));
    expect_bound(&bench, "(a) (b) (s) t");
    bench_must(&bench, bench_try(&bench, OBJECT_CHECK, "s", "{ \"type\": \"tcp\", \"port\": 3 }"));
    expect_bound(&bench, "(s) t");
    bench_set(&bench, OBJECT_CHECK, "b", NULL);
    bench_free(&bench);
}

static void refusals_say_where_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *checks, *said;
    } rows[] = {
        { SUM("s", "\"wep\"") ", " TCP("web"),
          "/checks/s/of/0: there is no check \"wep\", did you mean \"web\"?" },
        { SUM("s", "\"s\""), "/checks/s/of: loop: s → s" },
        { SUM("b", "\"c\"") ", " SUM("a", "\"x\", \"!b\"") ", " SUM("c", "\"a\"") ", " TCP("x"),
          "/checks/a/of: loop: a → b → c → a" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        char *text = xasprintf("{ \"checks\": { %s } }", rows[i].checks);
        assert_false(bench_try_all(&bench, text));
        assert_int_equal(bench.problems.error_count, 1);
        bench_is_refused(&bench, false, rows[i].said);
        free(text);
        bench_free(&bench);
    }
}

static void a_loop_is_told_where_the_change_closes_it(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set_all(&bench, "{ \"checks\": { " SUM("a", "\"b\"") ", " SUM("b", "\"c\"") ", " TCP("c") " } }");
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_CHECK, "c", "{ \"type\": \"calculated\", \"of\": [\"a\"] }"),
                     "/checks/c/of: loop: c → a → b → c");
    bench_free(&bench);
}

static void too_many_are_refused_wherever_the_change_is(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    struct text text = { 0 };
    text_puts(&text, "{ \"checks\": { " TCP("last") ", \"all\": { \"type\": \"calculated\", \"of\": [");
    for (int i = 0; i < CHECK_INPUTS_MAX; i++)
        text_printf(&text, "%s\"c%d\"", i > 0 ? ", " : "", i);
    text_puts(&text, "] }");
    for (int i = 0; i < CHECK_INPUTS_MAX; i++)
        text_printf(&text, ", \"c%d\": { \"type\": \"tcp\", \"port\": 1 }", i);
    text_puts(&text, " } }");
    bench_set_all(&bench, text.bytes);
    bench_is_refused(
        &bench, bench_try(&bench, OBJECT_CHECK, "c7", "{ \"type\": \"calculated\", \"of\": [\"last\"] }"),
        "/checks/c7/of: \"all\" rests on more than 12 checks");
    text_free(&text);
    bench_free(&bench);
}

/* A chain may be longer than any stack. */
static void a_long_chain_is_refused_too(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    struct text text = { 0 };
    text_puts(&text, "{ \"checks\": { " TCP("c20000"));
    for (int i = 0; i < 20000; i++)
        text_printf(&text, ", \"c%d\": { \"type\": \"calculated\", \"of\": [\"c%d\"] }", i, i + 1);
    text_puts(&text, " } }");
    bench_is_refused(&bench, bench_try_all(&bench, text.bytes), "rests on more than 12 checks");
    text_free(&text);
    bench_free(&bench);
}

static void an_input_cannot_be_deleted(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set_all(&bench, "{ \"checks\": { " SUM("s", "\"!a\"") ", " TCP("a") " } }");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_CHECK, "a", NULL),
                     "/checks/a: cannot be deleted, it is used by check \"s\"");
    bench_set(&bench, OBJECT_CHECK, "s", NULL);
    bench_set(&bench, OBJECT_CHECK, "a", NULL);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_are_bound_in_front_of_what_follows_from_them),
        cmocka_unit_test(a_changed_input_binds_the_pools_anew),
        cmocka_unit_test(refusals_say_where_and_why),
        cmocka_unit_test(a_loop_is_told_where_the_change_closes_it),
        cmocka_unit_test(too_many_are_refused_wherever_the_change_is),
        cmocka_unit_test(a_long_chain_is_refused_too),
        cmocka_unit_test(an_input_cannot_be_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
