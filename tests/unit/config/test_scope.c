/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/memory.h"
#include "config/scope.h"

#include <stdlib.h>
#include <string.h>

static const char us_and_example[] = "pool us\nzone example.com\ncheck web";
static const char with_hole[] = "zone example.com\nzone a.b.example.com\nbut b.example.com";

static void names_are_whole_names(void **state)
{
    static const struct {
        const char *scope;
        bool (*has)(const char *, const char *);
        const char *name;
        bool expected;
    } cases[] = {
        { "", scope_has_pool, "anything", true },
        { NULL, scope_has_zone, "anything", true },
        { us_and_example, scope_has_pool, "us", true },
        { us_and_example, scope_has_pool, "US", false }, /* pools have case */
        { us_and_example, scope_has_pool, "u", false },
        { us_and_example, scope_has_pool, "us2", false },
        { us_and_example, scope_has_pool, "", false },
        { us_and_example, scope_has_pool, "us\nzone example.com", false },
        { us_and_example, scope_has_pool, "example.com", false },
        { us_and_example, scope_has_check, "web", true },
        { us_and_example, scope_has_check, "us", false },
        { us_and_example, scope_has_zone, "example.com", true },
        { us_and_example, scope_has_zone, "Example.COM.", true },
        { us_and_example, scope_has_zone, "www.example.com", false },
        { us_and_example, scope_has_zone, "example.co", false },
        { us_and_example, scope_has_zone, "us", false },
        { us_and_example, scope_has_name, "www.example.com", true },
        { us_and_example, scope_has_name, "EXAMPLE.com.", true },
        { us_and_example, scope_has_name, "notexample.com", false },
        { us_and_example, scope_has_name, "www\\.example.com", false },
        { us_and_example, scope_has_name, "example.com.evil.test", false },
        { us_and_example, scope_has_name, "", false },
        { us_and_example, scope_has_subject, "us", true },
        { us_and_example, scope_has_subject, "us/us-east-1", true },
        { us_and_example, scope_has_subject, "www.example.com", true },
        { us_and_example, scope_has_subject, "eu/us", false },
        { us_and_example, scope_has_subject, "/us", false },
        { "zone .", scope_has_zone, ".", true },
        { "zone .", scope_has_zone, "", false },
        { "zone .", scope_has_name, "www.example.com", true },
        { "zone .\nbut com", scope_has_name, "www.example.com", false },
        { with_hole, scope_has_name, "www.example.com", true },
        { with_hole, scope_has_name, "www.b.example.com", false },
        { with_hole, scope_has_name, "B.EXAMPLE.com.", false },
        { with_hole, scope_has_name, "www.a.b.example.com", true },
        { with_hole, scope_has_zone, "b.example.com", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].has(cases[i].scope, cases[i].name) != cases[i].expected)
            fail_msg("case %zu: \"%s\"", i, cases[i].name);
}

static void zones_below_are_left_out_where_they_matter(void **state)
{
    static const struct {
        const char *scope, *zone, *expected;
    } cases[] = {
        { "zone example.com", "b.example.com.", "zone example.com\nbut b.example.com." },
        { "zone example.com", "example.com.", "zone example.com" },
        { "zone example.com", "example.org.", "zone example.com" },
        { "zone example.com", "com.", "zone example.com" },
        { "pool us", "example.com.", "pool us" },
        { "zone example.com\nzone b.example.com", "B.example.com.", "zone example.com\nzone b.example.com" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *scope = scope_without(xstrdup(cases[i].scope), cases[i].zone);
        assert_string_equal(scope, cases[i].expected);
        free(scope);
    }
    assert_null(scope_without(NULL, "example.com"));
}

static void objects_outside_go(void **state)
{
    static const struct {
        enum object_kind kind;
        const char *name;
        bool stays;
    } cases[] = {
        { OBJECT_CHECK, "web", true },
        { OBJECT_CHECK, "us", false },
        { OBJECT_POOL, "us", true },
        { OBJECT_POOL, "eu", false },
        { OBJECT_POLICY, "us", false },
        { OBJECT_MAP, "us", false },
        { OBJECT_LOCATIONS, "us", false },
        { OBJECT_ZONE, "example.com", true },
        { OBJECT_ZONE, "b.example.com", false },
        { OBJECT_ZONE_DATA, "example.com", true },
        { OBJECT_SERIAL, "example.org", false },
        { OBJECT_SERVICE, "example.com/www", true },
        { OBJECT_SERVICE, "b.example.com/www", false },
        { OBJECT_SERVICE, "example.org/example.com", false },
        { OBJECT_RRSET, "example.com/mail/A", true },
    };
    const size_t count = sizeof cases / sizeof *cases;
    struct objects all = { 0 };
    (void)state;
    for (size_t i = 0; i < count; i++) {
        objects_add(&all, cases[i].kind, cases[i].name, xstrdup("{}"), 2);
        if (scope_has_object(us_and_example, cases[i].kind, cases[i].name) != cases[i].stays)
            fail_msg("case %zu: \"%s\"", i, cases[i].name);
        assert_true(scope_has_object("", cases[i].kind, cases[i].name));
    }
    objects_keep_scope(&all, NULL);
    assert_int_equal(all.count, count);
    objects_keep_scope(&all, us_and_example);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (cases[i].stays)
            assert_string_equal(all.items[kept++].name, cases[i].name);
    assert_int_equal(all.count, kept);
    objects_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_whole_names),
        cmocka_unit_test(zones_below_are_left_out_where_they_matter),
        cmocka_unit_test(objects_outside_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
