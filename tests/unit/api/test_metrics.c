/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/metrics.h"

static void label_values_are_escaped(void **state)
{
    struct text out = { 0 };
    (void)state;
    metrics_label(&out, "pool", "a\"b\\c\nd");
    assert_string_equal(out.bytes, "pool=\"a\\\"b\\\\c\\nd\"");
    text_free(&out);
}

static void a_family_says_what_it_is(void **state)
{
    struct text out = { 0 };
    (void)state;
    metrics_family(&out, "steerd_x_total", "counter", "Things.");
    assert_string_equal(out.bytes, "# HELP steerd_x_total Things.\n# TYPE steerd_x_total counter\n");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(a_family_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
