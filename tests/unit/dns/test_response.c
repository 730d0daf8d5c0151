/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/response.h"

#include "dns/packet.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct dns_reply_edns no_edns = { .ede = -1, .keepalive_ds = -1 };
static const struct dns_reply_edns plain_edns = { .udp_size = 1232, .ede = -1, .keepalive_ds = -1 };

/* A reply in the making, with the query it answers. */
struct reply {
    uint8_t *packet;
    struct dns_query query;
    struct dns_response response;
    uint8_t bytes[UINT16_MAX];
};

static void begin(struct reply *reply, const char *query, size_t limit, const struct dns_reply_edns *edns)
{
    size_t size;
    reply->packet = packet_of(query, &size);
    assert_int_equal(dns_query_parse(reply->packet, size, &reply->query), DNS_QUERY_ACCEPT);
    memset(reply->bytes, 0xee, sizeof reply->bytes);
    dns_response_begin(&reply->response, &reply->query, reply->bytes, limit, edns);
}

#define WWW_QUERY HEADER("01", "00", "00", "00") WWW_EXAMPLE A_IN

/* Ends the reply, and compares all that follows the header's id and flags. */
static void ends_as(struct reply *reply, const struct dns_reply_edns *edns, const char *hex)
{
    size_t expected_size, size = dns_response_end(&reply->response, edns);
    uint8_t *expected = packet_of(hex, &expected_size);
    assert_int_equal(size, expected_size);
    assert_memory_equal(reply->bytes, expected, size);
    for (size_t i = size; i < sizeof reply->bytes; i++)
        assert_int_equal(reply->bytes[i] == 0xee || i < reply->response.limit + reply->response.opt_size,
                         true);
    free(expected);
    free(reply->packet);
}

static struct dns_rrset *rrset_of(uint16_t type, uint32_t ttl_s, const char *rdata)
{
    size_t size;
    uint8_t *bytes = packet_of(rdata, &size);
    struct dns_rrset *rrset =
        dns_rrset_new(type, ttl_s, (const uint8_t *const[]){ bytes }, &(uint16_t){ (uint16_t)size }, 1);
    free(bytes);
    return rrset;
}

static void add(struct reply *reply, enum dns_section section, const char *owner, uint16_t type,
                const char *rdata)
{
    struct dns_name name;
    if (owner != NULL)
        assert_true(dns_name_parse(owner, NULL, &name));
    struct dns_rrset *rrset = rrset_of(type, 60, rdata);
    dns_response_add(&reply->response, section, owner != NULL ? name.bytes : NULL, rrset, UINT32_MAX, false);
    free(rrset);
}

static void the_question_is_echoed_as_it_was_sent(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, "abcd 07ff 0001 0000 0000 0000 03775757 076578616d704c65 00 0001 0001", 512, &no_edns);
    ends_as(&reply, &no_edns, "abcd 8100 0001 0000 0000 0000 03775757 076578616d704c65 00 0001 0001");
}

static void an_rrset_of_the_qname_is_copied(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    add(&reply, DNS_ANSWER, NULL, DNS_A, "c0000201");
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0001 0000 0000" WWW_EXAMPLE A_IN "c00c 0001 0001 0000003c 0004 c0000201");
}

static void a_lower_ttl_replaces_that_of_every_record(void **state)
{
    (void)state;
    static const uint8_t a[] = { 1, 2, 3, 4 }, b[] = { 5, 6, 7, 8 };
    struct dns_rrset *rrset =
        dns_rrset_new(DNS_A, 300, (const uint8_t *const[]){ a, b }, (const uint16_t[]){ 4, 4 }, 2);
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    dns_response_add(&reply.response, DNS_ANSWER, NULL, rrset, 5, false);
    dns_response_add(&reply.response, DNS_ANSWER, NULL, rrset, 301, false);
    free(rrset);
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0004 0000 0000" WWW_EXAMPLE A_IN
            "c00c 0001 0001 00000005 0004 01020304 c00c 0001 0001 00000005 0004 05060708"
            "c00c 0001 0001 0000012c 0004 01020304 c00c 0001 0001 0000012c 0004 05060708");
}

static void made_records_are_written(void **state)
{
    (void)state;
    static const uint8_t a[] = { 1, 2, 3, 4 }, b[] = { 5, 6, 7, 8 };
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    dns_response_add_made(&reply.response, DNS_ANSWER, NULL, DNS_CNAME, 9,
                          (const uint8_t *const[]){ (const uint8_t *)"\001a\007EXAMPLE" }, 11, 1);
    dns_response_add_made(&reply.response, DNS_ANSWER, (const uint8_t *)"\001a\007example", DNS_A, 7,
                          (const uint8_t *const[]){ a, b }, 4, 2);
    dns_response_add_made(&reply.response, DNS_ADDITIONAL, NULL, DNS_A, 8, (const uint8_t *const[]){ b, a },
                          4, 2);
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0003 0000 0002" WWW_EXAMPLE A_IN "c00c 0005 0001 00000009 0004 0161 c010"
            "c029 0001 0001 00000007 0004 01020304 c029 0001 0001 00000007 0004 05060708"
            "c00c 0001 0001 00000008 0004 05060708 c00c 0001 0001 00000008 0004 01020304");
}

static void names_are_compressed_where_their_type_allows_it(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    add(&reply, DNS_ANSWER, "example", DNS_MX, "000a 026d78 074578616d706c65 00"); /* mx.Example */
    add(&reply, DNS_ANSWER, "Mx.example", DNS_SRV, "000000000035 03777777 076578616d706c65 00");
    add(&reply, DNS_AUTHORITY, "other", DNS_NS, "026e73 056f74686572 00"); /* ns.other */
    add(&reply, DNS_AUTHORITY, ".", DNS_NS, "00");
    add(&reply, DNS_ADDITIONAL, "ns.other", DNS_A, "01020304");
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0002 0002 0001" WWW_EXAMPLE A_IN "c010 000f 0001 0000003c 0007 000a 026d78 c010"
            "c02b 0021 0001 0000003c 0013 000000000035 03777777 076578616d706c65 00"
            "056f74686572 00 0002 0001 0000003c 0005 026e73 c04f"
            "00 0002 0001 0000003c 0001 00"
            "c060 0001 0001 0000003c 0004 01020304");
}

static void the_soa_of_a_negative_answer_is_compressed(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    add(&reply, DNS_AUTHORITY, "example", DNS_SOA,
        "026e73 076578616d706c65 00 0161 026e73 076578616d706c65 00 "
        "0000000100000002000000030000000400000005");
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0000 0001 0000" WWW_EXAMPLE A_IN
            "c010 0006 0001 0000003c 001d 026e73 c010 0161 c029 0000000100000002000000030000000400000005");
}

static unsigned hops_of(const uint8_t *message, size_t at)
{
    unsigned hops = 0;
    while (message[at] != 0) {
        bool is_pointer = message[at] >= 0xc0;
        hops += is_pointer;
        at = is_pointer ? (size_t)(message[at] & 0x3f) << 8 | message[at + 1] : at + 1 + message[at];
    }
    return hops;
}

static void a_reader_need_not_go_through_many_pointers(void **state)
{
    (void)state;
    char owner[200] = "a.";
    struct reply reply;
    begin(&reply, WWW_QUERY, 4096, &no_edns);
    for (unsigned i = 0; i < 20; i++) { /* a. b.a. c.b.a. …: each can be written as a label and a pointer */
        size_t at = reply.response.size;
        add(&reply, DNS_AUTHORITY, owner, DNS_A, "01020304");
        assert_in_range(hops_of(reply.bytes, at), 0, 8);
        memmove(owner + 2, owner, strlen(owner) + 1);
        owner[0] = (char)('b' + i);
    }
    assert_int_equal(reply.response.counts[DNS_AUTHORITY], 20);
    free(reply.packet);
}

static void a_query_for_the_root_may_be_pointed_at(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, HEADER("01", "00", "00", "00") "00 0002 0001", 512, &no_edns);
    add(&reply, DNS_ANSWER, NULL, DNS_NS, "0161 00");
    add(&reply, DNS_ADDITIONAL, "a", DNS_A, "01020304");
    ends_as(&reply, &no_edns,
            "1234 8100 0001 0001 0000 0001 00 0002 0001"
            "c00c 0002 0001 0000003c 0003 016100 c01d 0001 0001 0000003c 0004 01020304");
}

static void what_does_not_fit_truncates_in_whole_rrsets(void **state)
{
    (void)state;
    uint8_t text[230] = { 229 };
    const uint8_t *const rdata[] = { text };
    struct dns_rrset *large = dns_rrset_new(DNS_TXT, 60, rdata, &(uint16_t){ sizeof text }, 1);
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns); /* 29 + 242 + 242 = 513 */
    dns_response_add(&reply.response, DNS_ANSWER, NULL, large, 60, false);
    dns_response_add(&reply.response, DNS_ANSWER, NULL, large, 60, false);
    assert_true(reply.response.is_truncated);
    assert_int_equal(reply.response.counts[DNS_ANSWER], 1);
    add(&reply, DNS_ANSWER, NULL, DNS_A, "01020304");
    add(&reply, DNS_AUTHORITY, NULL, DNS_NS, "00");
    add(&reply, DNS_ADDITIONAL, "x", DNS_A, "01020304");
    assert_int_equal(dns_response_end(&reply.response, &no_edns), 29 + 242);
    assert_int_equal(reply.bytes[2], 0x83); /* QR TC RD */
    assert_int_equal(reply.bytes[9], 0);
    free(reply.packet);
    free(large);
}

static void additional_records_are_left_out_silently_unless_they_must_fit(void **state)
{
    (void)state;
    uint8_t text[255] = { 254 };
    const uint8_t *const rdatas[] = { text, text, text };
    struct dns_rrset *large = dns_rrset_new(DNS_TXT, 60, rdatas, (const uint16_t[]){ 255, 254, 253 }, 3);
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &no_edns);
    dns_response_add(&reply.response, DNS_ADDITIONAL, (const uint8_t *)"\001x", large, 60, false);
    assert_false(reply.response.is_truncated);
    assert_int_equal(reply.response.size, 29);
    add(&reply, DNS_ADDITIONAL, "x", DNS_A, "01020304"); /* no pointer into what was taken back */
    assert_int_equal(reply.response.size, 29 + 3 + 10 + 4);
    dns_response_add(&reply.response, DNS_ADDITIONAL, (const uint8_t *)"\001x", large, 60, true);
    assert_true(reply.response.is_truncated);
    assert_int_equal(reply.response.counts[DNS_ADDITIONAL], 1);
    free(reply.packet);
    free(large);
}

static void room_for_the_opt_is_kept(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &plain_edns);
    static const uint8_t rdata[512 - 29 - 11 - 12 + 1];
    const uint8_t *const rdatas[] = { rdata };
    dns_response_add_made(&reply.response, DNS_ANSWER, NULL, DNS_TXT, 1, rdatas, sizeof rdata, 1);
    assert_true(reply.response.is_truncated);
    free(reply.packet);
    begin(&reply, WWW_QUERY, 512, &plain_edns);
    dns_response_add_made(&reply.response, DNS_ANSWER, NULL, DNS_TXT, 1, rdatas, sizeof rdata - 1, 1);
    assert_false(reply.response.is_truncated);
    assert_int_equal(dns_response_end(&reply.response, &plain_edns), 512);
    free(reply.packet);
}

static void the_opt_carries_what_it_is_given(void **state)
{
    (void)state;
    const struct edns_ecs ecs = { .is_present = true,
                                  .source_len = 20,
                                  .address = { ADDRESS_V4, { 192, 0, 0xf0 } } };
    const struct dns_reply_edns edns = {
        .udp_size = 1232,
        .dnssec_ok = true,
        .ecs = &ecs,
        .scope_len = 24,
        .cookie = (const uint8_t *)"12345678abcdefgh",
        .cookie_size = 16,
        .nsid = "ns1",
        .ede = 22,
        .ede_text = "all down",
        .keepalive_ds = 100,
    };
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &edns);
    reply.response.rcode = DNS_BADCOOKIE;
    ends_as(&reply, &edns,
            "1234 8107 0001 0000 0000 0001" WWW_EXAMPLE A_IN "00 0029 04d0 01 00 8000 003a"
            "0008 0007 0001 14 18 c000f0 000a 0010 31323334353637386162636465666768 000b 0002 0064"
            "0003 0003 6e7331 000f 000a 0016 616c6c20646f776e");
}

static void options_that_do_not_fit_are_left_out(void **state)
{
    (void)state;
    char nsid[401];
    memset(nsid, 'n', 400);
    nsid[400] = '\0';
    const struct dns_reply_edns edns = {
        .udp_size = 1232, .nsid = nsid, .ede = 3, .ede_text = nsid, .keepalive_ds = -1
    };
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &edns);
    size_t size = dns_response_end(&reply.response, &edns);
    assert_int_equal(size, 29 + 11 + 4 + 400 + 4 + 2);
    assert_memory_equal(reply.bytes + size - 6, "\000\017\000\002\000\003", 6);
    free(reply.packet);
}

static void an_option_decided_late_uses_what_is_left(void **state)
{
    (void)state;
    struct reply reply;
    begin(&reply, WWW_QUERY, 512, &plain_edns);
    struct dns_reply_edns late = plain_edns;
    late.ede = 3;
    ends_as(&reply, &late,
            "1234 8100 0001 0000 0000 0001" WWW_EXAMPLE A_IN "00 0029 04d0 00000000 0006 000f 0002 0003");
}

static void refusals_are_a_header_with_what_could_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        unsigned rcode;
        bool has_edns;
        const char *reply;
    } cases[] = {
        { "1234 0100 0000 0000 0000 0000", DNS_FORMERR, false, "1234 8101 0000 0000 0000 0000" },
        { "1234 2400 0001 0000 0000 0000" WWW_EXAMPLE A_IN, DNS_NOTIMP, false,
          "1234 a004 0001 0000 0000 0000" WWW_EXAMPLE A_IN },
        { HEADER("01", "00", "00", "01") WWW_EXAMPLE A_IN "00 0029 1000 00010000 0000", DNS_BADVERS, true,
          "1234 8100 0001 0000 0000 0001" WWW_EXAMPLE A_IN "00 0029 04d0 01000000 0000" },
        { WWW_QUERY, DNS_REFUSED, false, "1234 8105 0001 0000 0000 0000" WWW_EXAMPLE A_IN },
        { WWW_QUERY, DNS_BADVERS, false, "1234 8102 0001 0000 0000 0000" WWW_EXAMPLE A_IN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size, expected_size;
        uint8_t *packet = packet_of(cases[i].query, &size),
                *expected = packet_of(cases[i].reply, &expected_size);
        struct dns_query query;
        uint8_t reply[512];
        dns_query_parse(packet, size, &query);
        size_t reply_size = dns_response_refuse(&query, cases[i].rcode, reply, sizeof reply,
                                                cases[i].has_edns ? &plain_edns : &no_edns);
        assert_int_equal(reply_size, expected_size);
        assert_memory_equal(reply, expected, expected_size);
        free(packet);
        free(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_is_echoed_as_it_was_sent),
        cmocka_unit_test(an_rrset_of_the_qname_is_copied),
        cmocka_unit_test(a_lower_ttl_replaces_that_of_every_record),
        cmocka_unit_test(made_records_are_written),
        cmocka_unit_test(names_are_compressed_where_their_type_allows_it),
        cmocka_unit_test(the_soa_of_a_negative_answer_is_compressed),
        cmocka_unit_test(a_reader_need_not_go_through_many_pointers),
        cmocka_unit_test(a_query_for_the_root_may_be_pointed_at),
        cmocka_unit_test(what_does_not_fit_truncates_in_whole_rrsets),
        cmocka_unit_test(additional_records_are_left_out_silently_unless_they_must_fit),
        cmocka_unit_test(room_for_the_opt_is_kept),
        cmocka_unit_test(the_opt_carries_what_it_is_given),
        cmocka_unit_test(options_that_do_not_fit_are_left_out),
        cmocka_unit_test(an_option_decided_late_uses_what_is_left),
        cmocka_unit_test(refusals_are_a_header_with_what_could_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
