/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/dnstap.h"
#include "server/query_line.h"

#include <stdio.h>
#include <string.h>

/* www.example. A? */
static const uint8_t question[] = { 3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1 };

static void put(uint8_t *bytes, uint32_t *size, const void *more, size_t more_size)
{
    memcpy(bytes + *size, more, more_size);
    *size += (uint32_t)more_size;
}

static struct observation seen_once(void)
{
    struct observation seen = { .wall_ms = 1767225599123,
                                .client = { .family = ADDRESS_V4, .bytes = { 192, 0, 2, 1 } },
                                .port = 5353 };
    put(seen.query, &seen.query_size, (uint8_t[12]){ 0, 1, 0, 0, 0, 1 }, 12);
    put(seen.query, &seen.query_size, question, sizeof question);
    return seen;
}

static void a_line_says_it_all(void **state)
{
    (void)state;
    struct observation seen = seen_once();
    struct text out = { 0 };
    query_line_write(&seen, &out);
    assert_string_equal(out.bytes,
                        "{\"time\":\"2025-12-31T23:59:59.123Z\",\"client\":\"192.0.2.1\",\"port\":5353,"
                        "\"transport\":\"udp\",\"query_size\":29,\"qname\":\"www.example.\",\"qtype\":\"A\","
                        "\"rcode\":null}\n");
    text_free(&out);
}

static void the_rcode_is_that_of_header_and_opt(void **state)
{
    (void)state;
    struct observation seen = seen_once();
    struct text out = { 0 };
    /* BADCOOKIE is 23: 7 in the header, 1 in the OPT record; behind an A record with a compressed owner */
    put(seen.reply, &seen.reply_size, (uint8_t[12]){ 0, 1, 0x84, 7, 0, 1, 0, 1, 0, 0, 0, 1 }, 12);
    put(seen.reply, &seen.reply_size, question, sizeof question);
    put(seen.reply, &seen.reply_size, (uint8_t[16]){ 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 9 },
        16);
    put(seen.reply, &seen.reply_size, (uint8_t[11]){ 0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0 }, 11);
    query_line_write(&seen, &out);
    assert_non_null(
        strstr(out.bytes, "\"rcode\":\"BADCOOKIE\",\"answers\":1,\"truncated\":false,\"size\":56}\n"));
    text_free(&out);
}

/* Whatever stands there: one line, no control characters, and a message that fits. */
static void any_bytes_are_written(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned turn = 0; turn < 20000; turn++) {
        struct observation seen = seen_once();
        uint8_t frame[DNSTAP_SIZE_MAX];
        struct text out = { 0 };
        seen.query_size = (uint32_t)(rng_next(&rng) % 700);
        seen.reply_size = (uint32_t)(rng_next(&rng) % 1600);
        seen.client.family = turn % 2 == 0 ? ADDRESS_V4 : ADDRESS_V6;
        for (size_t i = turn % 3 * 6; i < sizeof seen.query; i++)
            seen.query[i] = (uint8_t)(rng_next(&rng) >> rng_next(&rng) % 8);
        for (size_t i = 0; i < sizeof seen.reply; i++)
            seen.reply[i] = (uint8_t)(i >= 4 && i < 12 ? i % 2 : rng_next(&rng) >> rng_next(&rng) % 8);
        query_line_write(&seen, &out);
        assert_int_equal(out.bytes[out.size - 1], '\n');
        for (size_t i = 0; i + 1 < out.size; i++)
            assert_in_range((uint8_t)out.bytes[i], ' ', '~');
        assert_in_range(dnstap_write(&seen, turn % 4 == 0 ? NULL : "ns1", frame), 20, sizeof frame);
        text_free(&out);
    }
}

/* Byte by byte: tags, varints, and the nanoseconds in little endian. */
static void dnstap_is_what_its_schema_says(void **state)
{
    (void)state;
    struct observation seen = seen_once();
    uint8_t frame[DNSTAP_SIZE_MAX];
    static const uint8_t head[] = { 0x0a, 3, 'n', 's', '1', 0x12 };
    static const uint8_t message[] = { 0x08, 1,    0x10, 1,    0x18, 1,    0x22, 4,    192,  0,
                                       2,    1,    0x30, 0xe9, 0x29, 0x40, 0xff, 0xf1, 0xd6, 0xca,
                                       0x06, 0x4d, 0xc0, 0xd4, 0x54, 7,    0x52, 29 };
    size_t size = dnstap_write(&seen, "ns1", frame);
    assert_memory_equal(frame, head, sizeof head);
    const uint8_t *at = frame + sizeof head + 1 + frame[sizeof head];
    assert_int_equal(at[0], 0x72);
    assert_int_equal(at[1], sizeof message + 29);
    assert_memory_equal(at + 2, message, sizeof message);
    assert_memory_equal(at + 2 + sizeof message, seen.query, 29);
    at += 2 + sizeof message + 29;
    assert_int_equal(at[0], 0x78);
    assert_int_equal(at[1], 1);
    assert_ptr_equal(at + 2, frame + size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_it_all),
        cmocka_unit_test(the_rcode_is_that_of_header_and_opt),
        cmocka_unit_test(any_bytes_are_written),
        cmocka_unit_test(dnstap_is_what_its_schema_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
