/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/asking.h"
#include "answer/cookie.h"

#include "base/rng.h"

#include <stdio.h>

static void read_hex(const char *hex, uint8_t *out, size_t size)
{
    assert_int_equal(strlen(hex), 2 * size);
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
}

static struct edns_cookie cookie_of(const char *hex)
{
    struct edns_cookie cookie = { .is_present = true };
    uint8_t bytes[40];
    size_t size = strlen(hex) / 2;
    read_hex(hex, bytes, size);
    memcpy(cookie.client, bytes, 8);
    memcpy(cookie.server, bytes + 8, size - 8);
    cookie.server_size = (uint8_t)(size - 8);
    return cookie;
}

/* RFC 9018, appendix A. */
static void the_examples_of_the_rfc_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *secrets[2], *source, *query, *reply;
        uint32_t now_s;
        enum cookie_state state;
    } rows[] = {
        { { "e5e973e5a6b2a43f48e7dc849e37bfcf" },
          "198.51.100.100",
          "2464c4abcf10c957",
          "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
          1559731985,
          COOKIE_CLIENT_ONLY },
        { { "e5e973e5a6b2a43f48e7dc849e37bfcf" },
          "198.51.100.100",
          "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
          "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
          1559734385,
          COOKIE_VALID },
        { { "e5e973e5a6b2a43f48e7dc849e37bfcf" },
          "203.0.113.203",
          "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
          "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
          1559734700,
          COOKIE_BAD }, /* older than an hour; its reserved bytes are hashed as they came: */
        { { "e5e973e5a6b2a43f48e7dc849e37bfcf" },
          "203.0.113.203",
          "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
          "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
          1559727985,
          COOKIE_VALID },
        { { "445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715" },
          "2001:db8:220:1:59de:d0f4:8769:82b8",
          "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
          "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
          1559741961,
          COOKIE_VALID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server_keys keys = { 0 };
        struct address source;
        uint8_t reply[COOKIE_REPLY_SIZE], expected[COOKIE_REPLY_SIZE];
        for (; keys.cookie_count < 2 && rows[i].secrets[keys.cookie_count] != NULL; keys.cookie_count++)
            read_hex(rows[i].secrets[keys.cookie_count], keys.cookie_secrets[keys.cookie_count], 16);
        struct edns_cookie query = cookie_of(rows[i].query);
        assert_true(address_parse(rows[i].source, &source));
        read_hex(rows[i].reply, expected, sizeof expected);
        assert_int_equal(cookie_answer(&keys, &query, &source, rows[i].now_s, reply), rows[i].state);
        assert_memory_equal(reply, expected, sizeof expected);
    }
}

static const struct server_keys one_key = { .cookie_count = 1, .cookie_secrets = { { 1, 2, 3 } } };

static struct edns_cookie cookie_made(const struct server_keys *keys, const struct address *source,
                                      uint32_t now_s)
{
    uint8_t bytes[COOKIE_REPLY_SIZE];
    struct edns_cookie cookie = cookie_of("0102030405060708");
    assert_int_equal(cookie_answer(keys, &cookie, source, now_s, bytes), COOKIE_CLIENT_ONLY);
    memcpy(cookie.server, bytes + 8, 16);
    cookie.server_size = 16;
    return cookie;
}

static void a_cookie_is_kept_while_young_renewed_when_old_and_dies(void **state)
{
    (void)state;
    static const struct {
        int age_s;
        enum cookie_state state;
        bool is_kept;
    } rows[] = {
        { 0, COOKIE_VALID, true },     { 1800, COOKIE_VALID, true }, { 1801, COOKIE_VALID, false },
        { 3600, COOKIE_VALID, false }, { 3601, COOKIE_BAD, false },  { -300, COOKIE_VALID, true },
        { -301, COOKIE_BAD, false },
    };
    const struct address source = { ADDRESS_V4, { 192, 0, 2, 1 } };
    const uint32_t clocks_s[] = { WALL_S, 100 }; /* in 2106 they begin anew */
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const uint32_t made_s = clocks_s[i % 2];
        uint8_t reply[COOKIE_REPLY_SIZE];
        struct edns_cookie cookie = cookie_made(&one_key, &source, made_s);
        uint32_t now_s = (uint32_t)(made_s + (int64_t)rows[i / 2].age_s);
        if (cookie_answer(&one_key, &cookie, &source, now_s, reply) != rows[i / 2].state)
            fail_msg("age %d", rows[i / 2].age_s);
        assert_int_equal(memcmp(reply + 8, cookie.server, 16) == 0, rows[i / 2].is_kept);
        struct edns_cookie fresh = cookie;
        memcpy(fresh.server, reply + 8, 16);
        assert_int_equal(cookie_answer(&one_key, &fresh, &source, now_s, reply), COOKIE_VALID);
    }
}

static void a_cookie_is_good_for_its_client_address_and_secret_only(void **state)
{
    (void)state;
    const struct address source = { ADDRESS_V4, { 192, 0, 2, 1 } };
    const struct address other = { ADDRESS_V4, { 192, 0, 2, 2 } };
    const struct address mapped = { ADDRESS_V6, { 192, 0, 2, 1 } };
    const struct server_keys other_key = { .cookie_count = 1, .cookie_secrets = { { 9 } } };
    uint8_t reply[COOKIE_REPLY_SIZE];
    struct edns_cookie cookie = cookie_made(&one_key, &source, WALL_S), forged;
    assert_int_equal(cookie_answer(&one_key, &cookie, &source, WALL_S, reply), COOKIE_VALID);
    assert_int_equal(cookie_answer(&one_key, &cookie, &other, WALL_S, reply), COOKIE_BAD);
    assert_int_equal(cookie_answer(&one_key, &cookie, &mapped, WALL_S, reply), COOKIE_BAD);
    assert_int_equal(cookie_answer(&other_key, &cookie, &source, WALL_S, reply), COOKIE_BAD);
    forged = cookie;
    forged.client[0] ^= 1;
    assert_int_equal(cookie_answer(&one_key, &forged, &source, WALL_S, reply), COOKIE_BAD);
    for (unsigned bit = 0; bit < 16 * 8; bit++) {
        forged = cookie;
        forged.server[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(cookie_answer(&one_key, &forged, &source, WALL_S, reply), COOKIE_BAD);
    }
    for (uint8_t size = 8; size <= 32; size++) {
        forged = cookie;
        forged.server_size = size;
        assert_int_equal(cookie_answer(&one_key, &forged, &source, WALL_S, reply),
                         size == 16 ? COOKIE_VALID : COOKIE_BAD);
    }
}

/* New secret at the end, then at the front, then alone: at no step is a client's cookie bad. */
static void secrets_roll_without_a_bad_cookie(void **state)
{
    (void)state;
    const struct address source = { ADDRESS_V6, { 0x20, 1, 0xd, 0xb8 } };
    const struct server_keys steps[] = {
        { 1, { { 1 } } }, { 2, { { 1 }, { 2 } } }, { 2, { { 2 }, { 1 } } }, { 1, { { 2 } } }
    };
    struct edns_cookie cookie = cookie_made(&steps[0], &source, WALL_S);
    for (size_t i = 0; i < 4; i++) {
        uint8_t reply[COOKIE_REPLY_SIZE];
        assert_int_equal(cookie_answer(&steps[i], &cookie, &source, WALL_S + 60 * (uint32_t)i, reply),
                         COOKIE_VALID);
        memcpy(cookie.server, reply + 8, 16);
    }
}

/* ---- in messages ---- */

static void ask_with(struct asking *asking, enum transport transport, const uint8_t *cookie, size_t size)
{
    char options[128];
    int at = snprintf(options, sizeof options, "000a %04zx ", size);
    for (size_t i = 0; i < size; i++)
        at += snprintf(options + at, sizeof options - (size_t)at, "%02x", cookie[i]);
    asking_question(asking, "www.example", DNS_A, DNS_IN);
    asking_opt(asking, NO_FLAGS, options);
    assert_true(asking_send(asking, transport) > 0);
}

static void open_with_keys(struct asking *asking)
{
    asking_open(asking);
    asking->keys = one_key;
    asking->now.keys = &asking->keys;
}

static const uint8_t *reply_cookie(const struct asking *asking)
{
    size_t size;
    const uint8_t *cookie = reply_option(asking, EDNS_COOKIE, &size);
    if (cookie != NULL)
        assert_int_equal(size, COOKIE_REPLY_SIZE);
    return cookie;
}

static void a_client_gets_a_cookie_and_keeps_it(void **state)
{
    (void)state;
    static struct asking asking;
    uint8_t cookie[40] = "whocares";
    open_with_keys(&asking);
    for (int transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++) {
        ask_with(&asking, (enum transport)transport, cookie, 8);
        assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
        assert_int_equal(asking.reply[7], 1);
        assert_memory_equal(reply_cookie(&asking), cookie, 8);
        memcpy(cookie, reply_cookie(&asking), COOKIE_REPLY_SIZE);
        ask_with(&asking, (enum transport)transport, cookie, 24);
        assert_memory_equal(reply_cookie(&asking), cookie, COOKIE_REPLY_SIZE);
        cookie[20] ^= 1;
        ask_with(&asking, (enum transport)transport, cookie, 24);
        assert_int_equal(reply_rcode(&asking), DNS_NOERROR); /* served, with a fresh cookie */
        assert_memory_not_equal(reply_cookie(&asking), cookie, COOKIE_REPLY_SIZE);
    }
    assert_int_equal(asking.counters.cookies[COOKIE_CLIENT_ONLY], 2);
    assert_int_equal(asking.counters.cookies[COOKIE_VALID], 2);
    assert_int_equal(asking.counters.cookies[COOKIE_BAD], 2);
    asking_close(&asking);
}

static void without_keys_or_option_there_is_no_cookie(void **state)
{
    (void)state;
    static struct asking asking;
    open_with_keys(&asking);
    asking_for(&asking, "www.example", DNS_A, "");
    assert_null(reply_cookie(&asking));
    asking.now.keys = NULL;
    ask_with(&asking, TRANSPORT_UDP, (const uint8_t *)"whocares", 8);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    assert_null(reply_cookie(&asking));
    asking_close(&asking);
}

static void a_malformed_cookie_is_a_format_error(void **state)
{
    (void)state;
    static struct asking asking;
    static const uint8_t bytes[41];
    open_with_keys(&asking);
    for (size_t size = 0; size <= 41; size++) {
        bool is_good = size == 8 || (size >= 16 && size <= 40);
        ask_with(&asking, TRANSPORT_UDP, bytes, size);
        assert_int_equal(reply_rcode(&asking), is_good ? DNS_NOERROR : DNS_FORMERR);
        assert_int_equal(reply_cookie(&asking) != NULL, is_good);
    }
    asking_close(&asking);
}

static void who_knows_cookies_may_be_made_to_have_one(void **state)
{
    (void)state;
    static struct asking asking;
    uint8_t cookie[24] = "whocares";
    open_with_keys(&asking);
    asking.settings.requires_cookie = true;
    ask_with(&asking, TRANSPORT_UDP, cookie, 8);
    assert_int_equal(reply_rcode(&asking), DNS_BADCOOKIE);
    assert_int_equal(asking.reply[7], 0);
    assert_int_equal(asking.counters.rcodes[DNS_BADCOOKIE], 1);
    memcpy(cookie, reply_cookie(&asking), sizeof cookie);
    ask_with(&asking, TRANSPORT_UDP, cookie, 24);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    cookie[23] ^= 1;
    ask_with(&asking, TRANSPORT_UDP, cookie, 24);
    assert_int_equal(reply_rcode(&asking), DNS_BADCOOKIE);
    ask_with(&asking, TRANSPORT_TCP, cookie, 24);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    assert_int_equal(asking_for(&asking, "www.example", DNS_A, ""), DNS_NOERROR);
    assert_int_equal(asking_for(&asking, "www.example", DNS_A, NULL), DNS_NOERROR);
    asking_close(&asking);
}

/* RFC 7873 §5.4 */
static void a_message_without_question_asks_for_a_cookie(void **state)
{
    (void)state;
    static struct asking asking;
    open_with_keys(&asking);
    asking.query_size = 0;
    asking_hex(&asking, "1234 0000 0000 0000 0000 0000");
    asking_opt(&asking, NO_FLAGS, "000a 0008 0102030405060708");
    assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
    assert_int_equal(reply_rcode(&asking), DNS_NOERROR);
    assert_non_null(reply_cookie(&asking));
    assert_int_equal(asking.reply[5] + asking.reply[7] + asking.reply[9], 0);
    asking.now.keys = NULL;
    assert_true(asking_send(&asking, TRANSPORT_UDP) > 0);
    assert_int_equal(reply_rcode(&asking), DNS_FORMERR);
    asking_close(&asking);
}

static void without_a_valid_cookie_replies_may_be_smaller(void **state)
{
    (void)state;
    static struct asking asking;
    open_with_keys(&asking);
    assert_int_equal(asking_for(&asking, "big.example", DNS_TXT, "000a 0008 0102030405060708"), DNS_NOERROR);
    assert_false(reply_is_truncated(&asking));
    char options[64] = "000a 0018 ";
    for (size_t i = 0; i < COOKIE_REPLY_SIZE; i++)
        snprintf(options + 10 + 2 * i, 3, "%02x", reply_cookie(&asking)[i]);
    asking.settings.udp_size_unproven = 512;
    asking_for(&asking, "big.example", DNS_TXT, "000a 0008 0102030405060708");
    assert_true(reply_is_truncated(&asking) && asking.reply_size <= 512);
    asking_for(&asking, "big.example", DNS_TXT, "");
    assert_true(reply_is_truncated(&asking));
    asking_for(&asking, "big.example", DNS_TXT, options);
    assert_false(reply_is_truncated(&asking));
    asking_question(&asking, "big.example", DNS_TXT, DNS_IN);
    assert_true(asking_send(&asking, TRANSPORT_TCP) > 512);
    asking_close(&asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_come_out),
        cmocka_unit_test(a_cookie_is_kept_while_young_renewed_when_old_and_dies),
        cmocka_unit_test(a_cookie_is_good_for_its_client_address_and_secret_only),
        cmocka_unit_test(secrets_roll_without_a_bad_cookie),
        cmocka_unit_test(a_client_gets_a_cookie_and_keeps_it),
        cmocka_unit_test(without_keys_or_option_there_is_no_cookie),
        cmocka_unit_test(a_malformed_cookie_is_a_format_error),
        cmocka_unit_test(who_knows_cookies_may_be_made_to_have_one),
        cmocka_unit_test(a_message_without_question_asks_for_a_cookie),
        cmocka_unit_test(without_a_valid_cookie_replies_may_be_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
