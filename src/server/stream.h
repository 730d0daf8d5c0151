/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_MESSAGE_ROOM (2 + UINT16_MAX)                  /* length and message, RFC 1035 §4.2.2 */
#define STREAM_OUT_ROOM     (STREAM_MESSAGE_ROOM + 16 * 1024) /* many small replies go out at once */

/*
 * The bytes of one TCP connection, without its socket: messages with their length in front come in, in pieces
 * of any size, and replies go out in the same order (RFC 7766 §6.2.1.1).  While replies wait to be sent no
 * further message is answered, so a client that does not read costs nothing but its own two buffers.
 */
struct stream {
    uint32_t in_start, in_end;   /* received, not yet answered */
    uint32_t out_start, out_end; /* to be sent */
    uint8_t in[STREAM_MESSAGE_ROOM];
    uint8_t out[STREAM_OUT_ROOM];
};

/** Answers a message into `out`, which has `out_size` >= 65535 bytes.  0: no reply may be sent. */
typedef size_t stream_answer_fn(void *context, const uint8_t *message, size_t size, uint8_t *out,
                                size_t out_size);

void stream_reset(struct stream *stream);

/** Where received bytes go.  There is room for at least one as long as no whole message waits. */
uint8_t *stream_room(struct stream *stream, size_t *size);
void stream_received(struct stream *stream, size_t size);

bool stream_has_message(const struct stream *stream);

/**
 * Answers the whole messages that wait, as far as there is surely room for the replies; nothing may be
 * pending. False if a message deserves no reply: then the connection is of no use.
 */
bool stream_answer(struct stream *stream, stream_answer_fn *answer, void *context);

/** What is to be sent; size 0: nothing. */
const uint8_t *stream_pending(const struct stream *stream, size_t *size);
void stream_sent(struct stream *stream, size_t size);
