/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/name.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    if (!dns_name_parse(text, NULL, &name))
        fail_msg("%s is not a name", text);
    return name;
}

static void presentation_format_round_trips(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        { ".", "." },
        { "example", "example." },
        { "www.Example.COM.", "www.example.com." },
        { "a\\.b.example.", "a\\.b.example." },
        { "\\065\\066.example.", "ab.example." },
        { "a\\032b.example.", "a\\032b.example." },
        { "\\000\\255.example.", "\\000\\255.example." },
        { "*.example.", "*.example." },
        { "_sip._tcp.example.", "_sip._tcp.example." },
        { "\\@.example.", "\\@.example." },
        { "[z].{Z}.@x.`y", "\\091z\\093.\\123z\\125.\\@x.\\096y." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DNS_NAME_TEXT_SIZE];
        struct dns_name name = name_of(cases[i].text);
        dns_name_format(&name, text);
        assert_string_equal(text, cases[i].written);
        struct dns_name again = name_of(text);
        assert_true(dns_name_equal(&name, &again));
    }
}

#define L63 "123456789012345678901234567890123456789012345678901234567890123"

static void text_that_is_no_name_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "..",
        ".a",
        "a..b",
        "a.b..",
        "\\25.a",
        "\\256.a",
        "a\\",
        "a b",
        "a\tb",
        "m\xc3\xbc.de",
        "@",
        L63 "4.",
        L63 "." L63 "." L63 "." L63 ".",
        L63 "." L63 "." L63 ".12345678901234567890123456789012345678901234567890123456789012.",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name;
        if (dns_name_parse(cases[i], NULL, &name))
            fail_msg("'%s' was taken as a name", cases[i]);
    }
}

static void the_longest_names_are_read_and_written(void **state)
{
    (void)state;
    struct dns_name name =
        name_of(L63 "." L63 "." L63 ".1234567890123456789012345678901234567890123456789012345678901");
    assert_int_equal(name.size, 255);
    uint8_t wire[DNS_NAME_SIZE_MAX];
    for (size_t i = 0; i < 254; i += 2)
        memcpy(wire + i, "\001A", 2);
    wire[254] = 0;
    assert_int_equal(dns_name_read(wire, sizeof wire, &name), 255);
    assert_int_equal(name.label_count, DNS_LABEL_COUNT_MAX);
    assert_int_equal(name.bytes[253], 'a');
    memset(wire + 1, 0xff, 63);
    wire[0] = 63;
    memcpy(wire + 64, wire, 64);
    memcpy(wire + 128, wire, 64);
    memcpy(wire + 192, wire, 62);
    wire[192] = 61;
    wire[254] = 0;
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format_wire(wire, text);
    assert_int_equal(strlen(text), 250 * 4 + 4);
}

static void a_relative_name_gets_the_origin(void **state)
{
    (void)state;
    struct dns_name origin = name_of("example.com"), root = name_of("."), name;
    char text[DNS_NAME_TEXT_SIZE];
    assert_true(dns_name_parse("www", &origin, &name));
    dns_name_format(&name, text);
    assert_string_equal(text, "www.example.com.");
    assert_true(dns_name_parse("www.", &origin, &name));
    dns_name_format(&name, text);
    assert_string_equal(text, "www.");
    assert_true(dns_name_parse("@", &origin, &name));
    assert_true(dns_name_equal(&name, &origin));
    assert_true(dns_name_parse("@", &root, &name));
    assert_int_equal(name.size, 1);
    assert_true(dns_name_parse("a\\.", &origin, &name)); /* an escaped dot ends nothing */
    dns_name_format(&name, text);
    assert_string_equal(text, "a\\..example.com.");
}

static void broken_wire_names_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[8];
        size_t size;
    } cases[] = {
        { "nothing", { 0 }, 0 },
        { "a label without its bytes", { 3, 'a', 'b' }, 3 },
        { "no root label", { 2, 'a', 'b' }, 3 },
        { "a pointer", { 0xc0, 12 }, 2 },
        { "a pointer behind a label", { 1, 'a', 0xc0, 12 }, 4 },
        { "a label type of 01", { 0x41, 'a', 0 }, 3 },
        { "a label type of 10", { 0x80, 'a', 0 }, 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *exact = malloc(cases[i].size + (cases[i].size == 0));
        memcpy(exact, cases[i].bytes, cases[i].size);
        struct dns_name name;
        if (dns_name_read(exact, cases[i].size, &name) != 0)
            fail_msg("%s was read as a name", cases[i].what);
        free(exact);
    }
}

static void a_name_of_256_bytes_is_refused(void **state)
{
    (void)state;
    uint8_t wire[512];
    for (size_t i = 0; i < sizeof wire; i += 2)
        memcpy(wire + i, "\001a", 2);
    struct dns_name name;
    wire[256] = 0;
    assert_int_equal(dns_name_read(wire, sizeof wire, &name), 0);
    memcpy(wire + 248, "\006abcdef\0", 8);
    assert_int_equal(dns_name_read(wire, sizeof wire, &name), 0);
    memcpy(wire + 248, "\005abcde\0", 7);
    assert_int_equal(dns_name_read(wire, sizeof wire, &name), 255);
}

static void names_lie_within_their_apex(void **state)
{
    (void)state;
    static const struct {
        const char *name, *apex;
        bool is_within;
    } cases[] = {
        { "example.com", "example.com", true },
        { "a.b.example.com", "example.com", true },
        { "example.com", "a.example.com", false },
        { "aexample.com", "example.com", false },
        { "xa.example.com", "a.example.com", false },
        { "example.com", ".", true },
        { ".", ".", true },
        { ".", "com", false },
        { "example.org", "example.com", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name = name_of(cases[i].name), apex = name_of(cases[i].apex);
        if (dns_name_is_within(&name, &apex) != cases[i].is_within)
            fail_msg("%s within %s", cases[i].name, cases[i].apex);
    }
}

static void labels_are_taken_off_from_the_left(void **state)
{
    (void)state;
    static const char *const rests[] = { "a.bc.def.", "bc.def.", "def.", "." };
    struct dns_name name = name_of("a.bc.def");
    for (unsigned count = 0; count <= 3; count++) {
        struct dns_name rest, expected = name_of(rests[count]), in_place = name;
        dns_name_strip(&name, count, &rest);
        dns_name_strip(&in_place, count, &in_place);
        assert_true(dns_name_equal(&rest, &expected));
        assert_int_equal(rest.label_count, expected.label_count);
        assert_memory_equal(rest.label_at, expected.label_at, expected.label_count);
        assert_true(dns_name_equal(&in_place, &expected));
        assert_memory_equal(in_place.label_at, expected.label_at, expected.label_count);
        assert_int_equal(dns_name_wire_size(rest.bytes), rest.size);
    }
}

static void a_suffix_is_found_in_its_name(void **state)
{
    (void)state;
    struct dns_name name = name_of("www.a-label-of-more-than-eight-bytes.example.com");
    for (unsigned count = 0; count <= name.label_count; count++) {
        struct dns_name rest;
        dns_name_strip(&name, count, &rest);
        const uint8_t *suffix = dns_name_suffix(&name, name.label_count - count);
        assert_int_equal(dns_name_suffix_size(&name, suffix), rest.size);
        assert_memory_equal(suffix, rest.bytes, rest.size);
    }
}

/* Everything that tells two names apart tells their hashes apart: each byte, wherever it stands, and the
 * size.
 */
static void any_change_of_a_byte_changes_the_hash(void **state)
{
    (void)state;
    uint8_t bytes[64] = { 0 };
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint64_t before = dns_name_hash(bytes, size);
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                bytes[at] ^= (uint8_t)(1U << bit);
                assert_true(dns_name_hash(bytes, size) != before);
                bytes[at] = 0;
            }
        }
        if (size > 0)
            assert_true(dns_name_hash(bytes, size - 1) != before);
    }
}

/* Names that differ in their digits only, as those of customers do, spread over low and high bits alike. */
static void numbered_names_spread_evenly(void **state)
{
    (void)state;
    enum { NAMES = 4096, PLACES = 256 };
    static const char *const forms[] = { "g%06u", "%u", "customer-%u.region-7",
                                         "a%u.very-long-name-of-a-region.x" };
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        unsigned low[PLACES] = { 0 }, high[PLACES] = { 0 };
        for (unsigned i = 0; i < NAMES; i++) {
            char text[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof text, forms[form], i);
#pragma GCC diagnostic pop
            struct dns_name name = name_of(text);
            uint64_t hash = dns_name_hash(name.bytes, name.size - 1u);
            low[hash % PLACES]++;
            high[hash >> 56]++;
        }
        for (unsigned i = 0; i < PLACES; i++) { /* 16 each, a deviation of 4 */
            assert_in_range(low[i], 1, 40);
            assert_in_range(high[i], 1, 40);
        }
    }
}

static void equal_bytes_are_equal_at_any_size(void **state)
{
    (void)state;
    uint8_t a[40], b[40];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = b[i] = (uint8_t)(i * 37);
    for (size_t size = 0; size < sizeof a; size++) {
        assert_true(dns_name_bytes_equal(a, b, size));
        for (size_t at = 0; at < size; at++) {
            b[at] ^= 0x10;
            assert_false(dns_name_bytes_equal(a, b, size));
            b[at] = a[at];
        }
        b[size] ^= 1; /* what lies behind does not count */
        assert_true(dns_name_bytes_equal(a, b, size));
        b[size] = a[size];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presentation_format_round_trips),
        cmocka_unit_test(text_that_is_no_name_is_refused),
        cmocka_unit_test(the_longest_names_are_read_and_written),
        cmocka_unit_test(a_relative_name_gets_the_origin),
        cmocka_unit_test(broken_wire_names_are_refused),
        cmocka_unit_test(a_name_of_256_bytes_is_refused),
        cmocka_unit_test(names_lie_within_their_apex),
        cmocka_unit_test(labels_are_taken_off_from_the_left),
        cmocka_unit_test(a_suffix_is_found_in_its_name),
        cmocka_unit_test(any_change_of_a_byte_changes_the_hash),
        cmocka_unit_test(numbered_names_spread_evenly),
        cmocka_unit_test(equal_bytes_are_equal_at_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
