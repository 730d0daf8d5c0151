/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include "base/rng.h"
#include "dns/type.h"
#include "dns/packet.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define OPT(version, size) "00 0029 1000 00" version "8000 00" size " "

/* A query with everything that we read. */
#define FULL_QUERY                                                                                        \
    HEADER("01", "00", "00", "01")                                                                        \
    WWW_EXAMPLE A_IN OPT("00",                                                                            \
                         "27") "0008 0007 0001 18 00 c00002 000a 0010 0102030405060708 1112131415161718 " \
                               "0003 0000 000b 0000"

static void queries_are_accepted_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what, *packet;
        enum dns_query_outcome outcome;
        unsigned rcode, question_size;
        bool has_edns;
    } cases[] = {
        { "plain", HEADER("01", "00", "00", "00") WWW_EXAMPLE A_IN, DNS_QUERY_ACCEPT, 0, 17, false },
        { "with OPT", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("00", "00"), DNS_QUERY_ACCEPT, 0,
          17, true },
        { "full", FULL_QUERY, DNS_QUERY_ACCEPT, 0, 17, true },
        { "for the root", HEADER("01", "00", "00", "00") "00 0002 0001", DNS_QUERY_ACCEPT, 0, 5, false },
        { "with odd flags", "1234 07ff 0001 0000 0000 0000" WWW_EXAMPLE A_IN, DNS_QUERY_ACCEPT, 0, 17,
          false },
        { "with records before OPT",
          HEADER("01", "01", "01", "02") WWW_EXAMPLE A_IN
          "c00c 0001 0001 00000000 0004 01020304"
          "076578616d706c65 c00c 0006 0001 00000000 0000"
          "01 61 00 00fa 00ff 00000000 0003 010203" OPT("00", "00"),
          DNS_QUERY_ACCEPT, 0, 17, true },
        { "a response", "1234 8000 0001 0000 0000 0000" WWW_EXAMPLE A_IN, DNS_QUERY_DROP, 0, 0, false },
        { "eleven bytes", "1234 0000 0001 0000 0000 00", DNS_QUERY_DROP, 0, 0, false },
        { "nothing", "", DNS_QUERY_DROP, 0, 0, false },
        { "a header alone", HEADER("01", "00", "00", "00"), DNS_QUERY_REFUSE, DNS_FORMERR, 0, false },
        { "no question", HEADER("00", "00", "00", "00"), DNS_QUERY_REFUSE, DNS_FORMERR, 0, false },
        { "no question but OPT", HEADER("00", "00", "00", "01") OPT("00", "00"), DNS_QUERY_REFUSE,
          DNS_FORMERR, 0, true },
        { "no question but a cookie",
          HEADER("00", "00", "00", "01") OPT("00", "0c") "000a 0008 0102030405060708", DNS_QUERY_REFUSE,
          DNS_NOERROR, 0, true },
        { "no question but a cookie, and a record",
          HEADER("00", "01", "00", "01") "00 0001 0001 00000000 0000" OPT("00",
                                                                          "0c") "000a 0008 0102030405060708",
          DNS_QUERY_REFUSE, DNS_FORMERR, 0, true },
        { "no question but a cookie of a future version",
          HEADER("00", "00", "00", "01") OPT("01", "0c") "000a 0008 0102030405060708", DNS_QUERY_REFUSE,
          DNS_BADVERS, 0, true },
        { "two questions", HEADER("02", "00", "00", "00") WWW_EXAMPLE A_IN WWW_EXAMPLE A_IN, DNS_QUERY_REFUSE,
          DNS_FORMERR, 0, false },
        { "a question without class", HEADER("01", "00", "00", "00") WWW_EXAMPLE "0001", DNS_QUERY_REFUSE,
          DNS_FORMERR, 0, false },
        { "a compressed question", HEADER("01", "00", "00", "00") "03777777 c00c 0001 0001", DNS_QUERY_REFUSE,
          DNS_FORMERR, 0, false },
        { "a byte behind the question", HEADER("01", "00", "00", "00") WWW_EXAMPLE A_IN "00",
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, false },
        { "a byte behind the OPT", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("00", "00") "00",
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, true },
        { "two OPTs", HEADER("01", "00", "00", "02") WWW_EXAMPLE A_IN OPT("00", "00") OPT("00", "00"),
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, true },
        { "an OPT with an owner", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN "0161" OPT("00", "00"),
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, false },
        { "an OPT owned by a pointer",
          HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN "c018 0029 1000 00008000 0000", DNS_QUERY_REFUSE,
          DNS_FORMERR, 17, false },
        { "an OPT with a short rdata", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("00", "01"),
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, false },
        { "an OPT with a broken option", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("00", "01") "00",
          DNS_QUERY_REFUSE, DNS_FORMERR, 17, true },
        { "a missing OPT", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN, DNS_QUERY_REFUSE, DNS_FORMERR, 17,
          false },
        { "a missing answer", HEADER("01", "01", "00", "00") WWW_EXAMPLE A_IN, DNS_QUERY_REFUSE, DNS_FORMERR,
          17, false },
        { "an owner of label type 01",
          HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN "4161 0001 0001 00000000 0000", DNS_QUERY_REFUSE,
          DNS_FORMERR, 17, false },
        { "EDNS version 1", HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("01", "00"), DNS_QUERY_REFUSE,
          DNS_BADVERS, 17, true },
        { "EDNS version 1 with other options",
          HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN OPT("01", "01") "00", DNS_QUERY_REFUSE, DNS_BADVERS,
          17, true },
        { "NOTIFY", "1234 2400 0001 0000 0000 0000" WWW_EXAMPLE "0006 0001", DNS_QUERY_REFUSE, DNS_NOTIMP, 17,
          false },
        { "UPDATE", "1234 2800 0001 0000 0000 0000" WWW_EXAMPLE "0006 0001", DNS_QUERY_REFUSE, DNS_NOTIMP, 17,
          false },
        { "IQUERY without question", "1234 0800 0000 0000 0000 0000", DNS_QUERY_REFUSE, DNS_NOTIMP, 0,
          false },
        { "opcode 15 with nonsense", "1234 7800 ffff ffff ffff ffff ff", DNS_QUERY_REFUSE, DNS_NOTIMP, 0,
          false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        uint8_t *packet = packet_of(cases[i].packet, &size);
        struct dns_query query;
        enum dns_query_outcome outcome = dns_query_parse(packet, size, &query);
        if (outcome != cases[i].outcome)
            fail_msg("%s: outcome %d", cases[i].what, outcome);
        if (outcome != DNS_QUERY_DROP) {
            if (query.rcode != cases[i].rcode || query.question_size != cases[i].question_size ||
                query.edns.is_present != cases[i].has_edns)
                fail_msg("%s: rcode %u, question %u, edns %d", cases[i].what, query.rcode,
                         query.question_size, query.edns.is_present);
        }
        free(packet);
    }
}

static void all_that_a_query_says_is_read(void **state)
{
    (void)state;
    size_t size;
    uint8_t *packet = packet_of(FULL_QUERY, &size);
    memcpy(packet + 12, "\003wWW\007EXAMPLE", 12);
    struct dns_query query;
    assert_int_equal(dns_query_parse(packet, size, &query), DNS_QUERY_ACCEPT);
    assert_memory_equal(query.qname.bytes, "\003www\007example", 13);
    assert_int_equal(query.qname.label_count, 2);
    assert_int_equal(query.qtype, DNS_A);
    assert_int_equal(query.qclass, DNS_IN);
    assert_int_equal(query.flags, 0x0100);
    assert_int_equal(query.edns.udp_size, 4096);
    assert_true(query.edns.dnssec_ok);
    assert_true(query.edns.wants_nsid);
    assert_true(query.edns.wants_keepalive);
    assert_int_equal(query.edns.ecs.source_len, 24);
    assert_int_equal(query.edns.cookie.server_size, 8);
    assert_int_equal(query.edns.cookie.client[0], 1);
    assert_int_equal(query.edns.cookie.server[7], 0x18);
    free(packet);
}

static void a_small_edns_size_counts_as_512(void **state)
{
    (void)state;
    size_t size;
    uint8_t *packet =
        packet_of(HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN "00 0029 0100 00000000 0000", &size);
    struct dns_query query;
    assert_int_equal(dns_query_parse(packet, size, &query), DNS_QUERY_ACCEPT);
    assert_int_equal(query.edns.udp_size, 512);
    assert_false(query.edns.dnssec_ok);
    free(packet);
}

static void a_query_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t size;
    uint8_t *packet = packet_of(FULL_QUERY, &size);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut > 0 ? cut : 1); /* the sanitizer sees reads behind it */
        memcpy(part, packet, cut);
        struct dns_query query;
        enum dns_query_outcome outcome = dns_query_parse(part, cut, &query);
        assert_int_equal(outcome, cut < DNS_HEADER_SIZE ? DNS_QUERY_DROP : DNS_QUERY_REFUSE);
        if (outcome == DNS_QUERY_REFUSE)
            assert_int_equal(query.rcode, DNS_FORMERR);
        free(part);
    }
    free(packet);
}

static void mutated_queries_never_harm(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    size_t size;
    uint8_t *packet = packet_of(FULL_QUERY, &size);
    for (unsigned round = 0; round < 200000; round++) {
        size_t cut = rng_next(&rng) % 8 == 0 ? rng_next(&rng) % (size + 1) : size;
        uint8_t *mutant = malloc(cut > 0 ? cut : 1);
        memcpy(mutant, packet, cut);
        for (uint64_t i = rng_next(&rng) % 4; i > 0 && cut > 0; i--)
            mutant[rng_next(&rng) % cut] = (uint8_t)rng_next(&rng);
        struct dns_query query;
        enum dns_query_outcome outcome = dns_query_parse(mutant, cut, &query);
        if (outcome == DNS_QUERY_ACCEPT)
            assert_int_equal(query.question_size, query.qname.size + 4);
        if (outcome == DNS_QUERY_REFUSE)
            assert_true(query.question_size <= cut - DNS_HEADER_SIZE &&
                        (query.rcode != 0 || query.edns.cookie.is_present));
        free(mutant);
    }
    free(packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_are_accepted_or_refused), cmocka_unit_test(all_that_a_query_says_is_read),
        cmocka_unit_test(a_small_edns_size_counts_as_512), cmocka_unit_test(a_query_cut_anywhere_is_refused),
        cmocka_unit_test(mutated_queries_never_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
