/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reply that is copied in one go is byte for byte the one that is written step by step. */
#include "dns/response.h"

#include "base/rng.h"

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

/* A question with a random name in mixed case, and sometimes an OPT. */
static size_t make_query(struct rng *rng, uint16_t qtype, uint8_t *packet)
{
    uint8_t header[DNS_HEADER_SIZE] = { 0, 0, (uint8_t)below(rng, 2), (uint8_t)below(rng, 256), 0, 1 };
    uint64_t id = rng_next(rng);
    size_t size = sizeof header, labels = below(rng, 5);
    memcpy(header, &id, 2);
    for (; labels > 0; labels--) {
        uint8_t length = (uint8_t)(1 + below(rng, 40));
        packet[size++] = length;
        for (; length > 0; length--)
            packet[size++] = (uint8_t)("abzABZ059-"[below(rng, 10)]);
    }
    packet[size++] = 0;
    packet[size++] = (uint8_t)(qtype >> 8);
    packet[size++] = (uint8_t)qtype;
    packet[size++] = 0;
    packet[size++] = DNS_IN;
    if (below(rng, 2)) {
        const uint8_t opt[] = { 0, 0, DNS_OPT, 4, 208, 0, 0, (uint8_t)(below(rng, 2) << 7), 0, 0, 0 };
        memcpy(packet + size, opt, sizeof opt);
        size += sizeof opt;
        header[11] = 1;
    }
    memcpy(packet, header, sizeof header);
    return size;
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

static size_t write_by_steps(const struct dns_query *query, const struct dns_rrset *rrset, uint8_t *out)
{
    struct dns_response response;
    const struct dns_reply_edns edns = { .udp_size = query->edns.is_present ? DNS_UDP_SIZE_DEFAULT : 0,
                                         .dnssec_ok = query->edns.dnssec_ok,
                                         .ede = EDE_NONE,
                                         .keepalive_ds = -1 };
    dns_response_begin(&response, query, out, 65535, &edns);
    response.flags |= DNS_FLAG_AA;
    dns_response_add(&response, DNS_ANSWER, NULL, rrset, rrset->ttl_s, false);
    return dns_response_end(&response, &edns);
}

static void a_copied_reply_is_the_one_written_by_steps(void **state)
{
    (void)state;
    static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_CAA, 65280 };
    static uint8_t expected[65535];
    struct rng rng;
    unsigned copied = 0;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint16_t type = types[below(&rng, sizeof types / sizeof *types)];
        uint8_t query_bytes[512], *packet, *reply = malloc(DNS_COPY_MOST); /* the sanitizer sees its end */
        size_t query_size = make_query(&rng, type, query_bytes);
        packet = malloc(query_size);
        memcpy(packet, query_bytes, query_size);
        struct dns_query query;
        assert_int_equal(dns_query_parse(packet, query_size, &query), DNS_QUERY_ACCEPT);
        struct dns_rrset *rrset = make_rrset(&rng, type);
        size_t size =
            dns_response_copy(&query, rrset, query.edns.is_present ? DNS_UDP_SIZE_DEFAULT : 0, reply);
        size_t expected_size = write_by_steps(&query, rrset, expected);
        copied += size > 0;
        if (size > 0) {
            assert_int_equal(size, expected_size);
            assert_memory_equal(reply, expected, size);
        } else {
            assert_true(expected_size > DNS_COPY_MOST - 11);
        }
        free(rrset);
        free(packet);
        free(reply);
    }
    assert_in_range(copied, ROUNDS / 4, ROUNDS - 1); /* large ones were refused */
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
        cmocka_unit_test(a_copied_reply_is_the_one_written_by_steps),
        cmocka_unit_test(only_types_that_need_nothing_else_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
