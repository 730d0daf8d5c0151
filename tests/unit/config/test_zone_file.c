/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_file.h"

#include "base/memory.h"
#include "config/complaints.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* What came of reading: the zone as text, one RRset a line, sorted by nothing; and the complaints. */
struct reading {
    struct edition edition;
    struct zone_edit *edit;
    struct dns_name apex;
    struct problems problems;
    bool is_good;
};

static struct reading begin(void)
{
    struct reading reading = { 0 };
    assert_true(dns_name_parse("example.com.", NULL, &reading.apex));
    reading.edit = zone_edit_begin(&reading.apex, NULL, &reading.edition);
    return reading;
}

static void add_from(struct reading *reading, const char *text, size_t size)
{
    struct zone_source source = { "zones/example.com.zone", text, size };
    reading->is_good = zone_source_read(&source, &reading->apex, reading->edit, &reading->problems);
}

static struct reading read_text(const char *text)
{
    struct reading reading = begin();
    add_from(&reading, text, strlen(text));
    return reading;
}

static void end(struct reading *reading)
{
    zone_edit_abandon(reading->edit);
    edition_abandon(&reading->edition);
    problems_free(&reading->problems);
}

static const struct dns_rrset *find(const struct reading *reading, const char *owner, uint16_t type)
{
    struct dns_name name;
    assert_true(dns_name_parse(owner, &reading->apex, &name));
    return zone_edit_find(reading->edit, &name, type);
}

static void records_are_grouped_into_rrsets(void **state)
{
    (void)state;
    struct reading reading = read_text("$TTL 300\n"
                                       "@ SOA ns1 host 1 2 3 4 5\n"
                                       "www A 192.0.2.1\n"
                                       "@ NS ns1\n"
                                       "ns1 A 192.0.2.53\n"
                                       "WWW.Example.COM. 300 IN A 192.0.2.2\n"
                                       "  AAAA 2001:db8::1\n"
                                       "www A 192.0.2.1 ; again\n"
                                       "odd TYPE65280 \\# 2 abcd\n"
                                       "multi TXT ( \"a\"\n \"b\" )\n"
                                       "last A 192.0.2.9");
    assert_true(reading.is_good);
    assert_int_equal(reading.problems.count, 0);
    const struct dns_rrset *www = find(&reading, "www", DNS_A);
    assert_non_null(www);
    assert_int_equal(www->count, 2); /* the duplicate is dropped */
    assert_int_equal(www->ttl_s, 300);
    assert_memory_equal(dns_rr_rdata(www->wire), "\xc0\0\2\1", 4);
    assert_non_null(find(&reading, "www", DNS_AAAA));
    assert_int_equal(find(&reading, "odd", 65280)->size, DNS_RR_HEADER_SIZE + 2);
    assert_memory_equal(dns_rr_rdata(find(&reading, "multi", DNS_TXT)->wire), "\1a\1b", 4);
    assert_non_null(find(&reading, "last", DNS_A)); /* no newline at the end of the file */
    end(&reading);
}

static void names_in_rdata_keep_their_case(void **state)
{
    (void)state;
    struct reading reading = read_text("Mail MX 10 MX1.Example.Com.\n");
    assert_true(reading.is_good);
    assert_memory_equal(dns_rr_rdata(find(&reading, "mail", DNS_MX)->wire), "\0\12\3MX1\7Example\3Com", 18);
    end(&reading);
}

static void ttl_of(const char *text, uint32_t expected)
{
    struct reading reading = read_text(text);
    assert_true(reading.is_good);
    assert_int_equal(find(&reading, "a", DNS_A)->ttl_s, expected);
    end(&reading);
}

static void ttls_come_from_record_or_directive_or_are_an_hour(void **state)
{
    (void)state;
    ttl_of("a A 192.0.2.1\n", 3600);
    ttl_of("$TTL 77\na A 192.0.2.1\n", 77);
    ttl_of("$TTL 77\na 1h A 192.0.2.1\n", 3600);
    ttl_of("a 2147483647 A 192.0.2.1\n", INT32_MAX);
}

static void different_ttls_become_the_lowest_with_a_warning(void **state)
{
    (void)state;
    struct reading reading = read_text("a 300 A 192.0.2.1\nb A 192.0.2.7\na 60 A 192.0.2.2\n");
    assert_true(reading.is_good);
    assert_int_equal(find(&reading, "a", DNS_A)->ttl_s, 60);
    assert_int_equal(reading.problems.count, 1);
    assert_true(reading.problems.items[0].is_warning);
    assert_int_equal(reading.problems.items[0].line, 3);
    end(&reading);
}

static void a_second_source_adds_to_the_first(void **state)
{
    (void)state;
    struct reading reading = read_text("a 60 A 192.0.2.1\nc CNAME b\n");
    static const char more[] = "a 60 A 192.0.2.2\na 60 A 192.0.2.1\n", clash[] = "c TXT x\n",
                      other[] = "a CNAME b\n";
    add_from(&reading, more, strlen(more));
    assert_true(reading.is_good);
    assert_int_equal(find(&reading, "a", DNS_A)->count, 2);
    add_from(&reading, clash, strlen(clash));
    assert_false(reading.is_good);
    add_from(&reading, other, strlen(other));
    assert_false(reading.is_good);
    end(&reading);
}

static void refusals_name_the_line_and_the_cure(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        { "a A 192.0.2.1\nb A 192.0.2\n",
          "zones/example.com.zone:2: invalid IPv4 address: write four numbers" },
        { "a A 192.0.2.1\n\n; x\nb FOO x\n",
          "zones/example.com.zone:4: invalid number: expected [TTL] [IN]" },
        { "a CH TXT x\n", "zones/example.com.zone:1: unsupported record type: expected [TTL] [IN] TYPE" },
        { "www.example.org. A 192.0.2.1\n", "www.example.org. is not in this zone: remove it, or leave out" },
        { "notexample.com. A 192.0.2.1\n", "notexample.com. is not in this zone" },
        { "$ORIGIN org.\nwww A 192.0.2.1\n", "zones/example.com.zone:2: www.org. is not in this zone" },
        { "a CNAME b\na A 192.0.2.1\n", "zones/example.com.zone:2: a.example.com.: A stands beside a CNAME" },
        { "a TXT x\na CNAME b\n", "zones/example.com.zone:1: a.example.com.: TXT stands beside a CNAME" },
        { "a CNAME b\na CNAME c\n", "zones/example.com.zone:2: a.example.com.: a second CNAME" },
        { "a DNAME b\na DNAME c\n", "zones/example.com.zone:2: a.example.com.: a second DNAME" },
        { "@ SOA a b 1 2 3 4 5\n@ SOA a b 2 2 3 4 5\n", "a second SOA: there can be only one" },
        { "www SOA a b 1 2 3 4 5\n", "www.example.com.: an SOA can stand only at the apex" },
        { "a DNAME b\na NS c\n", "a.example.com.: a DNAME beside NS" },
        { "a 2147483648 A 192.0.2.1\n", "a.example.com.: the TTL 2147483648 is above 2147483647" },
        { "ok\\255 A 192.0.2.1 ; not \\999\na\\256 A 192.0.2.1\n",
          "zones/example.com.zone:2: \\256 is no octet: \\DDD goes from \\000 to \\255" },
        { "a CNAME b\\\\\\300\n",
          "zones/example.com.zone:1: \\300 is no octet: \\DDD goes from \\000 to \\255" },
        { "a 4294967296 A 192.0.2.1\n", "zones/example.com.zone:1: number is bigger than 32 bits" },
        { "a CNAME \\# 3 ffffff\n", "a.example.com.: the rdata is not what a CNAME holds" },
        { "a A \\# 3 c00002\n", "zones/example.com.zone:1: " },
        { "a TYPE41 \\# 0\n", "a.example.com.: OPT cannot stand in a zone" },
        { "a TYPE252 \\# 0\n", "AXFR cannot stand in a zone" },
        { "a TXT \"x\nb A 192.0.2.1\n", "zones/example.com.zone:1: invalid text character: put texts" },
        { "a A ( 192.0.2.1\n", "zones/example.com.zone:2: unclosed last multiline block" },
        { "$INCLUDE other.zone\n", "zones/example.com.zone:1: $INCLUDE is refused here" },
        { "a SVCB 1 . port=1 port=2\n", "zones/example.com.zone:1: duplicate parameter name" },
        { "a HTTPS 1 . mandatory=alpn\n", "zones/example.com.zone:1: missing mandatory parameter" },
        { "$NONSENSE\n", "zones/example.com.zone:1: invalid directive: known are $ORIGIN" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading reading = read_text(rows[i].text);
        assert_false(reading.is_good);
        char *said = complaints_take(&reading.problems);
        if (strstr(said, rows[i].said) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, said, rows[i].said);
        free(said);
        end(&reading);
    }
}

static void cname_may_stand_beside_signatures(void **state)
{
    (void)state;
    struct reading reading =
        read_text("a CNAME b\na NSEC c CNAME RRSIG NSEC\n"
                  "a RRSIG CNAME 13 3 60 20300101000000 20200101000000 1 example.com. AAAA\n");
    assert_true(reading.is_good);
    end(&reading);
}

static void several_errors_are_told_in_one_round(void **state)
{
    (void)state;
    struct reading reading =
        read_text("a A 1\nb A 192.0.2.1\nc A 2\nd.org. A 192.0.2.1\ne CNAME x\ne A 192.0.2.1\n");
    assert_false(reading.is_good);
    assert_int_equal(reading.problems.error_count, 4);
    end(&reading);
}

static void reading_stops_after_fifty_errors(void **state)
{
    (void)state;
    struct text text = { 0 };
    for (int i = 0; i < 1000; i++)
        text_puts(&text, "a A x\n");
    struct reading reading = read_text(text.bytes);
    assert_false(reading.is_good);
    assert_int_equal(reading.problems.error_count, 50);
    text_free(&text);
    end(&reading);
}

static void an_rrset_beyond_any_message_is_refused(void **state)
{
    (void)state;
    struct text text = { 0 };
    for (int i = 0; i < 5000; i++)
        text_printf(&text, "a A 10.0.%d.%d\n", i / 256, i % 256);
    struct reading reading = read_text(text.bytes);
    assert_false(reading.is_good);
    text_free(&text);
    end(&reading);
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char bytes[] = "a\0b A 192.0.2.1\n\xff\xfe\n\\999 A 1\n(((((\n$TTL\n";
    struct reading reading = begin();
    add_from(&reading, bytes, sizeof bytes - 1);
    assert_false(reading.is_good);
    end(&reading);
    reading = begin();
    add_from(&reading, "", 0);
    assert_true(reading.is_good); /* nothing in it, nothing wrong with it */
    end(&reading);
}

/* ---- compared with a naive reading ---- */

static void any_order_of_records_makes_the_same_zone(void **state)
{
    (void)state;
    enum { OWNERS = 40, ADDRESSES = 5, LINES = OWNERS * ADDRESSES };
    char lines[LINES][48];
    for (int i = 0; i < LINES; i++)
        snprintf(lines[i], sizeof lines[i], "n%d.%s A 10.0.%d.%d\n", i % OWNERS, i % 3 ? "deep" : "x.y",
                 i % OWNERS, i / OWNERS);
    unsigned seed = 7;
    for (int round = 0; round < 20; round++) {
        struct text text = { 0 };
        for (int i = LINES - 1; i > 0; i--) {
            char swap[48];
            int other = rand_r(&seed) % (i + 1);
            memcpy(swap, lines[i], sizeof swap);
            memcpy(lines[i], lines[other], sizeof swap);
            memcpy(lines[other], swap, sizeof swap);
        }
        for (int i = 0; i < LINES; i++)
            text_puts(&text, lines[i]);
        struct reading reading = read_text(text.bytes);
        assert_true(reading.is_good);
        size_t total = 0;
        for (int i = 0; i < OWNERS; i++) {
            for (int deep = 0; deep < 2; deep++) {
                char owner[32];
                snprintf(owner, sizeof owner, "n%d.%s", i, deep ? "deep" : "x.y");
                const struct dns_rrset *rrset = find(&reading, owner, DNS_A);
                total += rrset != NULL ? rrset->count : 0;
            }
        }
        assert_int_equal(total, LINES);
        text_free(&text);
        end(&reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_grouped_into_rrsets),
        cmocka_unit_test(names_in_rdata_keep_their_case),
        cmocka_unit_test(ttls_come_from_record_or_directive_or_are_an_hour),
        cmocka_unit_test(different_ttls_become_the_lowest_with_a_warning),
        cmocka_unit_test(a_second_source_adds_to_the_first),
        cmocka_unit_test(refusals_name_the_line_and_the_cure),
        cmocka_unit_test(cname_may_stand_beside_signatures),
        cmocka_unit_test(several_errors_are_told_in_one_round),
        cmocka_unit_test(reading_stops_after_fifty_errors),
        cmocka_unit_test(an_rrset_beyond_any_message_is_refused),
        cmocka_unit_test(any_bytes_are_survived),
        cmocka_unit_test(any_order_of_records_makes_the_same_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
