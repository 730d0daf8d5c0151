/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser of queries beside one that reads byte by byte, on random queries and what mutation makes of
 * them. */
#include "dns/query.h"

#include "base/rng.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 300000, ROOM = 1024 };

/* ---- reading byte by byte ---- */

struct bytes {
    const uint8_t *at;
    size_t left;
    bool is_good;
};

static unsigned take(struct bytes *bytes, unsigned count)
{
    unsigned value = 0;
    for (; count > 0; count--) {
        if (bytes->left == 0) {
            bytes->is_good = false;
            return 0;
        }
        value = value << 8 | *bytes->at++;
        bytes->left--;
    }
    return value;
}

static void pass_over(struct bytes *bytes, unsigned count)
{
    while (count-- > 0 && bytes->is_good)
        (void)take(bytes, 1);
}

struct naive {
    enum dns_query_outcome outcome;
    unsigned rcode, question_size, qtype, qclass;
    uint8_t name[256];
    unsigned name_size, labels;
    unsigned opts;
    struct edns edns; /* of the first OPT */
};

static bool read_name(struct bytes *bytes, struct naive *out)
{
    out->name_size = out->labels = 0;
    for (;;) {
        unsigned length = take(bytes, 1);
        if (!bytes->is_good || length > 63 || out->name_size + 1 + length > 255)
            return false;
        out->name[out->name_size++] = (uint8_t)length;
        if (length == 0)
            return true;
        out->labels++;
        for (; length > 0; length--) {
            uint8_t byte = (uint8_t)take(bytes, 1);
            out->name[out->name_size++] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
        }
    }
}

static bool read_question(struct bytes *bytes, struct naive *out)
{
    bool is_name = read_name(bytes, out);
    out->qtype = is_name ? take(bytes, 2) : 0;
    out->qclass = is_name ? take(bytes, 2) : 0;
    if (is_name && bytes->is_good) {
        out->question_size = out->name_size + 4;
        return true;
    }
    out->qtype = out->qclass = 0;
    return false;
}

/* Returns the first byte of the owner; -1: malformed. */
static int skip_owner(struct bytes *bytes)
{
    int first = -1;
    for (;;) {
        unsigned length = take(bytes, 1);
        if (!bytes->is_good || (length > 63 && length < 0xc0))
            return -1;
        first = first < 0 ? (int)length : first;
        pass_over(bytes, length >= 0xc0 ? 1 : length);
        if (length == 0 || length >= 0xc0)
            return bytes->is_good ? first : -1;
    }
}

static bool read_opt(struct bytes rdata, unsigned udp_size, unsigned version, bool dnssec_ok,
                     struct naive *out)
{
    if (out->opts++ > 0)
        return false;
    bool is_good = version > 0 || edns_read_options(rdata.at, rdata.left, &out->edns);
    if (version > 0 || !is_good)
        out->edns.ecs.is_present = out->edns.cookie.is_present = false;
    out->edns.udp_size = (uint16_t)(udp_size < 512 ? 512 : udp_size);
    out->edns.version = (uint8_t)version;
    out->edns.dnssec_ok = dnssec_ok;
    return is_good;
}

static bool read_record(struct bytes *bytes, bool is_additional, struct naive *out)
{
    int owner = skip_owner(bytes);
    unsigned type = take(bytes, 2), class = take(bytes, 2), ttl = take(bytes, 4), size = take(bytes, 2);
    struct bytes rdata = { .at = bytes->at, .left = size, .is_good = true };
    pass_over(bytes, size);
    if (owner < 0 || !bytes->is_good)
        return false;
    if (!is_additional || type != 41)
        return true;
    return owner == 0 && read_opt(rdata, class, ttl >> 16 & 255, ttl >> 15 & 1, out);
}

static unsigned naive_rcode(struct bytes bytes, struct naive *out)
{
    unsigned questions = take(&bytes, 2), answers = take(&bytes, 2), authorities = take(&bytes, 2),
             additionals = take(&bytes, 2);
    if (questions > 1 || (questions == 1 && !read_question(&bytes, out)))
        return 1;
    for (unsigned i = 0; i < answers + authorities + additionals; i++) {
        if (!read_record(&bytes, i >= answers + authorities, out))
            return 1;
    }
    if (bytes.left > 0)
        return 1;
    if (out->edns.version > 0)
        return 16;
    return questions == 1 || (out->edns.cookie.is_present && answers + authorities == 0) ? 0 : 1;
}

static void naive_parse(const uint8_t *packet, size_t size, struct naive *out)
{
    memset(out, 0, sizeof *out);
    out->edns.udp_size = 512;
    out->outcome = DNS_QUERY_DROP;
    if (size < 12 || packet[2] > 127)
        return;
    out->rcode = naive_rcode((struct bytes){ .at = packet + 4, .left = size - 4, .is_good = true }, out);
    if ((packet[2] >> 3 & 15) != 0)
        out->rcode = 4;
    out->outcome = out->rcode == 0 && out->question_size > 0 ? DNS_QUERY_ACCEPT : DNS_QUERY_REFUSE;
}

/* ---- both ---- */

static void compare_edns(const struct edns *edns, const struct naive *naive)
{
    const struct edns *expected = &naive->edns;
    assert_int_equal(edns->is_present, naive->opts > 0);
    assert_int_equal(edns->udp_size, expected->udp_size);
    assert_int_equal(edns->version, expected->version);
    assert_int_equal(edns->dnssec_ok, expected->dnssec_ok);
    assert_int_equal(edns->ecs.is_present, expected->ecs.is_present);
    assert_int_equal(edns->cookie.is_present, expected->cookie.is_present);
    if (naive->rcode != 0)
        return; /* where the options are malformed, the rest means nothing */
    assert_int_equal(edns->wants_nsid, expected->wants_nsid);
    assert_int_equal(edns->wants_keepalive, expected->wants_keepalive);
    assert_int_equal(edns->local_option, expected->local_option);
    if (!expected->cookie.is_present)
        return;
    assert_memory_equal(edns->cookie.client, expected->cookie.client, sizeof edns->cookie.client);
    assert_int_equal(edns->cookie.server_size, expected->cookie.server_size);
    assert_memory_equal(edns->cookie.server, expected->cookie.server, expected->cookie.server_size);
}

static void compare_question(const struct dns_query *query, const struct naive *naive)
{
    assert_int_equal(query->qname.size, naive->name_size);
    assert_memory_equal(query->qname.bytes, naive->name, naive->name_size);
    assert_int_equal(query->qname.label_count, naive->labels);
    for (unsigned i = 0, at = 0; i < naive->labels; at += 1u + naive->name[at], i++)
        assert_int_equal(query->qname.label_at[i], at);
}

static void compare_query(const struct dns_query *query, const struct naive *naive)
{
    assert_int_equal(query->rcode, naive->rcode);
    assert_int_equal(query->question_size, naive->question_size);
    assert_int_equal(query->qtype, naive->qtype);
    assert_int_equal(query->qclass, naive->qclass);
    compare_edns(&query->edns, naive);
    if (naive->question_size > 0)
        compare_question(query, naive);
}

/* What is read at a glance and turns out to be a name is accepted as it was read; and what has no options but
 * a usual subnet or cookie, and nothing else about it, is read at a glance. */
static void compare_glance(const uint8_t *packet, size_t size, const struct naive *naive)
{
    static const uint8_t alone[] = { 0, 1, 0, 0, 0, 0, 0, 0 };
    struct dns_query query;
    memset(&query, 0xa5, sizeof query);
    bool is_glanced = dns_query_glance(packet, size, &query) && dns_query_read_labels(&query);
    const struct edns_ecs *ecs = &naive->edns.ecs;
    const size_t behind = size - 12 - naive->question_size, address_size = (ecs->source_len + 7u) / 8;
    bool has_usual_subnet = naive->opts == 1 && ecs->is_present && behind == 11 + 8 + address_size &&
                            (address_size == 3 || address_size == 7);
    const size_t server_size = naive->edns.cookie.server_size;
    bool has_usual_cookie = naive->opts == 1 && naive->edns.cookie.is_present &&
                            behind == 11 + 4 + 8 + server_size && (server_size == 0 || server_size == 16);
    bool is_usual = naive->outcome == DNS_QUERY_ACCEPT && memcmp(packet + 4, alone, 7) == 0 &&
                    (behind == naive->opts * 11 || has_usual_subnet || has_usual_cookie);
    assert_int_equal(is_glanced, is_usual);
    if (is_glanced)
        compare_query(&query, naive);
}

static void compare(const uint8_t *packet, size_t size)
{
    struct dns_query query;
    struct naive naive;
    memset(&query, 0xa5, sizeof query);
    naive_parse(packet, size, &naive);
    assert_int_equal(dns_query_parse(packet, size, &query), naive.outcome);
    compare_glance(packet, size, &naive);
    if (naive.outcome != DNS_QUERY_DROP)
        compare_query(&query, &naive);
}

/* ---- queries ---- */

struct draft {
    uint8_t bytes[ROOM];
    size_t size;
};

static void put(struct draft *draft, unsigned value, unsigned count)
{
    while (count-- > 0)
        draft->bytes[draft->size++] = (uint8_t)(value >> 8 * count);
}

static void put_name(struct draft *draft, struct rng *rng)
{
    static const unsigned sizes[] = { 0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 11, 20, 63 };
    unsigned size;
    for (size_t room = rng_next(rng) % 40 == 0 ? 255 : rng_next(rng) % 60; room > 0; room -= 1 + size) {
        size = sizes[rng_next(rng) % (sizeof sizes / sizeof *sizes)];
        if (size == 0 || room < 1 + size)
            break;
        put(draft, size, 1);
        for (unsigned i = 0; i < size; i++)
            put(draft, (unsigned)(rng_next(rng) % 8 == 0 ? rng_next(rng) : 'A' + rng_next(rng) % 58), 1);
    }
    put(draft, 0, 1);
}

static void put_record(struct draft *draft, struct rng *rng, unsigned type, unsigned ttl)
{
    static const uint8_t options[] = {
        0, 3, 0, 0, 0, 8, 0, 8, 0, 1, 24, 0, 192, 0,    2,    0, 0, 10, 0,
        8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 0,   0xfd, 0xe9, 0, 1, 0,
    };
    static const uint8_t cookie[] = { 0,  10, 0,  24, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24 };
    static const unsigned sizes[] = { 0, 0, 0, 4, 15, 16, 28, 32, 37 }, cookie_sizes[] = { 12, 24, 28 };
    const bool has_cookie = rng_next(rng) % 4 == 0;
    unsigned size =
        has_cookie ? cookie_sizes[rng_next(rng) % 3] : sizes[rng_next(rng) % (sizeof sizes / sizeof *sizes)];
    put(draft, 0, 1);
    put(draft, type, 2);
    put(draft, (unsigned)(rng_next(rng) % 4096), 2);
    put(draft, ttl, 4);
    put(draft, size, 2);
    memcpy(draft->bytes + draft->size, has_cookie ? cookie : options, size);
    if (has_cookie)
        draft->bytes[draft->size + 3] = (uint8_t)(size - 4);
    draft->size += size;
}

static void make(struct rng *rng, struct draft *draft)
{
    unsigned records = (unsigned)(rng_next(rng) % 16 == 0 ? rng_next(rng) % 3 : 0);
    unsigned opts = (unsigned)(rng_next(rng) % 32 == 0 ? 2 : rng_next(rng) % 2);
    unsigned questions = rng_next(rng) % 32 == 0 ? 0 : 1;
    draft->size = 0;
    put(draft, 0x1234, 2);
    put(draft, rng_next(rng) % 8 == 0 ? (unsigned)rng_next(rng) : 0x0100, 2);
    put(draft, questions, 2);
    put(draft, records, 2);
    put(draft, 0, 2);
    put(draft, opts, 2);
    if (questions > 0) {
        put_name(draft, rng);
        put(draft, (unsigned)(rng_next(rng) % 300), 2);
        put(draft, DNS_IN, 2);
    }
    for (; records > 0; records--)
        put_record(draft, rng, DNS_A, 60);
    for (; opts > 0; opts--)
        put_record(draft, rng, DNS_OPT,
                   rng_next(rng) % 16 == 0 ? (unsigned)rng_next(rng) : (unsigned)(rng_next(rng) % 2) << 15);
}

static void it_reads_what_a_naive_reader_reads(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct draft draft;
        make(&rng, &draft);
        for (uint64_t changes = rng_next(&rng) % 2 * (rng_next(&rng) % 4); changes > 0; changes--)
            draft.bytes[rng_next(&rng) % draft.size] =
                (uint8_t)(rng_next(&rng) % 2 == 0 ? rng_next(&rng) : rng_next(&rng) % 16);
        size_t size = rng_next(&rng) % 16 == 0 ? rng_next(&rng) % (draft.size + 1) : draft.size;
        uint8_t *packet = malloc(size > 0 ? size : 1); /* the sanitizer sees reads behind it */
        memcpy(packet, draft.bytes, size);
        compare(packet, size);
        free(packet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_a_naive_reader_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
