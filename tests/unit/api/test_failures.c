/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/failures.h"

#include <stdio.h>

static struct address at(const char *text)
{
    struct address address = { 0 };
    if (text != NULL)
        assert_true(address_parse(text, &address));
    return address;
}

static void note(struct failures *failures, const char *client, unsigned count, uint64_t now_ms)
{
    struct address address = at(client);
    for (unsigned i = 0; i < count; i++)
        failures_note(failures, &address, now_ms);
}

static unsigned wait_s(struct failures *failures, const char *client, uint64_t now_ms)
{
    struct address address = at(client);
    return failures_wait_s(failures, &address, now_ms);
}

static void a_few_mistakes_are_free_then_each_doubles_the_wait(void **state)
{
    static const unsigned waits[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    struct failures *failures = failures_new();
    (void)state;
    note(failures, "192.0.2.1", FAILURES_FREE, 1000);
    assert_int_equal(wait_s(failures, "192.0.2.1", 1000), 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        note(failures, "192.0.2.1", 1, 1000);
        assert_int_equal(wait_s(failures, "192.0.2.1", 1000), waits[i]);
    }
    assert_int_equal(wait_s(failures, "192.0.2.1", 60999), 1);
    assert_int_equal(wait_s(failures, "192.0.2.1", 61000), 0);
    failures_free(failures);
}

static void only_the_first_that_makes_it_wait_is_news(void **state)
{
    struct failures *failures = failures_new();
    struct address client = at("192.0.2.1");
    (void)state;
    for (unsigned i = 1; i < 20; i++)
        assert_int_equal(failures_note(failures, &client, 1000), i == FAILURES_FREE + 1);
    failures_free(failures);
}

static void others_do_not_wait(void **state)
{
    static const struct {
        const char *who;
        bool waits;
    } cases[] = {
        { "2001:db8::1", true },
        { "2001:db8::ffff:1", true },
        { "2001:db8:0:1::1", false },
        { "192.0.2.1", false },
        { NULL, false },
    };
    struct failures *failures = failures_new();
    (void)state;
    note(failures, "2001:db8::1", 10, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(wait_s(failures, cases[i].who, 1000) > 0, cases[i].waits);
    note(failures, NULL, 10, 1000);
    assert_true(wait_s(failures, NULL, 1000) > 0);
    failures_free(failures);
}

static void ten_quiet_minutes_are_forgiveness(void **state)
{
    struct failures *failures = failures_new();
    (void)state;
    note(failures, "192.0.2.1", 20, 1000);
    note(failures, "192.0.2.1", 1, 1000 + 599000);
    assert_int_equal(wait_s(failures, "192.0.2.1", 600000), 60);
    note(failures, "192.0.2.1", 1, 600000 + 600000);
    assert_int_equal(wait_s(failures, "192.0.2.1", 1200000), 0);
    failures_free(failures);
}

static void a_flood_of_addresses_crowds_out_the_oldest_only(void **state)
{
    struct failures *failures = failures_new();
    char text[ADDRESS_TEXT_SIZE];
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16, (i >> 8) & 255, i & 255);
        note(failures, text, 1, i);
    }
    note(failures, "192.0.2.1", 10, 100000);
    assert_true(wait_s(failures, "192.0.2.1", 100000) > 0);
    failures_free(failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_mistakes_are_free_then_each_doubles_the_wait),
        cmocka_unit_test(only_the_first_that_makes_it_wait_is_news),
        cmocka_unit_test(others_do_not_wait),
        cmocka_unit_test(ten_quiet_minutes_are_forgiveness),
        cmocka_unit_test(a_flood_of_addresses_crowds_out_the_oldest_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
