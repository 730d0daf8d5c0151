/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void text_grows_as_it_is_added_to(void **state)
{
    (void)state;
    struct text text = { 0 };
    for (unsigned i = 0; i < 1000; i++) {
        text_puts(&text, "abc");
        text_add(&text, "", 0);
        text_printf(&text, "%03u", i);
        assert_int_equal(text.size, 6 * (i + 1));
        assert_int_equal(strlen(text.bytes), text.size);
    }
    assert_memory_equal(text.bytes + 6 * 999, "abc999", 7);
    text_free(&text);
    assert_null(text.bytes);
    text_free(&text);
}

static void the_caller_can_take_the_string(void **state)
{
    (void)state;
    struct text text = { 0 };
    char *taken = text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    text_puts(&text, "x");
    taken = text_take(&text);
    assert_string_equal(taken, "x");
    assert_null(text.bytes);
    assert_int_equal(text.size, 0);
    free(taken);
}

static void strings_are_written_as_json(void **state)
{
    (void)state;
    static const struct {
        const char *string, *json;
    } cases[] = {
        { "", "\"\"" },
        { "plain", "\"plain\"" },
        { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
        { "\n\r\t", "\"\\n\\r\\t\"" },
        { "\001\037\177", "\"\\u0001\\u001f\177\"" },
        { "m\xc3\xbcnchen", "\"m\xc3\xbcnchen\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = { 0 };
        text_put_json(&text, cases[i].string);
        assert_string_equal(text.bytes, cases[i].json);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_as_it_is_added_to),
        cmocka_unit_test(the_caller_can_take_the_string),
        cmocka_unit_test(strings_are_written_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
