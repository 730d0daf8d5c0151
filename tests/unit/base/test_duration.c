/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/duration.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void one_number_and_one_unit_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {
        { "0ms", 0 },
        { "250ms", 250 },
        { "3s", 3000 },
        { "5m", 300000 },
        { "2h", 7200000 },
        { "7d", 604800000 },
        { "365d", 31536000000 },
        { "007s", 7000 },
        { "31536000000ms", 31536000000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t ms = 1;
        assert_true(duration_parse(cases[i].text, &ms));
        assert_true(ms == cases[i].ms);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",      "3",    "s",         "-3s",  "+3s",  " 3s",           "3 s",
        "3s ",   "3S",   "1m30s",     "1.5s", "366d", "31536000001ms", "99999999999999999999999999s",
        "8761h", "0x3s", "3\xc2\xb5s"
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t ms = 42;
        if (duration_parse(cases[i], &ms) || ms != 42)
            fail_msg("'%s' was read", cases[i]);
    }
}

static void the_shortest_text_is_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        { 0, "0s" },
        { 1, "1ms" },
        { 999, "999ms" },
        { 1000, "1s" },
        { 1500, "1500ms" },
        { 60000, "1m" },
        { 90000, "90s" },
        { 180000, "3m" },
        { 3600000, "1h" },
        { 5400000, "90m" },
        { 86400000, "1d" },
        { 90000000, "25h" },
        { UINT64_MAX, "18446744073709551615ms" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DURATION_TEXT_SIZE];
        duration_format(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_and_one_unit_are_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_shortest_text_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
