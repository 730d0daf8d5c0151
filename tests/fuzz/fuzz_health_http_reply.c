/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct result {
    enum http_piece end;
    struct http_reply reply;
    size_t body_size, sum;
};

/* In pieces of `step` bytes. */
static struct result reply_read(const uint8_t *bytes, size_t size, size_t step)
{
    struct result result = { .end = HTTP_PIECE_MORE };
    http_reply_start(&result.reply, false);
    for (size_t at = 0; at < size && result.end == HTTP_PIECE_MORE; at += step) {
        struct http_bytes from = { (const char *)bytes + at, size - at < step ? size - at : step }, body;
        while ((result.end = http_reply_next(&result.reply, &from, &body)) <= HTTP_PIECE_BODY &&
               result.end != HTTP_PIECE_MORE) {
            if (result.end != HTTP_PIECE_BODY)
                continue;
            result.body_size += body.size;
            for (size_t i = 0; i < body.size; i++)
                result.sum = result.sum * 31 + (unsigned char)body.at[i];
        }
    }
    return result;
}

/* What an endpoint sends means the same in whatever pieces it comes. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct result whole = reply_read(bytes + 1, size - 1, size);
    struct result pieces = reply_read(bytes + 1, size - 1, 1 + bytes[0] % 16);
    if (whole.end != pieces.end || whole.reply.status != pieces.reply.status ||
        whole.body_size != pieces.body_size || whole.sum != pieces.sum ||
        whole.reply.may_go_on != pieces.reply.may_go_on)
        abort();
    return 0;
}
