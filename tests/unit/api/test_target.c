/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/target.h"
#include "base/rng.h"

#include <string.h>

static void an_escaped_slash_stays_in_its_segment(void **state)
{
    struct target target;
    struct error err;
    (void)state;
    assert_true(target_parse("/v1/zones/0%2f25.2.0.192.in-addr.arpa/services/%40", &target, &err));
    assert_int_equal(target.segment_count, 5);
    assert_string_equal(target.segments[2], "0/25.2.0.192.in-addr.arpa");
    assert_string_equal(target.segments[4], "@");
    target_clear(&target);
}

static void what_is_no_target_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *raw, *reason;
    } cases[] = {
        { "/v1/pools/a%00b", "NUL" },
        { "/v1/pools/%zz", "hexadecimal" },
        { "/v1/pools/%4", "hexadecimal" },
        { "/v1/pools/%", "hexadecimal" },
        { "", "begin with '/'" },
        { "v1/pools", "begin with '/'" },
        { "*", "begin with '/'" },
        { "/a?name=%00", "NUL" },
        { "/1/2/3/4/5/6/7/8/9/10/11/12/13", "segments" },
        { "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", "parameters" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct error err = { "" };
        if (target_parse(cases[i].raw, &target, &err))
            fail_msg("accepted: %s", cases[i].raw);
        if (strstr(err.text, cases[i].reason) == NULL)
            fail_msg("%s: the reason is \"%s\"", cases[i].raw, err.text);
        assert_null(target.block);
    }
}

static void parameters_are_decoded_after_they_are_split(void **state)
{
    struct target target;
    struct error err;
    (void)state;
    assert_true(
        target_parse("/v1/explain?name=a%26b%3Dc&comment=one+two%2B&&flag&empty=#part", &target, &err));
    assert_string_equal(target_param(&target, "name"), "a&b=c");
    assert_string_equal(target_param(&target, "comment"), "one two+");
    assert_string_equal(target_param(&target, "flag"), "");
    assert_string_equal(target_param(&target, "empty"), "");
    assert_null(target_param(&target, "nam"));
    assert_int_equal(target.segment_count, 2);
    target_clear(&target);
}

static void a_plus_in_the_path_is_a_plus(void **state)
{
    struct target target;
    struct error err;
    (void)state;
    assert_true(target_parse("/a+b/", &target, &err));
    assert_string_equal(target.segments[0], "a+b");
    assert_string_equal(target.segments[1], "");
    target_clear(&target);
}

static void the_absolute_form_is_understood(void **state)
{
    struct target target;
    struct error err;
    (void)state;
    assert_true(target_parse("HTTP://localhost:8053/v1/status?x=1", &target, &err));
    assert_int_equal(target.segment_count, 2);
    assert_string_equal(target.segments[1], "status");
    assert_string_equal(target_param(&target, "x"), "1");
    target_clear(&target);
    assert_true(target_parse("http://localhost", &target, &err));
    assert_int_equal(target.segment_count, 1);
    target_clear(&target);
}

static void any_bytes_are_survived(void **state)
{
    static const char alphabet[] = "/%?&=+#0aF\xff";
    struct rng rng;
    (void)state;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 20000; round++) {
        char raw[48];
        size_t size = rng_next(&rng) % (sizeof raw - 1);
        for (size_t i = 0; i < size; i++)
            raw[i] = alphabet[rng_next(&rng) % (sizeof alphabet - 1)];
        raw[size] = '\0';
        struct target target;
        struct error err;
        if (!target_parse(raw, &target, &err))
            continue;
        for (size_t i = 0; i < target.segment_count; i++)
            assert_true(strlen(target.segments[i]) <= size);
        target_clear(&target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_escaped_slash_stays_in_its_segment),
        cmocka_unit_test(what_is_no_target_is_refused_with_a_reason),
        cmocka_unit_test(parameters_are_decoded_after_they_are_split),
        cmocka_unit_test(a_plus_in_the_path_is_a_plus),
        cmocka_unit_test(the_absolute_form_is_understood),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
