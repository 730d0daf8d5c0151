/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void an_error_is_told_from_the_outside_in(void **state)
{
    (void)state;
    struct error err;
    assert_false(error_set(&err, "weight %d is below 0", -1));
    assert_string_equal(err.text, "weight -1 is below 0");
    assert_false(error_within(&err, "endpoint %s", "us-1"));
    assert_false(error_within(&err, "pool web"));
    assert_string_equal(err.text, "pool web: endpoint us-1: weight -1 is below 0");
}

static void nobody_need_want_the_words(void **state)
{
    (void)state;
    assert_false(error_set(NULL, "x"));
    assert_false(error_within(NULL, "x"));
}

static void too_many_words_are_cut(void **state)
{
    (void)state;
    struct error err;
    char words[2 * sizeof err.text];
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    error_set(&err, "%s", words);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_within(&err, "here");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "here: www", 9);
    error_within(&err, "%s", words);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_told_from_the_outside_in),
        cmocka_unit_test(nobody_need_want_the_words),
        cmocka_unit_test(too_many_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
