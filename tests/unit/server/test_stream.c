/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/stream.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Answers with the message itself, `copies` times, each byte raised by one; a message "!" deserves no reply.
 */
static size_t echo(void *context, const uint8_t *message, size_t size, uint8_t *out, size_t out_size)
{
    unsigned copies = *(const unsigned *)context;
    assert_true(out_size >= UINT16_MAX);
    if (size == 1 && message[0] == '!')
        return 0;
    assert_true(copies * size <= out_size);
    for (size_t i = 0; i < copies * size; i++)
        out[i] = (uint8_t)(message[i % size] + 1);
    return copies * size;
}

static bool answer(struct stream *stream, unsigned copies)
{
    return stream_answer(stream, echo, &copies);
}

static void receive(struct stream *stream, const void *bytes, size_t size)
{
    size_t room;
    uint8_t *at = stream_room(stream, &room);
    assert_true(size <= room);
    memcpy(at, bytes, size);
    stream_received(stream, size);
}

static void pending_is(const struct stream *stream, const char *bytes, size_t size)
{
    size_t pending_size;
    const uint8_t *pending = stream_pending(stream, &pending_size);
    assert_int_equal(pending_size, size);
    assert_memory_equal(pending, bytes, size);
}

static struct stream *stream_new(void)
{
    struct stream *stream = malloc(sizeof *stream);
    stream_reset(stream);
    return stream;
}

static void a_message_in_pieces_is_answered_when_it_is_whole(void **state)
{
    (void)state;
    struct stream *stream = stream_new();
    static const char bytes[] = { 0, 3, 'a', 'b', 'c' };
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_false(stream_has_message(stream));
        assert_true(answer(stream, 1));
        pending_is(stream, "", 0);
        receive(stream, &bytes[i], 1);
    }
    assert_true(stream_has_message(stream));
    assert_true(answer(stream, 1));
    assert_false(stream_has_message(stream));
    pending_is(stream, "\0\3bcd", 5);
    stream_sent(stream, 2);
    pending_is(stream, "bcd", 3);
    stream_sent(stream, 3);
    pending_is(stream, "", 0);
    free(stream);
}

static void pipelined_messages_are_answered_in_order(void **state)
{
    (void)state;
    struct stream *stream = stream_new();
    receive(stream, "\0\1a\0\2bb\0\1c\0", 11);
    assert_true(answer(stream, 1));
    pending_is(stream, "\0\1b\0\2cc\0\1d", 10);
    assert_false(stream_has_message(stream));
    stream_sent(stream, 10);
    receive(stream, "\1d", 2);
    assert_true(answer(stream, 1));
    pending_is(stream, "\0\1e", 3);
    free(stream);
}

static void a_message_without_reply_breaks_the_stream_after_those_before(void **state)
{
    (void)state;
    struct stream *stream = stream_new();
    receive(stream, "\0\1a\0\1!\0\1b", 9);
    assert_false(answer(stream, 1));
    pending_is(stream, "\0\1b", 3);
    stream_reset(stream);
    receive(stream, "\0\0", 2); /* an empty message: echo gives nothing for it */
    assert_false(answer(stream, 1));
    free(stream);
}

static void the_largest_messages_fit(void **state)
{
    (void)state;
    struct stream *stream = stream_new();
    uint8_t *message = malloc(STREAM_MESSAGE_ROOM);
    memset(message, 0xff, STREAM_MESSAGE_ROOM);
    for (unsigned round = 0; round < 3; round++) {
        receive(stream, message, STREAM_MESSAGE_ROOM);
        assert_true(answer(stream, 1));
        size_t size;
        const uint8_t *pending = stream_pending(stream, &size);
        assert_int_equal(size, STREAM_MESSAGE_ROOM);
        assert_int_equal(pending[size - 1], 0);
        stream_sent(stream, size);
    }
    free(message);
    free(stream);
}

static void messages_wait_while_their_replies_may_not_fit(void **state)
{
    (void)state;
    struct stream *stream = stream_new();
    uint8_t message[102] = { 0, 100 };
    for (unsigned i = 0; i < 5; i++)
        receive(stream, message, sizeof message);
    assert_true(answer(stream, 200)); /* 20,000 bytes each */
    size_t size;
    stream_pending(stream, &size);
    assert_int_equal(size, 20002);
    assert_true(stream_has_message(stream));
    unsigned replies = 1;
    for (; stream_has_message(stream); replies++) {
        stream_sent(stream, size);
        assert_true(answer(stream, 200));
        stream_pending(stream, &size);
    }
    assert_int_equal(replies, 5);
    free(stream);
}

/* Whatever the pieces, the replies are those of the messages one after the other. */
static void random_pieces_give_the_same_replies(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    static uint8_t sent[1 << 20], expected[1 << 20], got[1 << 20];
    for (unsigned round = 0; round < 30; round++) {
        size_t sent_size = 0, got_size = 0, at = 0;
        while (sent_size + STREAM_MESSAGE_ROOM <= sizeof sent) {
            size_t size = 1 + rng_next(&rng) % (rng_next(&rng) % 16 == 0 ? UINT16_MAX : 200);
            sent[sent_size] = expected[sent_size] = (uint8_t)(size >> 8);
            sent[sent_size + 1] = expected[sent_size + 1] = (uint8_t)size;
            memset(sent + sent_size + 2, (int)('a' + round % 20), size);
            memset(expected + sent_size + 2, (int)('b' + round % 20), size);
            sent_size += 2 + size;
        }
        struct stream *stream = stream_new();
        while (got_size < sent_size) {
            size_t room = 0, size;
            const uint8_t *pending = stream_pending(stream, &size);
            if (size > 0) {
                size = 1 + rng_next(&rng) % size;
                memcpy(got + got_size, pending, size);
                got_size += size;
                stream_sent(stream, size);
                continue;
            }
            assert_true(answer(stream, 1));
            stream_pending(stream, &size);
            if (size > 0)
                continue;
            uint8_t *in = stream_room(stream, &room);
            assert_true(room > 0 && at < sent_size);
            size = 1 + rng_next(&rng) % (room < 30000 ? room : 30000);
            size = size < sent_size - at ? size : sent_size - at;
            memcpy(in, sent + at, size);
            stream_received(stream, size);
            at += size;
        }
        assert_int_equal(got_size, sent_size);
        assert_memory_equal(got, expected, got_size);
        free(stream);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_in_pieces_is_answered_when_it_is_whole),
        cmocka_unit_test(pipelined_messages_are_answered_in_order),
        cmocka_unit_test(a_message_without_reply_breaks_the_stream_after_those_before),
        cmocka_unit_test(the_largest_messages_fit),
        cmocka_unit_test(messages_wait_while_their_replies_may_not_fit),
        cmocka_unit_test(random_pieces_give_the_same_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
