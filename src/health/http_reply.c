/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_reply.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/*
 *  STATUS ─▶ HEADER ─┬─▶ LENGTH ─────────────────────────────▶ END
 *    ▲         │     ├─▶ UNTIL_CLOSE ────────────────────────▶
 *    └─ 1xx ───┘     └─▶ CHUNK_SIZE ─▶ CHUNK ─▶ CHUNK_END     ▲
 *                            │ 0 ▲────────────────┘           │
 *                            └─▶ TRAILER ─────────────────────┘
 */
enum http_state {
    STATE_STATUS,
    STATE_HEADER,
    STATE_LENGTH,
    STATE_UNTIL_CLOSE,
    STATE_CHUNK_SIZE,
    STATE_CHUNK,
    STATE_CHUNK_END,
    STATE_TRAILER,
    STATE_END,
    STATE_BROKEN,
};

static const char version[] = "HTTP/1.";
enum { VERSION_SIZE = sizeof version - 1 };

void http_reply_start(struct http_reply *reply, bool is_to_head)
{
    *reply = (struct http_reply){ .state = STATE_STATUS, .is_to_head = is_to_head };
}

bool http_reply_has_head(const struct http_reply *reply)
{
    return reply->status != 0 && reply->state != STATE_STATUS && reply->state != STATE_HEADER;
}

static enum http_piece http_break(struct http_reply *reply)
{
    reply->state = STATE_BROKEN;
    return HTTP_PIECE_BROKEN;
}

/* ---- lines ---- */

/* Takes up to the end of the line; true if it is complete, without its end.  */
static bool http_take_line(struct http_reply *reply, struct http_bytes *from)
{
    if (from->size == 0)
        return false;
    const char *end = memchr(from->at, '\n', from->size);
    size_t size = end != NULL ? (size_t)(end - from->at) : from->size;
    if (reply->line_size < HTTP_REPLY_LINE_MOST) {
        size_t room = HTTP_REPLY_LINE_MOST - reply->line_size;
        memcpy(reply->line + reply->line_size, from->at, size < room ? size : room);
    }
    size_t taken = size + (end != NULL);
    size_t room = HTTP_REPLY_HEAD_MOST - reply->head_size;
    if (taken > room) {
        reply->is_too_long = true;
        return false;
    }
    reply->line_size += (uint32_t)size;
    reply->head_size += (uint32_t)taken;
    from->at += taken;
    from->size -= taken;
    if (end == NULL)
        return false;
    if (reply->line_size > 0 && reply->line_size <= HTTP_REPLY_LINE_MOST &&
        reply->line[reply->line_size - 1] == '\r')
        reply->line_size--;
    return true;
}

static size_t http_line_kept(const struct http_reply *reply)
{
    return reply->line_size < HTTP_REPLY_LINE_MOST ? reply->line_size : HTTP_REPLY_LINE_MOST;
}

/* "HTTP/1.1 200 OK": false if what is there of it is not how one begins. */
static bool http_status_may_follow(const struct http_reply *reply)
{
    size_t size = reply->line_size < VERSION_SIZE ? reply->line_size : VERSION_SIZE;
    return memcmp(reply->line, version, size) == 0;
}

static bool http_read_status(struct http_reply *reply)
{
    const char *line = reply->line, *digits = line + VERSION_SIZE + 2;
    size_t size = http_line_kept(reply);
    if (size < VERSION_SIZE + 5 || !http_status_may_follow(reply) || line[VERSION_SIZE + 1] != ' ' ||
        !isdigit((unsigned char)line[VERSION_SIZE]) || digits[0] < '1' || digits[0] > '9' ||
        !isdigit((unsigned char)digits[1]) || !isdigit((unsigned char)digits[2]) ||
        (size > VERSION_SIZE + 5 && digits[3] != ' '))
        return false;
    reply->code = (uint16_t)((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
    reply->may_go_on = line[VERSION_SIZE] != '0';
    reply->is_chunked = reply->has_length = false;
    reply->status = reply->code >= 200 ? reply->code : 0;
    return true;
}

/* ---- headers ---- */

static bool http_is(const struct http_bytes *text, const char *word)
{
    return text->size == strlen(word) && strncasecmp(text->at, word, text->size) == 0;
}

static struct http_bytes http_trim(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (from < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (struct http_bytes){ from, (size_t)(end - from) };
}

/* Two lengths must be one (RFC 9112 §6.3). */
static bool http_read_length(struct http_reply *reply, const struct http_bytes *value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value->size; i++) {
        if (!isdigit((unsigned char)value->at[i]))
            return false;
        length = length * 10 + (uint64_t)(value->at[i] - '0');
    }
    if (value->size == 0 || value->size > 18 || (reply->has_length && reply->left != length))
        return false;
    reply->has_length = true;
    reply->left = length;
    return true;
}

static bool http_list_has(const struct http_bytes *value, const char *word)
{
    const char *from = value->at, *end = value->at + value->size;
    while (from < end) {
        const char *comma = memchr(from, ',', (size_t)(end - from));
        struct http_bytes item = http_trim(from, comma != NULL ? comma : end);
        if (http_is(&item, word))
            return true;
        from = comma != NULL ? comma + 1 : end;
    }
    return false;
}

/* No other coding than chunked was asked for. */
static bool http_read_header(struct http_reply *reply)
{
    const char *end = reply->line + http_line_kept(reply);
    const char *colon = memchr(reply->line, ':', (size_t)(end - reply->line));
    if (memchr(reply->line, '\0', (size_t)(end - reply->line)) != NULL)
        return false;
    if (reply->line[0] == ' ' || reply->line[0] == '\t')
        return true; /* goes on with the header before it, which was none that matters: those are not empty */
    if (colon == NULL || colon == reply->line || colon[-1] == ' ' || colon[-1] == '\t')
        return false;
    struct http_bytes name = { reply->line, (size_t)(colon - reply->line) },
                      value = http_trim(colon + 1, end);
    bool is_whole = reply->line_size <= HTTP_REPLY_LINE_MOST;
    if (http_is(&name, "Content-Length"))
        return is_whole && http_read_length(reply, &value);
    if (http_is(&name, "Transfer-Encoding"))
        return is_whole && !reply->is_chunked && (reply->is_chunked = http_is(&value, "chunked"));
    if (http_is(&name, "Connection"))
        reply->may_go_on = reply->may_go_on && is_whole && !http_list_has(&value, "close");
    return true;
}

/* Where the body ends (RFC 9112 §6.3). */
static enum http_piece http_end_head(struct http_reply *reply)
{
    if (reply->is_to_head || reply->code == 204 || reply->code == 304)
        reply->state = STATE_END;
    else if (reply->is_chunked)
        reply->state = STATE_CHUNK_SIZE;
    else if (reply->has_length)
        reply->state = reply->left > 0 ? STATE_LENGTH : STATE_END;
    else
        reply->state = STATE_UNTIL_CLOSE;
    if (reply->state == STATE_UNTIL_CLOSE || (reply->is_chunked && reply->has_length))
        reply->may_go_on = false;
    return HTTP_PIECE_HEAD;
}

/* ---- chunks ---- */

/* "1a;extension": false if it is none. */
static bool http_read_chunk_size(struct http_reply *reply)
{
    size_t size = http_line_kept(reply), digits = 0;
    for (reply->left = 0; digits < size && isxdigit((unsigned char)reply->line[digits]); digits++) {
        unsigned char digit = (unsigned char)reply->line[digits];
        reply->left = reply->left * 16 + (uint64_t)(isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10);
    }
    struct http_bytes rest = http_trim(reply->line + digits, reply->line + size);
    reply->state = reply->left > 0 ? STATE_CHUNK : STATE_TRAILER;
    return digits > 0 && digits < 16 && (rest.size == 0 || rest.at[0] == ';');
}

static enum http_piece http_take_body(struct http_reply *reply, struct http_bytes *from,
                                      struct http_bytes *body)
{
    if (from->size == 0)
        return HTTP_PIECE_MORE;
    *body = *from;
    if (reply->state != STATE_UNTIL_CLOSE) {
        if (body->size > reply->left)
            body->size = (size_t)reply->left;
        reply->left -= body->size;
        if (reply->left == 0)
            reply->state = reply->state == STATE_CHUNK ? STATE_CHUNK_END : STATE_END;
    }
    from->at += body->size;
    from->size -= body->size;
    return HTTP_PIECE_BODY;
}

/* ---- all of it ---- */

/* A complete line.  MORE: the next one. */
static enum http_piece http_read_line(struct http_reply *reply)
{
    bool is_empty = reply->line_size == 0;
    switch (reply->state) {
    case STATE_STATUS:
        reply->state = STATE_HEADER;
        return http_read_status(reply) ? HTTP_PIECE_MORE : http_break(reply);
    case STATE_HEADER:
        if (!is_empty)
            return http_read_header(reply) ? HTTP_PIECE_MORE : http_break(reply);
        if (reply->code >= 200)
            return http_end_head(reply);
        reply->state = STATE_STATUS; /* the real one follows; 101 would go on in a protocol not asked for */
        return reply->code != 101 ? HTTP_PIECE_MORE : http_break(reply);
    case STATE_CHUNK_SIZE: return http_read_chunk_size(reply) ? HTTP_PIECE_MORE : http_break(reply);
    case STATE_CHUNK_END:
        reply->state = STATE_CHUNK_SIZE;
        return is_empty ? HTTP_PIECE_MORE : http_break(reply);
    default: /* trailers say nothing that matters */
        if (is_empty)
            reply->state = STATE_END;
        return HTTP_PIECE_MORE;
    }
}

static bool http_state_has_lines(uint8_t state)
{
    return state == STATE_STATUS || state == STATE_HEADER || state == STATE_CHUNK_SIZE ||
           state == STATE_CHUNK_END || state == STATE_TRAILER;
}

enum http_piece http_reply_next(struct http_reply *reply, struct http_bytes *from, struct http_bytes *body)
{
    while (http_state_has_lines(reply->state)) {
        if (!http_take_line(reply, from)) {
            bool is_good =
                !reply->is_too_long && (reply->state != STATE_STATUS || http_status_may_follow(reply));
            return is_good ? HTTP_PIECE_MORE : http_break(reply);
        }
        enum http_piece piece = http_read_line(reply);
        reply->line_size = 0;
        if (piece != HTTP_PIECE_MORE)
            return piece;
    }
    if (reply->state == STATE_END)
        return HTTP_PIECE_END;
    return reply->state == STATE_BROKEN ? HTTP_PIECE_BROKEN : http_take_body(reply, from, body);
}

enum http_piece http_reply_close(const struct http_reply *reply)
{
    bool is_complete = reply->state == STATE_END || reply->state == STATE_UNTIL_CLOSE;
    return is_complete ? HTTP_PIECE_END : HTTP_PIECE_BROKEN;
}
