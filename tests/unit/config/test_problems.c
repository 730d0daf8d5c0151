/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "config/problems.h"

#include <stdlib.h>

static void expect_line(const struct problem *problem, const char *expected)
{
    char *line = problem_format(problem);
    assert_string_equal(line, expected);
    free(line);
}

static void they_are_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    problems_add(&problems, "b.json", 3, 1, "/late", "last");
    problems_add(&problems, "a.json", 12, 4, "/x", "third");
    problems_warn(&problems, "a.json", 2, 9, "/x", "second");
    problems_add(&problems, "a.json", 2, 8, "/x", "first of its line");
    problems_add(&problems, NULL, 0, 0, "/geoip", "no place");
    problems_add(&problems, "a.json", 12, 4, "/x", "because of the third");
    problems_sort(&problems);
    static const char *const expected[] = {
        "/geoip: no place",       "a.json:2:8: /x: first of its line",     "a.json:2:9: /x: warning: second",
        "a.json:12:4: /x: third", "a.json:12:4: /x: because of the third", "b.json:3:1: /late: last",
    };
    assert_int_equal(problems.count, 6);
    for (size_t i = 0; i < problems.count; i++)
        expect_line(&problems.items[i], expected[i]);
    problems_free(&problems);
}

static void what_has_no_file_gets_the_one_at_hand(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    problems_add(&problems, NULL, 0, 0, "/geoip", "cannot be read");
    problems_add(&problems, "other.json", 1, 1, "", "is empty");
    problems_name_file(&problems, "steerd.json");
    expect_line(&problems.items[0], "steerd.json: /geoip: cannot be read");
    expect_line(&problems.items[1], "other.json:1:1: is empty");
    problems_free(&problems);
}

static void a_warning_is_never_the_reason(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    assert_null(problems_first_error(&problems));
    problems_warn(&problems, "a.json", 1, 1, "", "odd");
    assert_null(problems_first_error(&problems));
    problems_add(&problems, "a.json", 2, 1, "", "wrong");
    assert_string_equal(problems_first_error(&problems)->message, "wrong");
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_told_in_the_order_of_the_file),
        cmocka_unit_test(what_has_no_file_gets_the_one_at_hand),
        cmocka_unit_test(a_warning_is_never_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
