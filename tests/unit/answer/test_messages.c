/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/asking.h"

/* ---- EDNS ---- */

#define ECS4    "0008 0007 0001 18 00 c00002 "
#define ECS6    "0008 000b 0002 38 00 20010db8000000 "
#define ECS_ANY "0008 0004 0001 00 00 "

static void an_option_is_answered_as_its_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *what, *options;
        enum transport transport;
        unsigned code;
        const char *answer; /* NULL: none */
    } rows[] = {
        { "NSID", "0003 0000", TRANSPORT_UDP, EDNS_NSID, "6e732d37" },
        { "NSID not asked for", "", TRANSPORT_UDP, EDNS_NSID, NULL },
        { "keepalive by TCP", "000b 0000", TRANSPORT_TCP, EDNS_KEEPALIVE, "0064" },
        { "keepalive by UDP", "000b 0000", TRANSPORT_UDP, EDNS_KEEPALIVE, NULL },
        { "no keepalive", "", TRANSPORT_TCP, EDNS_KEEPALIVE, NULL },
        { "a subnet", ECS4, TRANSPORT_UDP, EDNS_ECS, "00011800c00002" },
        { "a subnet of IPv6", ECS6, TRANSPORT_UDP, EDNS_ECS, "0002380020010db8000000" },
        { "no subnet, please", ECS_ANY, TRANSPORT_UDP, EDNS_ECS, "00010000" },
        { "unknown", "fde9 0003 010203", TRANSPORT_UDP, 0xfde9, NULL },
        { "padding", "000c 0004 00000000", TRANSPORT_UDP, EDNS_PADDING, NULL },
    };
    static struct asking asking;
    asking_open(&asking);
    asking.settings.nsid = "ns-7";
    asking.settings.keepalive_ds = 100;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size;
        asking_question(&asking, "www.example", DNS_A, DNS_IN);
        asking_opt(&asking, NO_FLAGS, rows[i].options);
        assert_true(asking_send(&asking, rows[i].transport) > 0);
        assert_int_equal(asking.reply[7], 1);
        const uint8_t *data = reply_option(&asking, rows[i].code, &size);
        if ((data != NULL) != (rows[i].answer != NULL))
            fail_msg("%s", rows[i].what);
        for (size_t k = 0; data != NULL && k < size; k++)
            assert_int_equal(data[k], nibble(rows[i].answer[2 * k]) << 4 | nibble(rows[i].answer[2 * k + 1]));
        assert_true(data == NULL || strlen(rows[i].answer) == 2 * size);
    }
    asking_close(&asking);
}

static void of_the_edns_flags_only_do_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *ttl;
        unsigned flags;
    } rows[] = { { "00000000", 0 },
                 { "00008000", 0x8000 },
                 { "00007fff", 0 },
                 { "0000ffff", 0x8000 },
                 { "ff000000", 0 } };
    static struct asking asking;
    asking_open(&asking);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asking_question(&asking, "www.example", DNS_A, DNS_IN);
        asking_opt(&asking, rows[i].ttl, "");
        assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
        const uint8_t *opt = reply_opt(&asking);
        assert_int_equal(opt[4] << 8 | opt[5], 0); /* no extended rcode, version 0 */
        assert_int_equal(opt[6] << 8 | opt[7], rows[i].flags);
    }
    asking_close(&asking);
}

static void another_edns_version_gets_badvers_and_an_opt_alone(void **state)
{
    (void)state;
    static const char *const options[] = { "", "0003 0000", ECS4, "000a 0008 0102030405060708", "ffff" };
    static struct asking asking;
    asking_open(&asking);
    asking.keys.cookie_count = 1;
    asking.now.keys = &asking.keys;
    asking.settings.nsid = "ns-7";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        asking_question(&asking, "www.example", DNS_A, DNS_IN);
        asking_opt(&asking, "00010000", options[i]);
        assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
        assert_int_equal(reply_rcode(&asking), DNS_BADVERS);
        assert_int_equal(asking.reply[7] + asking.reply[9], 0);
        assert_int_equal(asking.reply[11], 1);
        assert_int_equal(asking.reply_size, 12 + 13 + 4 + 11);
        assert_int_equal(reply_opt(&asking)[5], 0); /* the version that we speak */
    }
    assert_int_equal(asking.counters.rcodes[DNS_BADVERS], 5);
    assert_int_equal(asking.counters.rcodes[DNS_NOERROR], 0);
    asking_close(&asking);
}

/* ---- what is not looked up, and why ---- */

static void refusals_say_why_to_who_speaks_edns(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t type, class;
        unsigned rcode;
        int ede;
    } rows[] = {
        { "www.example", DNS_A, DNS_IN, DNS_NOERROR, EDE_NONE },
        { "nowhere.example", DNS_A, DNS_IN, DNS_NXDOMAIN, EDE_NONE },
        { "www.other", DNS_A, DNS_IN, DNS_REFUSED, EDE_NOT_AUTHORITATIVE },
        { ".", DNS_NS, DNS_IN, DNS_REFUSED, EDE_NOT_AUTHORITATIVE },
        { "www.example", DNS_A, 4, DNS_REFUSED, EDE_NOT_AUTHORITATIVE },
        { "x.closed", DNS_A, DNS_IN, DNS_REFUSED, EDE_PROHIBITED },
        { "example", DNS_AXFR, DNS_IN, DNS_REFUSED, EDE_NOT_SUPPORTED },
        { "example", DNS_IXFR, DNS_IN, DNS_REFUSED, EDE_NOT_SUPPORTED },
    };
    static struct asking asking;
    asking_open(&asking);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asking_question(&asking, rows[i].name, rows[i].type, rows[i].class);
        assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
        assert_int_equal(reply_rcode(&asking), rows[i].rcode);
        assert_null(reply_opt(&asking));
        asking_opt(&asking, NO_FLAGS, "");
        assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
        if (reply_rcode(&asking) != rows[i].rcode || reply_ede(&asking) != rows[i].ede)
            fail_msg("row %zu: rcode %u, EDE %d", i, reply_rcode(&asking), reply_ede(&asking));
    }
    asking_question(&asking, "example", DNS_SOA, DNS_IN);
    asking_opt(&asking, NO_FLAGS, "");
    asking.query[2] = DNS_OPCODE_NOTIFY << 3;
    assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
    assert_int_equal(reply_rcode(&asking), DNS_NOTIMP);
    assert_int_equal(reply_ede(&asking), EDE_NOT_SUPPORTED);
    asking_close(&asking);
}

static void a_zone_answers_those_who_may_ask(void **state)
{
    (void)state;
    static struct asking asking;
    asking_open(&asking);
    assert_int_equal(asking_for(&asking, "x.closed", DNS_A, NULL), DNS_REFUSED);
    assert_int_equal(asking_for(&asking, "nowhere.closed", DNS_A, NULL), DNS_REFUSED);
    assert_int_equal(asking_for(&asking, "x.closed", DNS_A, ECS4), DNS_REFUSED); /* a subnet proves nothing */
    assert_int_equal(asking_for(&asking, "away.example", DNS_A, ""), DNS_NOERROR);
    assert_int_equal(asking.reply[7], 1); /* the alias, and no more */
    assert_int_equal(reply_ede(&asking), EDE_NONE);
    assert_true(address_parse("192.0.2.200", &asking.source));
    assert_int_equal(asking_for(&asking, "x.closed", DNS_A, NULL), DNS_NOERROR);
    assert_int_equal(asking_for(&asking, "away.example", DNS_A, ""), DNS_NOERROR);
    assert_int_equal(asking.reply[7], 2);
    asking_close(&asking);
}

/* As NSD and Knot do. */
static void a_qtype_that_no_data_has_is_nodata(void **state)
{
    (void)state;
    static const uint16_t types[] = { 0, 41, 128, 249, 250, 253, 254, 256, 65535 };
    static struct asking asking;
    asking_open(&asking);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_int_equal(asking_for(&asking, "www.example", types[i], ""), DNS_NOERROR);
        assert_int_equal(asking.reply[7] << 8 | asking.reply[9], 0 << 8 | 1);
        assert_int_equal(asking_for(&asking, "nowhere.example", types[i], ""), DNS_NXDOMAIN);
    }
    asking_close(&asking);
}

static void qclass_any_is_answered_without_authority(void **state)
{
    (void)state;
    static struct asking asking;
    asking_open(&asking);
    asking_question(&asking, "www.example", DNS_A, DNS_CLASS_ANY);
    assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    assert_int_equal(asking.reply[7], 1);
    assert_int_equal(asking.reply[2] & 4, 0);
    asking_close(&asking);
}

static void any_amplifies_at_most_twice(void **state)
{
    (void)state;
    static const char *const names[] = { "example", "www.example", "big.example", "x.wild.example",
                                         "away.example" };
    static struct asking asking;
    asking_open(&asking);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (int with_edns = 0; with_edns < 2; with_edns++) {
            assert_int_equal(asking_for(&asking, names[i], DNS_ANY, with_edns ? "" : NULL), DNS_NOERROR);
            assert_int_equal(asking.reply[7], 1);
            assert_true(asking.reply_size <= 2 * asking.query_size);
        }
    }
    asking_close(&asking);
}

/* ---- class CHAOS ---- */

static void the_server_tells_of_itself_only_what_it_is_told_to(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "version.bind", "1.2" },   { "VERSION.server", "1.2" }, { "id.server", "here" },
        { "hostname.bind", "here" }, { "authors.bind", NULL },    { "bind", NULL },
        { "x.version.bind", NULL },  { "www.example", NULL },
    };
    static struct asking asking;
    asking_open(&asking);
    for (int is_on = 0; is_on < 2; is_on++) {
        asking.settings.version = is_on ? "1.2" : NULL;
        asking.settings.identity = is_on ? "here" : NULL;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            asking_question(&asking, rows[i].name, DNS_TXT, DNS_CH);
            assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
            if (!is_on || rows[i].text == NULL) {
                assert_int_equal(reply_rcode(&asking), DNS_REFUSED);
                continue;
            }
            size_t size = strlen(rows[i].text);
            const uint8_t *rr = asking.reply + asking.reply_size - size - 13;
            assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
            assert_int_equal(asking.reply[2] & 4, 4);
            assert_memory_equal(rr, "\300\14\0\20\0\3\0\0\0\0\0", 11);
            assert_int_equal(rr[11], size + 1);
            assert_int_equal(rr[12], size);
            assert_memory_equal(rr + 13, rows[i].text, size);
        }
    }
    asking_question(&asking, "version.bind", DNS_A, DNS_CH);
    assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    assert_int_equal(asking.reply[7], 0);
    char longest[256];
    memset(longest, 'v', 255);
    longest[255] = '\0';
    asking.settings.version = longest;
    asking_question(&asking, "version.bind", DNS_ANY, DNS_CH);
    assert_int_equal(asking_send(&asking, TRANSPORT_UDP), 12 + 14 + 4 + 12 + 256);
    asking_close(&asking);
}

/* ---- ready replies ---- */

/* With a rate limit no reply lies ready: what is drafted or assembled instead may not differ. */
static void a_ready_reply_is_the_drafted_one(void **state)
{
    (void)state;
    static const char *const names[] = { "www.example",  "x.wild.example", "big.example", "sub.example",
                                         "away.example", "none.example",   "example",     "x.closed" };
    static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_NS, DNS_DS, DNS_ANY, 0, DNS_AXFR };
    static const char *const options[] = { NULL, "", "0003 0000", ECS4, ECS_ANY };
    static struct asking asking;
    asking_open(&asking);
    const struct rate_limit_settings generous = { 100000, 0, 24, 56, NULL, 0 };
    struct rate_limiter *limiter = rate_limiter_new(&generous);
    asking.settings.nsid = "ns-7";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = 0; k < sizeof types / sizeof *types * sizeof options / sizeof *options; k++) {
            uint8_t ready[4096];
            const char *option = options[k % (sizeof options / sizeof *options)];
            uint16_t type = types[k / (sizeof options / sizeof *options)];
            asking.settings.limiter = NULL;
            (void)asking_for(&asking, names[i], type, option);
            size_t size = asking.reply_size;
            memcpy(ready, asking.reply, size);
            asking.settings.limiter = limiter;
            (void)asking_for(&asking, names[i], type, option);
            assert_int_equal(asking.reply_size, size);
            assert_memory_equal(asking.reply, ready, size);
        }
    }
    rate_limiter_free(limiter);
    asking_close(&asking);
}

static unsigned times_told;

static void tell_time(struct answerer *answerer)
{
    answerer->is_time_old = false;
    answerer->now_wall_s = WALL_S;
    times_told++;
}

static void the_time_is_told_to_who_needs_it_once_a_turn(void **state)
{
    (void)state;
    static struct asking asking;
    asking_open(&asking);
    asking.now.keys = &asking.keys;
    asking.answerer.tell_time = tell_time;
    for (unsigned turn = 0; turn < 3; turn++) {
        times_told = 0;
        asking.answerer.is_time_old = true;
        asking.answerer.now_wall_s = 0; /* a cookie made then would be wrong */
        assert_int_equal(asking_for(&asking, "www.example", DNS_A, ""), DNS_NOERROR);
        assert_int_equal(times_told, 0);
        for (unsigned i = 0; i < 2; i++) {
            size_t size;
            assert_int_equal(asking_for(&asking, "www.example", DNS_A, "000a 0008 2464c4abcf10c957"),
                             DNS_NOERROR);
            assert_int_equal(times_told, 1);
            const uint8_t *cookie = reply_option(&asking, EDNS_COOKIE, &size);
            assert_non_null(cookie);
            assert_int_equal(cookie[12] << 24 | cookie[13] << 16 | cookie[14] << 8 | cookie[15], WALL_S);
        }
    }
    asking_close(&asking);
}

/* Who has asked before decides how closely a query is looked at, and nothing else. */
static void what_was_asked_before_changes_no_answer(void **state)
{
    (void)state;
    enum { ROUNDS = 20000 };
    static const char *const names[] = { "www.example",
                                         "none.example",
                                         "wWw.EXample",
                                         "sub.example",
                                         "example",
                                         "x.y.none.example",
                                         "a.wild.example",
                                         "away.example",
                                         "big.example",
                                         "x.sub.example",
                                         "x.closed",
                                         "other",
                                         "." };
    static const uint16_t types[] = { DNS_A, DNS_TXT, DNS_NS, DNS_DS, DNS_ANY };
    static struct asking asking;
    static uint8_t reply[65535];
    struct rng rng;
    asking_open(&asking);
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        asking_question(&asking, names[rng_next(&rng) % (sizeof names / sizeof *names)],
                        types[rng_next(&rng) % (sizeof types / sizeof *types)], DNS_IN);
        if (rng_next(&rng) % 2 == 0)
            asking_opt(&asking, NO_FLAGS, rng_next(&rng) % 4 == 0 ? ECS4 : "");
        for (uint64_t changes = rng_next(&rng) % 3; changes > 0; changes--) /* label lengths above all */
            asking.query[12 + rng_next(&rng) % (asking.query_size - 12)] = (uint8_t)(rng_next(&rng) % 24);
        asking.answerer.last_zone = UINT32_MAX; /* nobody: all is looked at closely */
        size_t size = asking_send(&asking, TRANSPORT_UDP);
        memcpy(reply, asking.reply, size);
        for (uint32_t zone = 0; zone < 2; zone++) {
            asking.answerer.last_zone = zone;
            assert_int_equal(asking_send(&asking, TRANSPORT_UDP), size);
            assert_memory_equal(asking.reply, reply, size);
        }
    }
    asking_close(&asking);
}

/* More messages than are under way at a time, with all that a network brings in between. */
static void a_batch_answers_each_message_as_alone(void **state)
{
    (void)state;
    enum { MESSAGES = 40 };
    static const char *const names[] = { "www.example", "none.example", "away.example", "big.example",
                                         "x.closed" };
    static struct asking asking;
    static struct message batch[MESSAGES];
    static uint8_t packets[MESSAGES][256], replies[MESSAGES][4096];
    asking_open(&asking);
    for (size_t i = 0; i < MESSAGES; i++) {
        asking_question(&asking, names[i % 5], DNS_A, DNS_IN);
        if (i % 3 == 0)
            asking_opt(&asking, NO_FLAGS, i % 2 ? "" : ECS4);
        if (i % 7 == 6)
            asking.query[2] = 0x80; /* a response: dropped */
        if (i % 11 == 10)
            asking.query_size -= 2;
        memcpy(packets[i], asking.query, asking.query_size);
        batch[i] = (struct message){ .packet = packets[i],
                                     .size = asking.query_size,
                                     .source = asking.source,
                                     .out = replies[i],
                                     .out_size = sizeof replies[i],
                                     .reply_size = 1 };
    }
    answer_batch(&asking.answerer, &asking.now, batch, MESSAGES);
    for (size_t i = 0; i < MESSAGES; i++) {
        asking.query_size = batch[i].size;
        memcpy(asking.query, packets[i], batch[i].size);
        assert_int_equal(asking_send(&asking, TRANSPORT_UDP), batch[i].reply_size);
        assert_memory_equal(asking.reply, replies[i], batch[i].reply_size);
        assert_true((batch[i].reply_size == 0) == (i % 7 == 6));
    }
    assert_int_equal(asking.counters.queries[TRANSPORT_UDP] + asking.counters.dropped, 2 * MESSAGES);
    asking_close(&asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_is_answered_as_its_rfc_says),
        cmocka_unit_test(of_the_edns_flags_only_do_comes_back),
        cmocka_unit_test(another_edns_version_gets_badvers_and_an_opt_alone),
        cmocka_unit_test(refusals_say_why_to_who_speaks_edns),
        cmocka_unit_test(a_zone_answers_those_who_may_ask),
        cmocka_unit_test(a_qtype_that_no_data_has_is_nodata),
        cmocka_unit_test(qclass_any_is_answered_without_authority),
        cmocka_unit_test(any_amplifies_at_most_twice),
        cmocka_unit_test(the_time_is_told_to_who_needs_it_once_a_turn),
        cmocka_unit_test(what_was_asked_before_changes_no_answer),
        cmocka_unit_test(a_batch_answers_each_message_as_alone),
        cmocka_unit_test(a_ready_reply_is_the_drafted_one),
        cmocka_unit_test(the_server_tells_of_itself_only_what_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
