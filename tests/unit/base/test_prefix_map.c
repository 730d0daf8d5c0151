/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/memory.h"
#include "base/prefix_map.h"
#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the naive one: a list of prefixes, searched from end to end ---- */

struct naive {
    struct prefix *prefixes;
    uint32_t *values;
    size_t count;
};

static uint32_t naive_find(const struct naive *naive, const struct address *address)
{
    uint32_t value = PREFIX_MAP_NONE;
    int best = -1;
    for (size_t i = 0; i < naive->count; i++) {
        if (naive->prefixes[i].length >= best && prefix_contains(&naive->prefixes[i], address)) {
            best = naive->prefixes[i].length;
            value = naive->values[i];
        }
    }
    return value;
}

/* True if all addresses of `area` have one value: every prefix in it or around it has a say at its ends. */
static bool naive_is_uniform(const struct naive *naive, const struct prefix *area)
{
    uint32_t value = naive_find(naive, &area->address);
    for (size_t i = 0; i < naive->count; i++) {
        struct prefix inner = naive->prefixes[i];
        if (inner.length < area->length || !prefix_contains(area, &inner.address))
            continue;
        if (naive_find(naive, &inner.address) != value)
            return false;
        struct address last = inner.address;
        bool has_next = false; /* the first address behind it, if that is still inside the area */
        for (unsigned bit = inner.length; bit < address_bits(&last); bit++)
            last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        for (int byte = address_bits(&last) / 8 - 1; byte >= 0 && !has_next; byte--)
            has_next = ++last.bytes[byte] != 0;
        if (has_next && prefix_contains(area, &last) && naive_find(naive, &last) != value)
            return false;
    }
    return true;
}

/* Addresses share their leading bytes often, so that prefixes nest and touch. */
static struct address random_address(struct rng *rng, uint8_t family)
{
    struct address address = { .family = family };
    unsigned size = family == ADDRESS_V4 ? 4 : 16;
    uint64_t kind = rng_next(rng) % 4;
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)rng_next(rng);
        address.bytes[i] = kind == 0                              ? byte
                           : kind == 1 && i < size / 2            ? (uint8_t)(byte & 1)
                           : kind == 2 && i < size - 1            ? (uint8_t)(byte & 0x80)
                           : kind == 3 && (i == 0 || byte & 0x10) ? 0xff
                                                                  : (uint8_t)(byte & 3);
    }
    return address;
}

static struct naive random_naive(struct rng *rng, size_t count, uint32_t value_count)
{
    struct naive naive = { .prefixes = xcalloc(count, sizeof *naive.prefixes),
                           .values = xcalloc(count, sizeof *naive.values),
                           .count = count };
    for (size_t i = 0; i < count; i++) {
        struct prefix *prefix = &naive.prefixes[i];
        prefix->address = random_address(rng, rng_next(rng) % 2 ? ADDRESS_V4 : ADDRESS_V6);
        if (i > 0 && rng_next(rng) % 3 == 0) /* around an earlier one or at its start */
            *prefix = naive.prefixes[rng_next(rng) % i];
        unsigned bits = address_bits(&prefix->address);
        prefix->length = (uint8_t)(rng_next(rng) % (bits + 1));
        if (rng_next(rng) % 8 == 0)
            prefix->length = (uint8_t)bits;
        address_mask(&prefix->address, prefix->length);
        naive.values[i] = rng_next(rng) % 9 == 0 ? PREFIX_MAP_NONE : (uint32_t)(rng_next(rng) % value_count);
    }
    return naive;
}

static struct prefix_map *build(const struct naive *naive)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < naive->count; i++)
        prefix_map_builder_add(builder, &naive->prefixes[i], naive->values[i]);
    return prefix_map_build(builder);
}

static void naive_free(struct naive *naive)
{
    free(naive->prefixes);
    free(naive->values);
}

/* Half of the time an edge of a prefix or the address before or behind it. */
static struct address interesting_address(struct rng *rng, const struct naive *naive)
{
    if (naive->count == 0 || rng_next(rng) % 2)
        return random_address(rng, rng_next(rng) % 2 ? ADDRESS_V4 : ADDRESS_V6);
    const struct prefix *prefix = &naive->prefixes[rng_next(rng) % naive->count];
    struct address address = prefix->address;
    unsigned bits = address_bits(&address);
    bool is_end = rng_next(rng) % 2;
    if (is_end)
        for (unsigned bit = prefix->length; bit < bits; bit++)
            address.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    if (rng_next(rng) % 2) { /* step out of it */
        for (int byte = (int)bits / 8 - 1; byte >= 0; byte--) {
            address.bytes[byte] = (uint8_t)(address.bytes[byte] + (is_end ? 1 : 0xff));
            if (address.bytes[byte] != (is_end ? 0 : 0xff))
                break;
        }
    }
    return address;
}

static void check_against_naive(struct rng *rng, const struct prefix_map *map, const struct naive *naive)
{
    for (int i = 0; i < 300; i++) {
        struct address address = interesting_address(rng, naive);
        uint8_t scope_len = 255;
        uint32_t found = prefix_map_find(map, &address, &scope_len);
        assert_int_equal(found, naive_find(naive, &address));
        assert_int_equal(found, prefix_map_find(map, &address, NULL));
        assert_true(scope_len <= address_bits(&address));

        struct prefix scope = { .address = address, .length = scope_len };
        address_mask(&scope.address, scope_len);
        assert_true(naive_is_uniform(naive, &scope));
        if (scope_len > 0) {
            scope.length--;
            address_mask(&scope.address, scope.length);
            assert_false(naive_is_uniform(naive, &scope));
        }
    }
}

static void random_maps_agree_with_a_naive_longest_prefix_match(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    for (int round = 0; round < 60; round++) {
        size_t count = round < 10 ? (size_t)round : rng_next(&rng) % 150;
        struct naive naive = random_naive(&rng, count, 1 + (uint32_t)(rng_next(&rng) % 5));
        struct prefix_map *map = build(&naive);
        check_against_naive(&rng, map, &naive);
        prefix_map_free(map);
        naive_free(&naive);
    }
}

static uint32_t halve(uint32_t value, void *context)
{
    (void)context;
    return value == PREFIX_MAP_NONE ? 0 : value / 2;
}

static uint32_t pair(uint32_t a, uint32_t b, void *context)
{
    (void)context;
    return (a + 1) * 1000 + b + 1; /* NONE + 1 is 0 */
}

static void translated_and_combined_maps_agree_with_their_sources(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    for (int round = 0; round < 40; round++) {
        struct naive one = random_naive(&rng, rng_next(&rng) % 60, 4);
        struct naive two = random_naive(&rng, rng_next(&rng) % 60, 4);
        struct prefix_map *a = build(&one), *b = build(&two);
        struct prefix_map *half = prefix_map_translate(a, halve, NULL);
        struct prefix_map *both = prefix_map_combine(a, b, pair, NULL);
        assert_true(prefix_map_range_count(half) <= prefix_map_range_count(a));
        for (int i = 0; i < 300; i++) {
            struct address address = interesting_address(&rng, i % 2 ? &one : &two);
            uint8_t scope_a, scope_b, scope_half, scope_both;
            uint32_t in_a = prefix_map_find(a, &address, &scope_a);
            uint32_t in_b = prefix_map_find(b, &address, &scope_b);
            assert_int_equal(prefix_map_find(half, &address, &scope_half), halve(in_a, NULL));
            assert_int_equal(prefix_map_find(both, &address, &scope_both), pair(in_a, in_b, NULL));
            assert_true(scope_half <= scope_a);
            assert_int_equal(scope_both, scope_a > scope_b ? scope_a : scope_b);
        }
        prefix_map_free(a);
        prefix_map_free(b);
        prefix_map_free(half);
        prefix_map_free(both);
        naive_free(&one);
        naive_free(&two);
    }
}

static uint32_t swap_bits(uint32_t value, void *context)
{
    (void)context;
    assert_int_not_equal(value, PREFIX_MAP_NONE);
    return value ^ 0x55;
}

static void a_renumbered_map_has_the_same_ranges(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    for (int round = 0; round < 40; round++) {
        struct naive naive = random_naive(&rng, rng_next(&rng) % 60, 4);
        struct prefix_map *map = build(&naive), *before = build(&naive);
        prefix_map_renumber(map, swap_bits, NULL);
        for (int i = 0; i < 300; i++) {
            struct address address = interesting_address(&rng, &naive);
            uint8_t scope, scope_before;
            uint32_t value = prefix_map_find(before, &address, &scope_before);
            assert_int_equal(prefix_map_find(map, &address, &scope),
                             value != PREFIX_MAP_NONE ? value ^ 0x55 : PREFIX_MAP_NONE);
            assert_int_equal(scope, scope_before);
        }
        prefix_map_free(map);
        prefix_map_free(before);
        naive_free(&naive);
    }
}

static struct prefix_map *build_texts(const char *const *texts, size_t count)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < count; i++) {
        struct prefix prefix;
        assert_true(prefix_parse(texts[i], &prefix));
        prefix_map_builder_add(builder, &prefix, (uint32_t)i);
    }
    return prefix_map_build(builder);
}

static void the_most_specific_prefix_wins_and_the_scope_is_as_wide_as_its_range(void **state)
{
    (void)state;
    static const char *const prefixes[] = {
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "192.0.2.1",
        "255.255.255.255",
        "2001:db8::/32",
        "2001:db8:0:0:8000::/65",
        "2001:db8::1",
        "2001:db8:0:1::/64",
        "ffff:ffff:ffff:ffff::/64",
    };
    static const struct {
        const char *address;
        uint32_t value;
        uint8_t scope_len;
    } rows[] = {
        { "10.200.0.1", 0, 9 },
        { "10.0.0.1", 0, 16 },
        { "10.1.3.1", 1, 24 },
        { "10.1.2.3", 2, 24 },
        { "10.1.128.0", 1, 17 },
        { "192.0.2.1", 3, 32 },
        { "192.0.2.0", PREFIX_MAP_NONE, 32 },
        { "192.0.2.2", PREFIX_MAP_NONE, 31 },
        { "255.255.255.255", 4, 32 },
        { "128.0.0.1", PREFIX_MAP_NONE, 2 },
        { "2001:db8:8000::", 5, 33 },
        { "2001:db8:0:2::", 5, 63 },
        { "2001:db8:0:1::5", 8, 64 },
        { "2001:db8::", 5, 128 },
        { "2001:db8::1", 7, 128 },
        { "2001:db8:0:0:8000::9", 6, 65 },
        { "ffff:ffff:ffff:ffff::", 9, 64 },
        { "8000::", PREFIX_MAP_NONE, 2 },
    };
    struct prefix_map *map = build_texts(prefixes, sizeof prefixes / sizeof *prefixes);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;
        uint8_t scope_len;
        assert_true(address_parse(rows[i].address, &address));
        uint32_t value = prefix_map_find(map, &address, &scope_len);
        if (value != rows[i].value || scope_len != rows[i].scope_len)
            fail_msg("%s: value %u scope %u, expected %u and %u", rows[i].address, value, scope_len,
                     rows[i].value, rows[i].scope_len);
    }
    struct address none = { .family = ADDRESS_NONE };
    assert_int_equal(prefix_map_find(map, &none, NULL), PREFIX_MAP_NONE);
    prefix_map_free(map);
}

static void an_empty_map_is_one_range_of_each_family_and_small(void **state)
{
    (void)state;
    struct prefix_map *map = build_texts(NULL, 0);
    struct address address;
    uint8_t scope_len = 1;
    assert_true(address_parse("192.0.2.1", &address));
    assert_int_equal(prefix_map_find(map, &address, &scope_len), PREFIX_MAP_NONE);
    assert_int_equal(scope_len, 0);
    assert_int_equal(prefix_map_range_count(map), 2);
    assert_true(prefix_map_bytes(map) < 512);
    prefix_map_free(map);
}

static void a_map_may_be_copied_to_another_place(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "10.0.0.0/8", "2001:db8::/32" };
    struct prefix_map *map = build_texts(prefixes, 2);
    struct prefix_map *copy = xmemdup(map, prefix_map_bytes(map));
    memset((void *)map, 0xff, prefix_map_bytes(map));
    free(map);
    struct address address;
    assert_true(address_parse("2001:db8::7", &address));
    assert_int_equal(prefix_map_find(copy, &address, NULL), 1);
    free(copy);
}

static void half_a_million_prefixes_are_built_and_found_quickly(void **state)
{
    (void)state;
    struct rng rng = { .state = 7 };
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (uint32_t i = 0; i < 500000; i++) {
        struct prefix prefix = { .address.family = i % 2 ? ADDRESS_V4 : ADDRESS_V6 };
        uint64_t bits = rng_next(&rng);
        memcpy(prefix.address.bytes, &bits, i % 2 ? 4 : 8);
        if (i % 2 == 0)
            prefix.address.bytes[0] = 0x2a, prefix.address.bytes[1] &= 0xf;
        prefix.length = (uint8_t)(i % 2 ? 12 + bits % 13 : 20 + bits % 45);
        address_mask(&prefix.address, prefix.length);
        prefix_map_builder_add(builder, &prefix, i % 250);
    }
    uint64_t start_us = clock_monotonic_us();
    struct prefix_map *map = prefix_map_build(builder);
    uint64_t build_us = clock_monotonic_us() - start_us;

    enum { LOOKUPS = 1 << 18 };
    struct address *addresses = xcalloc(LOOKUPS, sizeof *addresses);
    for (int family = ADDRESS_V4; family <= ADDRESS_V6; family += ADDRESS_V6 - ADDRESS_V4) {
        for (size_t i = 0; i < LOOKUPS; i++) {
            uint64_t bits = rng_next(&rng);
            addresses[i] = (struct address){ .family = (uint8_t)family };
            memcpy(addresses[i].bytes, &bits, family == ADDRESS_V4 ? 4 : 8);
            if (family == ADDRESS_V6)
                addresses[i].bytes[0] = 0x2a, addresses[i].bytes[1] &= 0xf;
        }
        uint32_t sum = 0;
        start_us = clock_monotonic_us();
        for (size_t i = 0; i < LOOKUPS; i++) {
            uint8_t scope_len;
            sum += prefix_map_find(map, &addresses[i], &scope_len) + scope_len;
        }
        uint64_t find_us = clock_monotonic_us() - start_us;
        printf("IPv%d: %.1f ns a lookup (%u)\n", family, (double)find_us * 1000 / LOOKUPS, sum);
    }
    printf("built in %.1f ms: %zu ranges, %.1f MB\n", (double)build_us / 1000, prefix_map_range_count(map),
           (double)prefix_map_bytes(map) / 1e6);
    assert_true(build_us < 10 * 1000 * 1000); /* a quadratic build would take minutes */
    free(addresses);
    prefix_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps_agree_with_a_naive_longest_prefix_match),
        cmocka_unit_test(translated_and_combined_maps_agree_with_their_sources),
        cmocka_unit_test(a_renumbered_map_has_the_same_ranges),
        cmocka_unit_test(the_most_specific_prefix_wins_and_the_scope_is_as_wide_as_its_range),
        cmocka_unit_test(an_empty_map_is_one_range_of_each_family_and_small),
        cmocka_unit_test(a_map_may_be_copied_to_another_place),
        cmocka_unit_test(half_a_million_prefixes_are_built_and_found_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
