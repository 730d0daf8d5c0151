/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_line.h"

#include "base/memory.h"
#include "base/rng.h"
#include "config/complaints.h"
#include "config/zone_file.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void a_plain_line_says_all_about_its_record(void **state)
{
    (void)state;
    struct zone_line line;
    const char *text = "Host-1.Sub \t300  in\tAaaA 2001:DB8::1 \t\nnext";
    assert_int_equal(zone_line_read(text, &line), strlen(text) - 4);
    assert_int_equal(line.name_size, 11);
    assert_memory_equal(line.name, "\6host-1\3sub", 11);
    assert_false(line.is_absolute);
    assert_true(line.has_ttl);
    assert_int_equal(line.ttl_s, 300);
    assert_int_equal(line.type, DNS_AAAA);
    assert_int_equal(line.rdata_size, 16);
    assert_memory_equal(line.rdata, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);

    assert_int_equal(zone_line_read("*.example.com. A 192.0.2.255\n", &line), 29);
    assert_memory_equal(line.name, "\1*\7example\3com", 14);
    assert_true(line.is_absolute);
    assert_false(line.has_ttl);
    assert_int_equal(line.type, DNS_A);
    assert_memory_equal(line.rdata, "\xc0\0\2\xff", 4);
}

static void any_other_line_is_left_to_the_scanner(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "\n",
        "a\n",
        "a A\n",
        "a A \n",
        " A 192.0.2.1\n",
        "@ A 192.0.2.1\n",
        "$TTL 3\n",
        ". A 192.0.2.1\n",
        ".a A 192.0.2.1\n",
        "a..b A 192.0.2.1\n",
        "a\\046 A 192.0.2.1\n",
        "\"a\" A 192.0.2.1\n",
        "a A 192.0.2.1 ; said\n",
        "a A 192.0.2.1;\n",
        "a A ( 192.0.2.1 )\n",
        "a A 192.0.2.1\r\n",
        "a A 192.0.2.256\n",
        "a A 192.0.2.01\n",
        "a A 192.0.2\n",
        "a A 192.0.2.1.1\n",
        "a A 192.0..1\n",
        "a A 192.0.2.1 1\n",
        "a A 192.0.2.1x\n",
        "a 1h A 192.0.2.1\n",
        "a 1234567890 A 192.0.2.1\n",
        "a CH A 192.0.2.1\n",
        "a INA 192.0.2.1\n",
        "a IN IN A 192.0.2.1\n",
        "a IN 5 A 192.0.2.1\n",
        "a 5 5 A 192.0.2.1\n",
        "a AA 192.0.2.1\n",
        "a AAA 192.0.2.1\n",
        "a AAAAA ::1\n",
        "a AAAA 192.0.2.1\n",
        "a AAAA ::1::\n",
        "a AAAA 0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n",
        "a A ::1\n",
        "a TXT a\n",
        "a TYPE1 192.0.2.1\n",
    };
    struct zone_line line;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (zone_line_read(lines[i], &line) != 0)
            fail_msg("taken: %s", lines[i]);
    }
}

static void labels_and_names_have_bounds(void **state)
{
    (void)state;
    struct zone_line line;
    char text[400];
    for (int size = 60; size < 70; size++) {
        snprintf(text, sizeof text, "%0*d A 192.0.2.1\n", size, 0);
        assert_int_equal(zone_line_read(text, &line) > 0, size <= 63);
    }
    for (int size = 55; size < 64; size++) { /* three labels of 63 and one more are, with their sizes, … */
        snprintf(text, sizeof text, "%063d.%063d.%063d.%0*d. A 192.0.2.1\n", 0, 0, 0, size, 0);
        assert_int_equal(zone_line_read(text, &line) > 0, 3 * 64 + 1 + size + 1 <= 255);
    }
}

/* ---- the same as the scanner ---- */

static void show(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    struct text *out = context;
    char name[DNS_NAME_TEXT_SIZE];
    const struct dns_rrset *rrset = NULL;
    dns_name_format(owner, name);
    while ((rrset = zone_node_next(node, rrset)) != NULL) {
        text_printf(out, "%s %u %u ", name, rrset->type, rrset->ttl_s);
        for (uint32_t i = 0; i < rrset->size; i++)
            text_printf(out, "%02x", rrset->wire[i]);
        text_puts(out, "\n");
    }
}

/* The zone and the complaints. */
static char *read_all(const char *text)
{
    struct edition edition = { 0 };
    struct problems problems = { 0 };
    struct dns_name apex;
    struct text out = { 0 };
    assert_true(dns_name_parse("example.com.", NULL, &apex));
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    const struct zone_source source = { "zone", text, strlen(text) };
    zone_source_read(&source, &apex, edit, &problems);
    zone_walk(zone_edit_end(edit), show, &out);
    char *complaints = complaints_take(&problems);
    text_puts(&out, complaints);
    free(complaints);
    edition_abandon(&edition);
    return text_take(&out);
}

static const char *pick(struct rng *rng, const char *const *words, size_t count)
{
    return words[rng_next(rng) % count];
}

#define PICK(rng, words) pick(rng, words, sizeof words / sizeof *words)

/* Lines are mostly plain or nearly so, with something else in between. */
static void put_line(struct rng *rng, struct text *out)
{
    static const char *const names[] = { "a",
                                         "B",
                                         "a.b",
                                         "*.w",
                                         "host1.example.com.",
                                         "example.com.",
                                         "x.y.example.com.",
                                         "other.net.",
                                         "badexample.com.",
                                         "_x/y",
                                         "@",
                                         "",
                                         "a\\b",
                                         "\\097",
                                         "com.",
                                         "a.",
                                         "c" };
    static const char *const blanks[] = { " ", "\t", "  \t ", " ", " " };
    static const char *const options[] = {
        "",       "",       "",    "300 ",        "IN ",         "in\t",
        "60 IN ", "IN 60 ", "1h ", "4294967295 ", "2147483648 ", "999999999 ",
        "CH ",    "7 7 "
    };
    static const char *const data[] = { "A 192.0.2.1",
                                        "A 192.0.2.2",
                                        "a 10.0.0.1",
                                        "A 1.2.3",
                                        "A 1.2.3.256",
                                        "AAAA ::1",
                                        "aaaa 2001:db8::5",
                                        "AAAA ::ffff:192.0.2.1",
                                        "AAAA :",
                                        "A 01.2.3.4",
                                        "TXT \"x\"",
                                        "CNAME a",
                                        "NS ns",
                                        "MX 10 a",
                                        "A",
                                        "TXT ( a\n b )",
                                        "TXT ( a\nc A 192.0.2.9\n)",
                                        "TXT \"open",
                                        "A ( 192.0.2.3 )" };
    static const char *const others[] = { "$ORIGIN sub.example.com.\n",
                                          "$ORIGIN example.com.\n",
                                          "$TTL 5\n",
                                          "$TTL 4000000000\n",
                                          "$ORIGIN net.\n",
                                          "; said\n",
                                          "\n",
                                          "  \n",
                                          ")\n",
                                          "$INCLUDE x\n" };
    if (rng_next(rng) % 8 == 0) {
        text_puts(out, PICK(rng, others));
        return;
    }
    text_puts(out, PICK(rng, names));
    text_puts(out, PICK(rng, blanks));
    text_puts(out, PICK(rng, options));
    text_puts(out, PICK(rng, data));
    text_puts(out, rng_next(rng) % 8 == 0 ? PICK(rng, blanks) : "");
    text_puts(out, "\n");
}

/* The same text without any plain line: a comment makes all of them the scanner's. */
static char *without_plain_lines(const char *text)
{
    struct text out = { 0 };
    for (; *text != '\0'; text++) {
        text_puts(&out, *text == '\n' ? " ;" : "");
        text_add(&out, text, 1);
    }
    return text_take(&out);
}

static void compare(const char *text)
{
    char *commented = without_plain_lines(text);
    char *plain = read_all(text), *scanned = read_all(commented);
    if (strcmp(plain, scanned) != 0)
        fail_msg("of\n%s\ncame\n%s\nand by the scanner\n%s", text, plain, scanned);
    free(commented);
    free(plain);
    free(scanned);
}

static void plain_lines_mean_what_the_scanner_says(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    rng.state = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 0) : rng.state;
    printf("seed %llu\n", (unsigned long long)rng.state);
    for (int round = 0; round < 400; round++) {
        struct text text = { 0 };
        text_puts(&text, "@ SOA a b 1 2 3 4 5\n");
        for (uint64_t lines = rng_next(&rng) % 24; lines > 0; lines--)
            put_line(&rng, &text);
        char *whole = text_take(&text);
        compare(whole);
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_line_says_all_about_its_record),
        cmocka_unit_test(any_other_line_is_left_to_the_scanner),
        cmocka_unit_test(labels_and_names_have_bounds),
        cmocka_unit_test(plain_lines_mean_what_the_scanner_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
