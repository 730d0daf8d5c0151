/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads an HTTP/1.x reply as it comes, piece by piece (RFC 9112).  Strict where leniency would have to guess
 * where the reply ends; lines may end with a bare LF (§2.2).  Takes no memory.
 */

enum {
    HTTP_REPLY_HEAD_MOST = 65536, /* bytes of lines: status, headers, sizes of chunks */
    HTTP_REPLY_LINE_MOST = 128,   /* bytes kept of a line: no header that matters here is longer */
};

enum http_piece {
    HTTP_PIECE_MORE,   /* everything was read, and more must come */
    HTTP_PIECE_HEAD,   /* the headers are complete: status is final */
    HTTP_PIECE_BODY,   /* a piece of the body */
    HTTP_PIECE_END,    /* the reply is complete */
    HTTP_PIECE_BROKEN, /* it is none; too_long says whether because its lines do not end */
};

struct http_bytes {
    const char *at;
    size_t size;
};

struct http_reply {
    uint8_t state; /* enum http_state */
    bool is_to_head, is_chunked, has_length;
    bool may_go_on; /* the connection serves again after this reply */
    bool is_too_long;
    uint16_t code;      /* of the reply under way, which may be an interim one */
    int status;         /* of the final reply; 0 while there is none */
    uint64_t left;      /* bytes of the body, or of the chunk */
    uint32_t head_size; /* bytes of lines so far */
    uint32_t line_size; /* of the line under way, may exceed what is kept */
    char line[HTTP_REPLY_LINE_MOST];
};

/** `is_to_head`: the request was HEAD, so there is no body whatever the headers say. */
void http_reply_start(struct http_reply *reply, bool is_to_head);

/** The next piece of what came: moves `from` past it.  After END and BROKEN there is nothing more to ask. */
enum http_piece http_reply_next(struct http_reply *reply, struct http_bytes *from, struct http_bytes *body);

/** The peer closed the connection: END if that completes the reply, else BROKEN. */
enum http_piece http_reply_close(const struct http_reply *reply);

/** Whether the headers are complete. */
bool http_reply_has_head(const struct http_reply *reply);
