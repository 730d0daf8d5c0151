/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reply that lies ready is byte for byte the one that is written step by step. */
#include "dns/ready.h"

#include "base/rng.h"
#include "dns/response.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000 };

static uint64_t below(struct rng *rng, uint64_t bound)
{
    return rng_next(rng) % bound;
}

/* Appends an OPT, sometimes with a client subnet. */
static size_t add_opt(struct rng *rng, uint8_t *packet, size_t size)
{
    const uint64_t flags = rng_next(rng); /* the rcode, and flags beside DO, are not for a query to set */
    uint8_t opt[] = { 0, 0, DNS_OPT, 4, 208, (uint8_t)flags, 0, (uint8_t)(flags >> 8), (uint8_t)(flags >> 16),
                      0, 0 };
    const bool has_ecs = below(rng, 2), is_v4 = below(rng, 2);
    const uint8_t usual_len = is_v4 ? 24 : 56;
    const uint8_t source_len = below(rng, 3) == 0 ? usual_len : (uint8_t)below(rng, is_v4 ? 33 : 129);
    const uint8_t address_size = (uint8_t)((source_len + 7) / 8);
    const uint8_t ecs[] = { 0, EDNS_ECS, 0, (uint8_t)(4 + address_size), 0, is_v4 ? 1 : 2, source_len, 0 };
    if (has_ecs)
        opt[10] = (uint8_t)(sizeof ecs + address_size);
    memcpy(packet + size, opt, sizeof opt);
    size += sizeof opt;
    if (!has_ecs)
        return size;
    memcpy(packet + size, ecs, sizeof ecs);
    size += sizeof ecs;
    for (uint8_t i = 0; i < address_size; i++)
        packet[size++] = (uint8_t)rng_next(rng);
    if (source_len % 8 != 0)
        packet[size - 1] &= (uint8_t)(0xff << (8 - source_len % 8));
    return size;
}

/* A question about a random name in mixed case below `apex` (wire form), and sometimes an OPT. */
static size_t make_query(struct rng *rng, uint16_t qtype, const char *apex, uint8_t *packet)
{
    uint8_t header[DNS_HEADER_SIZE] = { 0, 0, (uint8_t)below(rng, 2), (uint8_t)below(rng, 256), 0, 1 };
    const uint8_t tail[] = { (uint8_t)(qtype >> 8), (uint8_t)qtype, 0, DNS_IN };
    uint64_t id = rng_next(rng);
    size_t size = sizeof header, labels = below(rng, 5);
    memcpy(header, &id, 2);
    for (; labels > 0; labels--) {
        uint8_t length = (uint8_t)(1 + below(rng, 40));
        packet[size++] = length;
        for (; length > 0; length--)
            packet[size++] = (uint8_t)("abzABZ059-"[below(rng, 10)]);
    }
    memcpy(packet + size, apex, strlen(apex) + 1);
    size += strlen(apex) + 1;
    memcpy(packet + size, tail, sizeof tail);
    size += sizeof tail;
    header[11] = (uint8_t)below(rng, 2);
    memcpy(packet, header, sizeof header);
    return header[11] ? add_opt(rng, packet, size) : size;
}

static struct dns_rrset *make_rrset(struct rng *rng, uint16_t type)
{
    uint8_t bytes[16][300];
    const uint8_t *rdatas[16];
    uint16_t sizes[16];
    size_t count = 1 + below(rng, 1 + below(rng, 16));
    for (size_t i = 0; i < count; i++) {
        sizes[i] = (uint16_t)(type == DNS_A ? 4 : type == DNS_AAAA ? 16 : below(rng, 1 + below(rng, 300)));
        for (size_t at = 0; at < sizes[i]; at++)
            bytes[i][at] = (uint8_t)rng_next(rng);
        rdatas[i] = bytes[i];
    }
    return dns_rrset_new(type, (uint32_t)below(rng, 1u << 31), rdatas, sizes, count);
}

enum { SCOPE_LEN = 21, TTL_S = 86400 };

struct round {
    uint8_t *packet; /* of its exact size: the sanitizer sees what is read behind it */
    struct dns_query query;
    struct dns_ready_edns edns;
    struct dns_reply_edns reply_edns;
    struct dns_response response;
    uint8_t expected[65535];
    uint8_t *reply;
    unsigned ready; /* counted */
};

static void begin_round(struct round *round, struct rng *rng, uint16_t type, const char *apex)
{
    uint8_t bytes[512];
    size_t size = make_query(rng, type, apex, bytes);
    round->packet = malloc(size);
    round->reply = malloc(DNS_READY_MOST);
    memcpy(round->packet, bytes, size);
    assert_int_equal(dns_query_parse(round->packet, size, &round->query), DNS_QUERY_ACCEPT);
    const struct edns *edns = &round->query.edns;
    round->edns = (struct dns_ready_edns){ .udp_size = DNS_UDP_SIZE_DEFAULT, .scope_len = SCOPE_LEN };
    round->reply_edns = (struct dns_reply_edns){ .udp_size = edns->is_present ? DNS_UDP_SIZE_DEFAULT : 0,
                                                 .dnssec_ok = edns->dnssec_ok,
                                                 .ecs = edns->ecs.is_present ? &edns->ecs : NULL,
                                                 .scope_len = SCOPE_LEN,
                                                 .ede = EDE_NONE,
                                                 .keepalive_ds = -1 };
    dns_response_begin(&round->response, &round->query, round->expected, sizeof round->expected,
                       &round->reply_edns);
    round->response.flags |= DNS_FLAG_AA;
}

static void end_round(struct round *round, size_t size)
{
    size_t expected_size = dns_response_end(&round->response, &round->reply_edns);
    round->ready += size > 0;
    if (size > 0) {
        assert_int_equal(size, expected_size);
        assert_memory_equal(round->reply, round->expected, size);
    } else {
        assert_true(expected_size > DNS_READY_MOST - 11 - 24 - 28); /* OPT, subnet and cookie fit behind */
    }
    free(round->packet);
    free(round->reply);
}

static void seed(struct rng *rng)
{
    rng_seed(rng);
    print_message("seed %llu\n", (unsigned long long)rng->state);
}

static void a_stored_rrset_is_copied(void **state)
{
    (void)state;
    static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_CAA, 65280 };
    static struct round round;
    struct rng rng;
    seed(&rng);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint16_t type = types[below(&rng, sizeof types / sizeof *types)];
        begin_round(&round, &rng, type, "\7Example");
        struct dns_rrset *rrset = make_rrset(&rng, type);
        dns_response_add(&round.response, DNS_ANSWER, NULL, rrset, rrset->ttl_s, false);
        end_round(&round, dns_ready_copy(&round.query, round.edns, rrset, round.reply));
        free(rrset);
    }
    assert_in_range(round.ready, ROUNDS / 4, ROUNDS - 1); /* large ones are not ready */
}

static void decided_addresses_are_written(void **state)
{
    (void)state;
    static struct round round;
    uint8_t addresses[16][16];
    const uint8_t *rdatas[16];
    struct rng rng;
    seed(&rng);
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool is_v4 = below(&rng, 2);
        size_t count = 1 + below(&rng, 1 + below(&rng, 16));
        for (size_t k = 0; k < sizeof addresses; k++)
            addresses[k / 16][k % 16] = (uint8_t)rng_next(&rng);
        for (size_t k = 0; k < count; k++)
            rdatas[k] = addresses[k];
        begin_round(&round, &rng, is_v4 ? DNS_A : DNS_AAAA, "\7Example");
        dns_response_add_made(&round.response, DNS_ANSWER, NULL, round.query.qtype, TTL_S, rdatas,
                              is_v4 ? 4 : 16, count);
        const bool is_single = count == 1 && below(&rng, 2);
        end_round(&round,
                  is_single
                      ? dns_ready_address(&round.query, round.edns, TTL_S, rdatas[0], round.reply)
                      : dns_ready_addresses(&round.query, round.edns, TTL_S, rdatas, count, round.reply));
    }
    assert_in_range(round.ready, ROUNDS / 4, ROUNDS - 1);
}

/* Primary and mailbox inside of the zone, at its apex, and outside; the numbers are those of any SOA. */
static void a_denial_has_the_soa(void **state)
{
    (void)state;
    static const char *const soas[][2] = { { "\3Ns1\7eXample", "\4mail\7example" },
                                           { "\7example", "\7EXAMPLE" },
                                           { "\1a\5other", "\4Mail\7example" },
                                           { "\3ns1\7example", "\1b\2no" },
                                           { "\1a\2no", "\1b\5other" } };
    static struct round round;
    struct dns_name apex;
    struct rng rng;
    assert_true(dns_name_parse("example.", NULL, &apex));
    seed(&rng);
    for (unsigned i = 0; i < ROUNDS; i++) {
        const char *const *names = soas[i % (sizeof soas / sizeof *soas)];
        const size_t first_size = strlen(names[0]) + 1, second_size = strlen(names[1]) + 1;
        uint8_t rdata[100];
        const uint8_t *rdatas[] = { rdata };
        const uint16_t size = (uint16_t)(first_size + second_size + 20);
        memcpy(rdata, names[0], first_size);
        memcpy(rdata + first_size, names[1], second_size);
        for (unsigned k = 0; k < 20; k++)
            rdata[first_size + second_size + k] = (uint8_t)rng_next(&rng);
        struct dns_rrset *soa = dns_rrset_new(DNS_SOA, TTL_S, rdatas, &size, 1);
        struct dns_negative negative;
        dns_negative_make(&apex, soa, 60, &negative);
        assert_true(negative.size > 0);
        begin_round(&round, &rng, DNS_A, "\7Example");
        round.response.rcode = i % 2 ? DNS_NXDOMAIN : DNS_NOERROR;
        dns_response_add(&round.response, DNS_AUTHORITY, apex.bytes, soa, 60, false);
        end_round(&round, dns_ready_negative(&round.query, round.edns, round.response.rcode, &negative,
                                             apex.size, round.reply));
        free(soa);
    }
    assert_true(round.ready == ROUNDS);
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    static struct round round;
    struct rng rng;
    seed(&rng);
    for (unsigned i = 0; i < ROUNDS; i++) {
        begin_round(&round, &rng, DNS_A, "\7Example");
        round.response.flags &= (uint16_t)~DNS_FLAG_AA;
        round.response.rcode = DNS_REFUSED;
        round.reply_edns.ede = EDE_NOT_AUTHORITATIVE;
        end_round(&round, dns_ready_refuse(&round.query, round.edns, DNS_REFUSED, EDE_NOT_AUTHORITATIVE,
                                           round.reply));
    }
    assert_true(round.ready == ROUNDS);
}

static void a_long_soa_does_not_lie_ready(void **state)
{
    (void)state;
    uint8_t rdata[2 * 255 + 20] = { 0 };
    const uint8_t *rdatas[] = { rdata };
    struct dns_name apex;
    assert_true(dns_name_parse("example.", NULL, &apex));
    for (size_t labels = 0; labels <= 3; labels++) {
        size_t size = 0;
        for (unsigned name = 0; name < 2; name++) {
            for (size_t i = 0; i < labels; i++) {
                rdata[size] = 60;
                memset(rdata + size + 1, 'a', 60);
                size += 61;
            }
            rdata[size++] = 0;
        }
        memset(rdata + size, 0, 20);
        uint16_t rdlength = (uint16_t)(size + 20);
        struct dns_rrset *soa = dns_rrset_new(DNS_SOA, TTL_S, rdatas, &rdlength, 1);
        struct dns_negative negative;
        dns_negative_make(&apex, soa, 60, &negative);
        assert_int_equal(negative.size > 0, labels == 0);
        free(soa);
    }
}

static void only_types_that_need_nothing_else_are_copied(void **state)
{
    (void)state;
    static const uint16_t alone[] = { 0,      DNS_A,     DNS_AAAA, DNS_TXT, DNS_CAA,
                                      DNS_DS, DNS_RRSIG, 52,       65280,   65535 };
    static const uint16_t others[] = { DNS_NS,  DNS_CNAME, DNS_SOA,  DNS_PTR,  DNS_MX,
                                       DNS_SRV, DNS_DNAME, DNS_SVCB, DNS_HTTPS };
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        assert_true(dns_type_layout(alone[i])->is_alone);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(dns_type_layout(others[i])->is_alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_rrset_is_copied),
        cmocka_unit_test(decided_addresses_are_written),
        cmocka_unit_test(a_denial_has_the_soa),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_long_soa_does_not_lie_ready),
        cmocka_unit_test(only_types_that_need_nothing_else_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
