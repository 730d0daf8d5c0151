/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/gathering.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define AT_US 5000000

/* A group that took so long and answered so many, while as many came. */
static struct gathering after(uint64_t took_us, size_t answered, size_t waiting)
{
    struct gathering gathering = { 0 };
    gathering_begin(&gathering, AT_US - took_us);
    gathering_end(&gathering, answered, waiting, AT_US);
    return gathering;
}

static void only_a_few_at_a_quick_disk_wait_for_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *who;
        uint64_t took_us;
        size_t answered, waiting, there;
        int left_ms;
    } cases[] = {
        { "the first of all", 300, 0, 0, 1, 0 },
        { "who writes alone", 300, 1, 0, 1, 0 },
        { "who writes alone, at a slow disk", 9000, 1, 0, 1, 0 },
        { "who came while events were written", 300, 0, 1, 1, 0 },
        { "one of two who took turns", 300, 1, 1, 1, 2 },
        { "both of them", 300, 1, 1, 2, 0 },
        { "one of two who came together", 300, 2, 0, 1, 2 },
        { "two of seven", 300, 4, 3, 2, 2 },
        { "seven and one more", 300, 4, 3, 8, 0 },
        { "two of eight", 300, 6, 2, 2, 0 },
        { "two of thirty", 300, 28, 2, 2, 0 },
        { "one of two, at a slow disk", 2000, 1, 1, 1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gathering gathering = after(cases[i].took_us, cases[i].answered, cases[i].waiting);
        int left_ms = gathering_left_ms(&gathering, cases[i].there, AT_US);
        if (left_ms != cases[i].left_ms)
            fail_msg("%s: waits %d ms instead of %d", cases[i].who, left_ms, cases[i].left_ms);
    }
}

static void nobody_waits_longer_than_two_milliseconds(void **state)
{
    (void)state;
    struct gathering gathering = after(300, 2, 1);
    assert_int_equal(gathering_left_ms(&gathering, 1, AT_US + 100), 2);
    assert_int_equal(gathering_left_ms(&gathering, 1, AT_US + 1001), 1);
    assert_int_equal(gathering_left_ms(&gathering, 1, AT_US + 1999), 1);
    assert_int_equal(gathering_left_ms(&gathering, 1, AT_US + 2000), 0);
    assert_int_equal(gathering_left_ms(&gathering, 0, AT_US + 99999), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_few_at_a_quick_disk_wait_for_each_other),
        cmocka_unit_test(nobody_waits_longer_than_two_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
