/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/stream.h"

#include <assert.h>
#include <string.h>

void stream_reset(struct stream *stream)
{
    stream->in_start = stream->in_end = 0;
    stream->out_start = stream->out_end = 0;
}

uint8_t *stream_room(struct stream *stream, size_t *size)
{
    if (stream->in_start > 0) {
        memmove(stream->in, stream->in + stream->in_start, stream->in_end - stream->in_start);
        stream->in_end -= stream->in_start;
        stream->in_start = 0;
    }
    *size = sizeof stream->in - stream->in_end;
    return stream->in + stream->in_end;
}

void stream_received(struct stream *stream, size_t size)
{
    assert(size <= sizeof stream->in - stream->in_end);
    stream->in_end += (uint32_t)size;
}

/* The size of the first message that waits with its length; only valid if at least the length is there. */
static size_t framed_size(const struct stream *stream)
{
    const uint8_t *length = stream->in + stream->in_start;
    return 2 + (size_t)(length[0] << 8 | length[1]);
}

bool stream_has_message(const struct stream *stream)
{
    size_t waiting = stream->in_end - stream->in_start;
    return waiting >= 2 && waiting >= framed_size(stream);
}

bool stream_answer(struct stream *stream, stream_answer_fn *answer, void *context)
{
    assert(stream->out_end == 0);
    while (stream_has_message(stream) && STREAM_OUT_ROOM - stream->out_end >= STREAM_MESSAGE_ROOM) {
        size_t framed = framed_size(stream);
        uint8_t *length = stream->out + stream->out_end;
        size_t size = answer(context, stream->in + stream->in_start + 2, framed - 2, length + 2, UINT16_MAX);
        if (size == 0)
            return false;
        length[0] = (uint8_t)(size >> 8);
        length[1] = (uint8_t)size;
        stream->out_end += (uint32_t)(2 + size);
        stream->in_start += (uint32_t)framed;
    }
    return true;
}

const uint8_t *stream_pending(const struct stream *stream, size_t *size)
{
    *size = stream->out_end - stream->out_start;
    return stream->out + stream->out_start;
}

void stream_sent(struct stream *stream, size_t size)
{
    assert(size <= stream->out_end - stream->out_start);
    stream->out_start += (uint32_t)size;
    if (stream->out_start == stream->out_end)
        stream->out_start = stream->out_end = 0;
}
