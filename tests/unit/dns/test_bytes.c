/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/bytes.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static void only_ascii_letters_are_lowercased(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t from[40], to[40], expected[40];
        size_t size = rng_next(&rng) % sizeof from;
        for (size_t i = 0; i < sizeof from; i++) {
            from[i] = (uint8_t)rng_next(&rng);
            expected[i] = from[i] >= 'A' && from[i] <= 'Z' ? (uint8_t)(from[i] + 32) : from[i];
        }
        memset(to + size, 0xee, sizeof to - size);
        memset(expected + size, 0xee, sizeof expected - size);
        copy_lowercase(to, from, size);
        assert_memory_equal(to, expected, sizeof to);
    }
}

static void copies_touch_exactly_their_bytes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 100; size++) {
        uint8_t *from = malloc(size > 0 ? size : 1),
                *to = malloc(size > 0 ? size : 1); /* for the sanitizer */
        for (size_t i = 0; i < size; i++)
            from[i] = (uint8_t)(i + 1);
        memset(to, 0, size);
        copy_bytes(to, from, size);
        assert_memory_equal(to, from, size);
        free(from);
        free(to);
    }
}

static void numbers_are_in_network_order(void **state)
{
    (void)state;
    uint8_t bytes[4];
    put_u32(bytes, 0x01fe03fc);
    assert_memory_equal(bytes, "\001\376\003\374", 4);
    assert_int_equal(get_u32(bytes), 0x01fe03fc);
    assert_int_equal(get_u16(bytes + 2), 0x03fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ascii_letters_are_lowercased),
        cmocka_unit_test(copies_touch_exactly_their_bytes),
        cmocka_unit_test(numbers_are_in_network_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
