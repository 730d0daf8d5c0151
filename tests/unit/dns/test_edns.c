/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/edns.h"

#include "dns/packet.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void client_subnets_are_read_as_rfc_7871_says(void **state)
{
    (void)state;
    static const struct {
        const char *what, *options;
        const char *prefix; /* NULL: FORMERR */
    } cases[] = {
        { "IPv4 /24", "0008 0007 0001 18 00 c00002", "192.0.2.0/24" },
        { "IPv4 /32", "0008 0008 0001 20 00 c0000201", "192.0.2.1/32" },
        { "IPv4 /0", "0008 0004 0001 00 00", "0.0.0.0/0" },
        { "IPv4 /20 in three bytes", "0008 0007 0001 14 00 c000f0", "192.0.240.0/20" },
        { "IPv6 /56", "0008 000b 0002 38 00 20010db8000001", "2001:db8:0:100::/56" },
        { "IPv6 /128", "0008 0014 0002 80 00 20010db8000000000000000000000001", "2001:db8::1/128" },
        { "family 0 without address", "0008 0004 0000 00 00", "none/0" },
        { "IPv4 /33", "0008 0009 0001 21 00 c000020100", NULL },
        { "IPv6 /129", "0008 0015 0002 81 00 20010db800000000000000000000000100", NULL },
        { "a bit behind the prefix", "0008 0007 0001 14 00 c000f8", NULL },
        { "the last bit behind the prefix", "0008 0007 0001 17 00 c00001", NULL },
        { "an address byte too many", "0008 0008 0001 18 00 c0000200", NULL },
        { "an address byte too few", "0008 0006 0001 18 00 c000", NULL },
        { "no address", "0008 0004 0001 18 00", NULL },
        { "scope in a query", "0008 0007 0001 18 18 c00002", NULL },
        { "unknown family", "0008 0007 0003 18 00 c00002", NULL },
        { "family 0 with length", "0008 0007 0000 18 00 c00002", NULL },
        { "family 0 with address", "0008 0005 0000 00 00 c0", NULL },
        { "short option", "0008 0003 0001 00", NULL },
        { "empty option", "0008 0000", NULL },
        { "the first of two", "0008 0005 0001 08 00 0a 0008 0005 0001 08 00 0b", "10.0.0.0/8" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        uint8_t *options = packet_of(cases[i].options, &size);
        struct edns edns;
        bool is_read = edns_read_options(options, size, &edns);
        if (is_read != (cases[i].prefix != NULL))
            fail_msg("%s was %s", cases[i].what, is_read ? "taken" : "refused");
        if (is_read) {
            char text[ADDRESS_TEXT_SIZE];
            prefix_format(&(struct prefix){ .address = edns.ecs.address, .length = edns.ecs.source_len },
                          text);
            assert_true(edns.ecs.is_present);
            assert_string_equal(text, cases[i].prefix);
        }
        free(options);
    }
}

static void cookies_have_eight_or_sixteen_to_forty_bytes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 60; size++) {
        uint8_t *options = malloc(4 + size);
        memset(options, 0xc5, 4 + size);
        memcpy(options, (uint8_t[]){ 0, 10, 0, (uint8_t)size }, 4);
        struct edns edns;
        bool is_read = edns_read_options(options, 4 + size, &edns);
        assert_int_equal(is_read, size == 8 || (size >= 16 && size <= 40));
        if (is_read) {
            assert_true(edns.cookie.is_present);
            assert_int_equal(edns.cookie.server_size, size - 8);
            assert_memory_equal(edns.cookie.client, options + 4, 8);
            assert_memory_equal(edns.cookie.server, options + 12, size - 8);
        }
        free(options);
    }
}

static void options_may_not_overrun(void **state)
{
    (void)state;
    static const char *const cases[] = { "00", "0003 00", "0003 0001", "ffff 0002 00", "0003 0000 0003" };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        uint8_t *options = packet_of(cases[i], &size);
        struct edns edns;
        if (edns_read_options(options, size, &edns))
            fail_msg("%s was taken", cases[i]);
        free(options);
    }
}

static void unknown_options_are_passed_over(void **state)
{
    (void)state;
    size_t size;
    uint8_t *options = packet_of("fde9 0003 010203 0003 0000 000c 0000 000b 0000", &size);
    struct edns edns;
    assert_true(edns_read_options(options, size, &edns));
    assert_true(edns.wants_nsid);
    assert_true(edns.wants_keepalive);
    assert_false(edns.ecs.is_present);
    assert_false(edns.cookie.is_present);
    free(options);
    assert_true(edns_read_options((const uint8_t *)"", 0, &edns));
    assert_false(edns.wants_nsid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_subnets_are_read_as_rfc_7871_says),
        cmocka_unit_test(cookies_have_eight_or_sixteen_to_forty_bytes),
        cmocka_unit_test(options_may_not_overrun),
        cmocka_unit_test(unknown_options_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
