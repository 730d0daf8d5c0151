/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/asking.h"
#include "answer/rate_limit.h"

#include "base/rng.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define SECOND_US UINT64_C(1000000)

static struct rate_limiter *limiter_of(uint32_t rate, uint32_t slip, struct prefix *exempt, size_t count)
{
    const struct rate_limit_settings settings = {
        .responses_per_second = rate,
        .slip = slip,
        .ipv4_prefix = 24,
        .ipv6_prefix = 56,
        .exempt = exempt,
        .exempt_count = count,
    };
    return rate_limiter_new(&settings);
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return address;
}

/* Of `count` replies at once, those that are sent. */
static unsigned sent_of(struct rate_limiter *limiter, const char *source, uint64_t kind, uint64_t now_us,
                        unsigned count)
{
    const struct address address = address_of(source);
    unsigned sent = 0;
    for (unsigned i = 0; i < count; i++)
        sent += rate_limiter_judge(limiter, &address, kind, now_us, i) == RATE_SEND;
    return sent;
}

static void so_many_are_sent_in_a_second_and_no_more(void **state)
{
    (void)state;
    static const uint32_t rates[] = { 1, 2, 3, 7, 10, 100, 999, 30000 };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct rate_limiter *limiter = limiter_of(rates[i], 0, NULL, 0);
        uint32_t rate = rates[i];
        assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US, 3 * rate), rate);
        assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US, 1), 0);
        assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US + SECOND_US / rate, 3), 1);
        assert_int_equal(sent_of(limiter, "192.0.2.1", 1, 10 * SECOND_US, 3 * rate), rate);
        rate_limiter_free(limiter);
    }
}

/* A steady flood gets the rate, however long it lasts, also across the wrap of the buckets' time. */
static void a_flood_gets_the_rate(void **state)
{
    (void)state;
    static const uint64_t starts[] = { 1, (UINT64_C(1) << 40) - 5 * SECOND_US, UINT64_C(3) << 40 };
    for (size_t i = 0; i < 3; i++) {
        struct rate_limiter *limiter = limiter_of(50, 0, NULL, 0);
        unsigned sent = 0;
        for (uint64_t us = 0; us < 20 * SECOND_US; us += 1000)
            sent += sent_of(limiter, "192.0.2.1", 1, starts[i] + us, 1);
        assert_in_range(sent, 20 * 50, 21 * 50);
        rate_limiter_free(limiter);
    }
}

static void networks_and_kinds_are_counted_apart(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        uint64_t kind;
        unsigned sent;
    } rows[] = {
        { "192.0.2.1", 1, 5 },        { "192.0.2.254", 1, 0 },        { "192.0.3.1", 1, 5 },
        { "192.0.2.1", 2, 5 },        { "2001:db8::1", 1, 5 },        { "2001:db8:0:ff::1", 1, 0 },
        { "2001:db8:0:100::", 1, 5 }, { "2001:db8:0:1ff:1::", 1, 0 },
    };
    struct rate_limiter *limiter = limiter_of(5, 2, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (sent_of(limiter, rows[i].source, rows[i].kind, SECOND_US, 20) != rows[i].sent)
            fail_msg("row %zu", i);
    }
    rate_limiter_free(limiter);
}

static void slip_is_a_share_of_what_is_limited(void **state)
{
    (void)state;
    const struct address source = address_of("192.0.2.1");
    for (uint32_t slip = 0; slip <= 10; slip++) {
        struct rng rng = { .state = slip };
        struct rate_limiter *limiter = limiter_of(1, slip, NULL, 0);
        unsigned counts[3] = { 0 };
        for (unsigned i = 0; i < 10001; i++)
            counts[rate_limiter_judge(limiter, &source, 7, SECOND_US, rng_next(&rng))]++;
        assert_int_equal(counts[RATE_SEND], 1);
        unsigned expected = slip == 0 ? 0 : 10000 / slip;
        assert_in_range(counts[RATE_SLIP] + 300, expected, expected + 600);
        rate_limiter_free(limiter);
    }
}

static void exempt_networks_have_no_limit(void **state)
{
    (void)state;
    struct prefix exempt[2];
    assert_true(prefix_parse("192.0.2.128/25", &exempt[0]) && prefix_parse("2001:db8::/32", &exempt[1]));
    struct rate_limiter *limiter = limiter_of(1, 0, exempt, 2);
    assert_int_equal(sent_of(limiter, "192.0.2.129", 1, SECOND_US, 100), 100);
    assert_int_equal(sent_of(limiter, "2001:db8::1", 1, SECOND_US, 100), 100);
    assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US, 100), 1);
    rate_limiter_free(limiter);
}

/* More kinds than there are buckets: memory stays what it is, and who owes most is still known. */
static void a_flood_of_kinds_does_not_free_the_worst(void **state)
{
    (void)state;
    struct rate_limiter *limiter = limiter_of(100, 0, NULL, 0);
    assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US, 1000), 100);
    struct address source = address_of("10.0.0.0");
    for (uint32_t i = 0; i < 2000000; i++) {
        source.bytes[1] = (uint8_t)(i >> 16);
        source.bytes[2] = (uint8_t)(i >> 8);
        rate_limiter_judge(limiter, &source, i, SECOND_US, 0);
    }
    assert_int_equal(sent_of(limiter, "192.0.2.1", 1, SECOND_US, 1000), 0);
    rate_limiter_free(limiter);
}

/* ---- several workers ---- */

struct flood {
    struct rate_limiter *limiter;
    unsigned sent;
};

static void *flood_main(void *arg)
{
    struct flood *flood = arg;
    const struct address source = address_of("192.0.2.1");
    for (unsigned i = 0; i < 200000; i++)
        flood->sent += rate_limiter_judge(flood->limiter, &source, 1, SECOND_US + i / 10, i) == RATE_SEND;
    return NULL;
}

static void workers_share_the_limit(void **state)
{
    (void)state;
    struct rate_limiter *limiter = limiter_of(1000, 2, NULL, 0);
    struct flood floods[4];
    pthread_t threads[4];
    unsigned sent = 0;
    for (size_t i = 0; i < 4; i++) {
        floods[i] = (struct flood){ .limiter = limiter };
        assert_int_equal(pthread_create(&threads[i], NULL, flood_main, &floods[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sent += floods[i].sent;
    }
    assert_in_range(sent, 1000, 1200); /* 20 ms pass; a few slip through where threads meet */
    rate_limiter_free(limiter);
}

/* ---- in messages ---- */

static void open_limited(struct asking *asking, uint32_t rate, uint32_t slip)
{
    asking_open(asking);
    asking->settings.limiter = limiter_of(rate, slip, NULL, 0);
    rng_seed(&asking->answerer.rng);
}

static void close_limited(struct asking *asking)
{
    rate_limiter_free(asking->settings.limiter);
    asking_close(asking);
}

static unsigned replies_to(struct asking *asking, const char *name, uint16_t type, unsigned count)
{
    unsigned replies = 0;
    asking_question(asking, name, type, DNS_IN);
    for (unsigned i = 0; i < count; i++)
        replies += asking_send(asking, TRANSPORT_UDP) > 0;
    return replies;
}

static void alike_replies_are_limited_and_others_are_not(void **state)
{
    (void)state;
    static struct asking asking;
    open_limited(&asking, 5, 0);
    assert_int_equal(replies_to(&asking, "www.example", DNS_A, 50), 5);
    assert_int_equal(replies_to(&asking, "example", DNS_NS, 50), 5);
    assert_int_equal(replies_to(&asking, "big.example", DNS_TXT, 50), 5); /* truncated is data, too */
    assert_int_equal(asking.counters.limited_dropped, 3 * 45);
    assert_int_equal(asking.counters.queries[TRANSPORT_UDP], 150);
    assert_int_equal(asking.counters.rcodes[DNS_NOERROR], 15);
    asking.answerer.now_us += SECOND_US;
    assert_int_equal(replies_to(&asking, "www.example", DNS_A, 50), 5);
    close_limited(&asking);
}

/* Names made up on the spot are one kind: of their wildcard, their zone, their cut, or of errors. */
static void made_up_names_do_not_escape(void **state)
{
    (void)state;
    static const char *const parents[] = { "wild.example", "nowhere.example", "example", "sub.example",
                                           "other" };
    static struct asking asking;
    open_limited(&asking, 5, 0);
    for (size_t k = 0; k < sizeof parents / sizeof *parents; k++) {
        unsigned replies = 0;
        asking.answerer.now_us += 10 * SECOND_US;
        for (unsigned i = 0; i < 50; i++) {
            char name[64];
            snprintf(name, sizeof name, "n%u.%s", i, parents[k]);
            replies += replies_to(&asking, name, DNS_A, 1);
        }
        if (replies != 5)
            fail_msg("%s: %u replies", parents[k], replies);
    }
    unsigned replies = 0;
    for (uint16_t type = 300; type < 350; type++)
        replies += replies_to(&asking, "www.example", type, 1);
    assert_int_equal(replies, 5); /* NODATA is counted for all types together */
    close_limited(&asking);
}

static void slipped_replies_are_truncated_and_empty(void **state)
{
    (void)state;
    static struct asking asking;
    open_limited(&asking, 1, 1);
    assert_int_equal(asking_for(&asking, "www.example", DNS_A, ""), DNS_NOERROR);
    assert_false(reply_is_truncated(&asking));
    assert_int_equal(asking_for(&asking, "www.example", DNS_A, ""), DNS_NOERROR);
    assert_true(reply_is_truncated(&asking));
    assert_int_equal(asking.reply[7] + asking.reply[9], 0);
    assert_true(asking.reply_size <= asking.query_size);
    assert_int_equal(asking.counters.limited_slipped, 1);
    assert_int_equal(asking.counters.truncated, 1);
    close_limited(&asking);
}

static void valid_cookies_and_tcp_are_not_limited(void **state)
{
    (void)state;
    static struct asking asking;
    char options[64] = "000a 0018 ";
    open_limited(&asking, 1, 1);
    asking.keys = (struct server_keys){ .cookie_count = 1 };
    asking.now.keys = &asking.keys;
    asking_for(&asking, "www.example", DNS_A, "000a 0008 0102030405060708");
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    asking_for(&asking, "www.example", DNS_A, "000a 0008 0102030405060708");
    assert_int_equal(reply_rcode(&asking), DNS_BADCOOKIE); /* it comes back with this one */
    size_t size;
    const uint8_t *cookie = reply_option(&asking, EDNS_COOKIE, &size);
    for (size_t i = 0; i < size; i++)
        snprintf(options + 10 + 2 * i, 3, "%02x", cookie[i]);
    for (unsigned i = 0; i < 50; i++) {
        asking_for(&asking, "www.example", DNS_A, options);
        assert_int_equal(asking.reply[7], 1);
    }
    for (unsigned i = 0; i < 50; i++) {
        assert_true(asking_send(&asking, TRANSPORT_TCP) > 0);
        assert_int_equal(asking.reply[7], 1);
    }
    close_limited(&asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_are_sent_in_a_second_and_no_more),
        cmocka_unit_test(a_flood_gets_the_rate),
        cmocka_unit_test(networks_and_kinds_are_counted_apart),
        cmocka_unit_test(slip_is_a_share_of_what_is_limited),
        cmocka_unit_test(exempt_networks_have_no_limit),
        cmocka_unit_test(a_flood_of_kinds_does_not_free_the_worst),
        cmocka_unit_test(workers_share_the_limit),
        cmocka_unit_test(alike_replies_are_limited_and_others_are_not),
        cmocka_unit_test(made_up_names_do_not_escape),
        cmocka_unit_test(slipped_replies_are_truncated_and_empty),
        cmocka_unit_test(valid_cookies_and_tcp_are_not_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
