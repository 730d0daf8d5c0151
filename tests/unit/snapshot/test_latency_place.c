/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "snapshot/latency_place.h"

static struct latency_place place_of(const char *text)
{
    struct latency_place place;
    if (!latency_place_parse(text, &place))
        fail_msg("%s", text);
    return place;
}

static void places_are_written_as_they_are_read(void **state)
{
    static const char *const texts[] = {
        "203.0.113.0/24", "2001:db8::/48", "AS1", "AS4294967295", "DE", "AS"
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char written[LATENCY_PLACE_SIZE];
        const struct latency_place place = place_of(texts[i]);
        latency_place_format(&place, written);
        assert_string_equal(written, texts[i]);
    }
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const texts[] = { "",     "D",    "de",   "DEU", "AS0",           "AS4294967296",
                                         "AS-1", "AS 1", "AS1x", "D1",  "203.0.113.7/24" };
    struct latency_place place;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (latency_place_parse(texts[i], &place))
            fail_msg("%s", texts[i]);
}

static void places_have_one_order(void **state)
{
    static const char *const ascending[] = {
        "9.0.0.0/24", "91.0.5.0/24", "203.0.113.0/24", "2001:db8::/48", "AS9", "AS10", "AT", "DE"
    };
    const size_t count = sizeof ascending / sizeof *ascending;
    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const struct latency_place a = place_of(ascending[i]), b = place_of(ascending[j]);
            int order = latency_place_compare(&a, &b);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
    }
}

static void networks_meet_where_one_lies_in_the_other(void **state)
{
    static const struct {
        const char *a, *b;
        bool meets;
    } cases[] = {
        { "91.0.0.0/16", "91.0.5.0/24", true },
        { "91.0.5.7", "91.0.5.0/24", true },
        { "91.1.0.0/16", "91.0.5.0/24", false },
        { "::/0", "91.0.5.0/24", false },
        { "DE", "DE", true },
        { "DE", "AT", false },
        { "AS10", "AS10", true },
        { "DE", "91.0.5.0/24", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct latency_place a = place_of(cases[i].a), b = place_of(cases[i].b);
        assert_int_equal(latency_place_meets(&a, &b), cases[i].meets);
        assert_int_equal(latency_place_meets(&b, &a), cases[i].meets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_written_as_they_are_read),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(places_have_one_order),
        cmocka_unit_test(networks_meet_where_one_lies_in_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
