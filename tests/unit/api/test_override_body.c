/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/override_body.h"

#include <stdio.h>
#include <string.h>

#define NOW_MS INT64_C(1000000)

static bool parse(const char *text, struct problems *problems, struct override *out)
{
    struct document document;
    assert_true(document_scan(NULL, text, strlen(text), problems, &document));
    bool is_valid = override_body_parse(&document, NOW_MS, problems, out);
    document_free(&document);
    return is_valid;
}

static void an_operator_says_state_weight_expiry_and_reason(void **state)
{
    struct problems problems = { 0 };
    struct override override;
    (void)state;
    assert_true(parse("{\"state\": \"drain\", \"weight\": 0, \"expires\": \"2h\", \"reason\": \"disk\"}",
                      &problems, &override));
    assert_int_equal(override.state, OVERRIDE_DRAIN);
    assert_true(override.has_weight);
    assert_int_equal(override.weight, 0);
    assert_int_equal(override.set_wall_ms, NOW_MS);
    assert_int_equal(override.expires_wall_ms, NOW_MS + 7200000);
    assert_string_equal(override.reason, "disk");
}

static void a_weight_alone_is_enough_and_null_is_absent(void **state)
{
    struct problems problems = { 0 };
    struct override override;
    (void)state;
    assert_true(parse("{\"weight\": 65535, \"state\": null, \"expires\": null, \"reason\": null}", &problems,
                      &override));
    assert_int_equal(override.state, OVERRIDE_NONE);
    assert_int_equal(override.weight, 65535);
    assert_int_equal(override.expires_wall_ms, 0);
}

static void what_is_wrong_is_said_where_it_is(void **state)
{
    static const struct {
        const char *body, *pointer;
    } cases[] = {
        { "{}", "" },
        { "[]", "" },
        { "\"up\"", "" },
        { "{\"reason\": \"x\"}", "" },
        { "{\"state\": \"off\"}", "/state" },
        { "{\"state\": \"UP\"}", "/state" },
        { "{\"state\": 1}", "/state" },
        { "{\"weight\": -1}", "/weight" },
        { "{\"weight\": 65536}", "/weight" },
        { "{\"weight\": 1.5}", "/weight" },
        { "{\"weight\": \"1\"}", "/weight" },
        { "{\"state\": \"up\", \"expires\": \"2\"}", "/expires" },
        { "{\"state\": \"up\", \"expires\": \"0s\"}", "/expires" },
        { "{\"state\": \"up\", \"expires\": \"366d\"}", "/expires" },
        { "{\"state\": \"up\", \"expires\": 60}", "/expires" },
        { "{\"state\": \"up\", \"reason\": 7}", "/reason" },
        { "{\"state\": \"up\", \"stat\": \"down\"}", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct problems problems = { 0 };
        struct override override = { .weight = 77 };
        if (parse(cases[i].body, &problems, &override))
            fail_msg("accepted: %s", cases[i].body);
        assert_int_equal(problems.count, 1);
        if (strcmp(problems.items[0].pointer, cases[i].pointer) != 0)
            fail_msg("%s: %s", cases[i].body, problems.items[0].pointer);
        assert_int_equal(override.weight, 77);
        problems_free(&problems);
    }
}

static void a_reason_that_does_not_fit_is_refused(void **state)
{
    char body[400];
    struct override override;
    (void)state;
    for (int size = 255; size <= 256; size++) {
        struct problems problems = { 0 };
        snprintf(body, sizeof body, "{\"state\": \"up\", \"reason\": \"%0*d\"}", size, 0);
        assert_int_equal(parse(body, &problems, &override), size == 255);
        problems_free(&problems);
    }
}

static void all_errors_are_said_at_once(void **state)
{
    struct problems problems = { 0 };
    struct override override;
    (void)state;
    assert_false(parse("{\"state\": \"x\", \"weight\": -1, \"what\": 1}", &problems, &override));
    assert_int_equal(problems.count, 3);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_says_state_weight_expiry_and_reason),
        cmocka_unit_test(a_weight_alone_is_enough_and_null_is_absent),
        cmocka_unit_test(what_is_wrong_is_said_where_it_is),
        cmocka_unit_test(a_reason_that_does_not_fit_is_refused),
        cmocka_unit_test(all_errors_are_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
