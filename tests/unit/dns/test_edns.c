/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/edns.h"

#include "base/rng.h"
#include "dns/packet.h"
#include "dns/subnet.h"

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

/* A subnet whose lengths mostly fit together, and often one byte too many, too few or another. */
static uint8_t *random_subnet(struct rng *rng, size_t *size)
{
    const uint64_t random = rng_next(rng);
    const unsigned family = 1 + random % 2, source_len = (unsigned)(random >> 8) % (family == 1 ? 35 : 132);
    const size_t address_size = (source_len + 7) / 8 + (random >> 16) % 16 / 15 - (random >> 20) % 16 / 15;
    const size_t room = address_size > 20 ? 0 : address_size;
    const uint8_t head[] = {
        0, EDNS_ECS, 0, (uint8_t)(4 + room), 0, (uint8_t)family, (uint8_t)source_len, 0
    };
    uint8_t *options = malloc(sizeof head + room);
    memcpy(options, head, sizeof head);
    for (size_t i = 0; i < room; i++)
        options[sizeof head + i] = (uint8_t)rng_next(rng);
    if (room > 0 && (random >> 24) % 8 > 0)
        options[sizeof head + room - 1] &= (uint8_t)(0xff00 >> ((source_len + 7) % 8 + 1));
    if ((random >> 32) % 8 == 0)
        options[(random >> 40) % sizeof head] ^= (uint8_t)(random >> 48);
    *size = sizeof head + room;
    return options;
}

static void a_subnet_alone_is_read_as_among_others(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %016llx\n", (unsigned long long)rng.state);
    unsigned taken = 0;
    for (unsigned i = 0; i < 100000; i++) {
        size_t size;
        uint8_t *options = random_subnet(&rng, &size);
        struct edns among = { .is_present = true };
        struct edns_ecs alone = { .is_present = false };
        const bool is_read = edns_read_options(options, size, &among) && among.ecs.is_present;
        const bool is_usual = is_read && among.ecs.source_len > 0 && among.ecs.source_len <= 64;
        assert_int_equal(subnet_read_alone(options, size, &alone), is_usual);
        assert_int_equal(alone.is_present, is_usual);
        if (is_usual) {
            uint8_t echo[SUBNET_HEAD_SIZE + 16];
            assert_int_equal(alone.source_len, among.ecs.source_len);
            assert_true(address_equal(&alone.address, &among.ecs.address));
            assert_ptr_equal(subnet_write(&alone, 0, echo), echo + size);
            assert_memory_equal(echo, options, size);
            taken++;
        }
        free(options);
    }
    assert_in_range(taken, 10000, 90000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_subnets_are_read_as_rfc_7871_says),
        cmocka_unit_test(cookies_have_eight_or_sixteen_to_forty_bytes),
        cmocka_unit_test(options_may_not_overrun),
        cmocka_unit_test(unknown_options_are_passed_over),
        cmocka_unit_test(a_subnet_alone_is_read_as_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
