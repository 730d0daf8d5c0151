/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/name.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
        { "[z].{Z}.@x.`y", "[z].{z}.\\@x.`y." },
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

static void a_suffix_hashes_as_the_name_alone(void **state)
{
    (void)state;
    uint64_t hashes[DNS_LABEL_COUNT_MAX + 1], alone[DNS_LABEL_COUNT_MAX + 1];
    struct dns_name name = name_of("www.a-label-of-more-than-eight-bytes.example.com");
    dns_name_hash_suffixes(&name, hashes);
    for (unsigned count = 0; count <= name.label_count; count++) {
        struct dns_name rest;
        dns_name_strip(&name, count, &rest);
        dns_name_hash_suffixes(&rest, alone);
        assert_true(alone[rest.label_count] == hashes[rest.label_count]);
    }
    struct dns_name other = name_of("com.example");
    dns_name_hash_suffixes(&other, alone);
    assert_true(alone[2] != hashes[2]);
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
        cmocka_unit_test(a_suffix_hashes_as_the_name_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
