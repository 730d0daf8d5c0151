/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_reply.h"

#include "base/rng.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"

enum { OPEN, CLOSED }; /* whether the peer closes after the text */

static const struct {
    const char *name, *text;
    int closed;
    enum http_piece end;
    int status;
    const char *body;
    bool may_go_on; /* looked at where the end is END */
} cases[] = {
    { "a length", OK "Content-Length: 2\r\n\r\nok", OPEN, HTTP_PIECE_END, 200, "ok", true },
    { "no body", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", OPEN, HTTP_PIECE_END, 204, "",
      true },
    { "not modified", "HTTP/1.1 304 Not Modified\r\n\r\n", OPEN, HTTP_PIECE_END, 304, "", true },
    { "length zero", OK "content-length:0\r\n\r\n", OPEN, HTTP_PIECE_END, 200, "", true },
    { "no reason, no blank after the code", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", OPEN, HTTP_PIECE_END,
      200, "", true },
    { "bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", OPEN, HTTP_PIECE_END, 200, "ok", true },
    { "blanks around the length", OK "Content-Length: \t 2 \t\r\n\r\nok", OPEN, HTTP_PIECE_END, 200, "ok",
      true },
    { "the same length twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", OPEN, HTTP_PIECE_END,
      200, "ok", true },
    { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", OPEN, HTTP_PIECE_END, 200, "ok", false },
    { "a connection that will be closed", OK "Content-Length: 2\r\nConnection: x , Close\r\n\r\nok", OPEN,
      HTTP_PIECE_END, 200, "ok", false },
    { "a body until the end", OK "\r\nall of it", CLOSED, HTTP_PIECE_END, 200, "all of it", false },
    { "a body whose end is not there", OK "\r\nall of it", OPEN, HTTP_PIECE_MORE, 200, "all of it", false },
    { "chunks", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA ; x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
      OPEN, HTTP_PIECE_END, 200, "abc0123456789", true },
    { "chunks and a length", OK "Transfer-Encoding: CHUNKED\r\nContent-Length: 7\r\n\r\n1\r\na\r\n0\r\n\r\n",
      OPEN, HTTP_PIECE_END, 200, "a", false },
    { "interim replies",
      "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 E\r\n\r\n" OK
      "Content-Length: 1\r\n\r\nx",
      OPEN, HTTP_PIECE_END, 200, "x", true },
    { "a header that goes on", OK "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", OPEN, HTTP_PIECE_END, 200, "",
      true },
    { "a long header that means nothing here",
      OK "Set-Cookie: "
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nContent-Length: 1\r\n\r\nx",
      OPEN, HTTP_PIECE_END, 200, "x", true },
    /* not all of it */
    { "nothing", "", CLOSED, HTTP_PIECE_BROKEN, 0, "", false },
    { "half a status line", "HTTP/1.1 20", CLOSED, HTTP_PIECE_BROKEN, 0, "", false },
    { "half the headers", OK "Content-Le", CLOSED, HTTP_PIECE_BROKEN, 200, "", false },
    { "half the body", OK "Content-Length: 4\r\n\r\nab", CLOSED, HTTP_PIECE_BROKEN, 200, "ab", false },
    { "half a chunk", OK "Transfer-Encoding: chunked\r\n\r\n4\r\nab", CLOSED, HTTP_PIECE_BROKEN, 200, "ab",
      false },
    { "no last chunk", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", CLOSED, HTTP_PIECE_BROKEN, 200,
      "ab", false },
    /* none at all */
    { "a greeting", "220 mail ESMTP", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "a TLS alert", "\x15\x03\x01", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "HTTP/2", "HTTP/2 200 OK\r\n\r\n", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "two digits", "HTTP/1.1 20 OK\r\n", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "four digits", "HTTP/1.1 2000 OK\r\n", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "code zero", "HTTP/1.1 099 OK\r\n", OPEN, HTTP_PIECE_BROKEN, 0, "", false },
    { "another protocol from here on", "HTTP/1.1 101 Switching\r\n\r\n", OPEN, HTTP_PIECE_BROKEN, 0, "",
      false },
    { "no colon", OK "Nonsense\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "no name", OK ": x\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "a blank before the colon", OK "Content-Length : 2\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "a negative length", OK "Content-Length: -5\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "a signed length", OK "Content-Length: +5\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "no length", OK "Content-Length:\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "a length on the next line", OK "Content-Length:\r\n 5\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "", false },
    { "a length beyond numbers", OK "Content-Length: 9999999999999999999\r\n", OPEN, HTTP_PIECE_BROKEN, 200,
      "", false },
    { "two lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "",
      false },
    { "a coding not asked for", OK "Transfer-Encoding: gzip, chunked\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "",
      false },
    { "chunked twice", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", OPEN,
      HTTP_PIECE_BROKEN, 200, "", false },
    { "a chunk without size", OK "Transfer-Encoding: chunked\r\n\r\n\r\n", OPEN, HTTP_PIECE_BROKEN, 200, "",
      false },
    { "a chunk of a size beyond numbers", OK "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", OPEN,
      HTTP_PIECE_BROKEN, 200, "", false },
    { "a chunk longer than it says", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", OPEN,
      HTTP_PIECE_BROKEN, 200, "ab", false },
};

struct run {
    enum http_piece end;
    struct http_reply reply;
    struct text body;
    size_t heads, left;
};

static void take(struct run *run, struct http_bytes bytes)
{
    struct http_bytes body;
    do {
        run->end = http_reply_next(&run->reply, &bytes, &body);
        if (run->end == HTTP_PIECE_BODY)
            text_add(&run->body, body.at, body.size);
        if (run->end == HTTP_PIECE_HEAD) {
            run->heads++;
            assert_true(http_reply_has_head(&run->reply));
        }
    } while (run->end == HTTP_PIECE_BODY || run->end == HTTP_PIECE_HEAD);
    run->left = bytes.size;
}

/* The text in pieces of `step` bytes; 0: of random sizes. */
static struct run read_text(const char *text, size_t step, bool is_closed, struct rng *rng)
{
    struct run run = { .end = HTTP_PIECE_MORE };
    size_t size = strlen(text), at = 0;
    http_reply_start(&run.reply, false);
    while (at < size && run.end == HTTP_PIECE_MORE) {
        size_t piece = step > 0 ? step : 1 + rng_next(rng) % 9;
        if (piece > size - at)
            piece = size - at;
        take(&run, (struct http_bytes){ text + at, piece });
        at += piece;
    }
    if (run.end == HTTP_PIECE_MORE && is_closed)
        run.end = http_reply_close(&run.reply);
    return run;
}

static void replies_are_read_the_same_in_whatever_pieces_they_come(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    static const size_t steps[] = { 65536, 1, 2, 3, 7, 0, 0, 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            struct run run = read_text(cases[i].text, steps[s], cases[i].closed == CLOSED, &rng);
            const char *body = run.body.size > 0 ? run.body.bytes : "";
            if (run.end != cases[i].end || run.reply.status != cases[i].status ||
                strcmp(body, cases[i].body) != 0)
                fail_msg("%s (by %zu): end %d, status %d, body \"%s\"", cases[i].name, steps[s], run.end,
                         run.reply.status, body);
            if (run.end == HTTP_PIECE_END && run.reply.may_go_on != cases[i].may_go_on)
                fail_msg("%s: may%s go on", cases[i].name, run.reply.may_go_on ? "" : " not");
            if (run.heads > 1 || (run.heads == 0 && (body[0] != '\0' || run.end == HTTP_PIECE_END)))
                fail_msg("%s: %zu times told that the headers are complete", cases[i].name, run.heads);
            text_free(&run.body);
        }
    }
}

static void a_reply_to_head_has_no_body_whatever_it_says(void **state)
{
    (void)state;
    struct run run = { 0 };
    http_reply_start(&run.reply, true);
    take(&run, (struct http_bytes){ OK "Content-Length: 5\r\n\r\n", sizeof OK - 1 + 21 });
    assert_int_equal(run.end, HTTP_PIECE_END);
    assert_true(run.reply.may_go_on);
}

static void what_follows_a_reply_is_left(void **state)
{
    (void)state;
    static const char text[] = OK "Content-Length: 2\r\n\r\nokHTTP/1.1 400";
    struct run run = { 0 };
    http_reply_start(&run.reply, false);
    take(&run, (struct http_bytes){ text, sizeof text - 1 });
    assert_int_equal(run.end, HTTP_PIECE_END);
    assert_int_equal(run.left, strlen("HTTP/1.1 400"));
    text_free(&run.body);
}

static void lines_without_end_are_given_up(void **state)
{
    (void)state;
    static const struct {
        const char *start, *repeated;
        int status;
    } rows[] = {
        { OK, "X: y\r\n", 200 },
        { OK, "yyyyyyyyy", 200 },
        { "HTTP/1.1 ", "2", 0 },
        { "", "HTTP/1.1 100 Continue\r\n\r\n", 0 },
        { OK "Transfer-Encoding: chunked\r\n\r\n", "1;yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\nx\r\n", 200 },
        { OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 200 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run run = { 0 };
        http_reply_start(&run.reply, false);
        take(&run, (struct http_bytes){ rows[i].start, strlen(rows[i].start) });
        for (size_t rounds = 0; run.end == HTTP_PIECE_MORE && rounds < 100000; rounds++)
            take(&run, (struct http_bytes){ rows[i].repeated, strlen(rows[i].repeated) });
        assert_int_equal(run.end, HTTP_PIECE_BROKEN);
        assert_true(run.reply.is_too_long);
        assert_int_equal(run.reply.status, rows[i].status);
        text_free(&run.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_the_same_in_whatever_pieces_they_come),
        cmocka_unit_test(a_reply_to_head_has_no_body_whatever_it_says),
        cmocka_unit_test(what_follows_a_reply_is_left),
        cmocka_unit_test(lines_without_end_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
