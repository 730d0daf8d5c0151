/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grpc, against a server that knows just enough HTTP/2 (RFC 9113). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "health/grpc_message.h"
#include "servers.h"

enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_SETTINGS = 4, END_STREAM = 1, END_HEADERS = 4, ACK = 1 };

static uint8_t heard[512]; /* the DATA of the last request */
static size_t heard_size;

static bool hear(int fd, uint8_t *out, size_t size)
{
    return recv(fd, out, size, MSG_WAITALL) == (ssize_t)size;
}

static void frame(int fd, uint8_t type, uint8_t flags, uint8_t stream, const void *payload, size_t size)
{
    const uint8_t head[9] = { 0, (uint8_t)(size >> 8), (uint8_t)size, type, flags, 0, 0, 0, stream };
    say(fd, (const char *)head, sizeof head);
    say(fd, payload, size);
}

/* A header in HPACK: a literal without indexing, no Huffman (RFC 7541 §6.2.2). */
static size_t put_header(uint8_t *at, const char *name, const char *value)
{
    size_t name_size = strlen(name), value_size = strlen(value);
    at[0] = 0;
    at[1] = (uint8_t)name_size;
    memcpy(at + 2, name, name_size);
    at[2 + name_size] = (uint8_t)value_size;
    memcpy(at + 3 + name_size, value, value_size);
    return 3 + name_size + value_size;
}

/* Reads until the request's last frame. */
static bool hear_call(int fd)
{
    uint8_t head[9], payload[16384];
    if (!hear(fd, payload, 24) || memcmp(payload, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) != 0)
        return false;
    for (;;) {
        if (!hear(fd, head, sizeof head))
            return false;
        size_t size = (size_t)head[1] << 8 | head[2];
        if (size > sizeof payload || !hear(fd, payload, size))
            return false;
        if (head[3] == FRAME_SETTINGS && (head[4] & ACK) == 0)
            frame(fd, FRAME_SETTINGS, ACK, 0, NULL, 0);
        if (head[3] == FRAME_DATA) {
            heard_size = size < sizeof heard ? size : sizeof heard;
            memcpy(heard, payload, heard_size);
        }
        if ((head[3] == FRAME_DATA || head[3] == FRAME_HEADERS) && (head[4] & END_STREAM) != 0)
            return true;
    }
}

static const struct row {
    const char *name;
    const char *status, *message; /* grpc-status; NULL: none */
    bool has_data;
    uint8_t data[8];
    uint8_t data_size;
    enum health_verdict verdict;
    const char *evidence;
} rows[] = {
    { "serving", "0", NULL, true, { 0, 0, 0, 0, 2, 8, 1 }, 7, HEALTH_UP, "gRPC SERVING" },
    { "not serving", "0", NULL, true, { 0, 0, 0, 0, 2, 8, 2 }, 7, HEALTH_DOWN, "gRPC NOT_SERVING" },
    { "an empty message", "0", NULL, true, { 0 }, 5, HEALTH_DOWN, "gRPC UNKNOWN" },
    { "half a message", "0", NULL, true, { 0, 0, 0, 0, 2, 8 }, 6, HEALTH_DOWN, "not a HealthCheckResponse" },
    { "an unknown service",
      "5",
      "unknown service",
      false,
      { 0 },
      0,
      HEALTH_DOWN,
      "gRPC NOT_FOUND: unknown service" },
    { "no health service", "12", NULL, false, { 0 }, 0, HEALTH_DOWN, "gRPC UNIMPLEMENTED" },
    { "no gRPC at all",
      NULL,
      NULL,
      true,
      { 'o', 'k' },
      2,
      HEALTH_DOWN,
      "not a gRPC reply: it has no grpc-status" },
};

static const struct row *now;

static void serve_grpc(struct server *server, int fd)
{
    uint8_t head[64], tail[128];
    size_t head_size = 1, tail_size = 0;
    frame(fd, FRAME_SETTINGS, 0, 0, NULL, 0);
    if (!hear_call(fd))
        return;
    head[0] = 0x88; /* :status 200 */
    head_size += put_header(head + 1, "content-type", "application/grpc");
    if (now->status != NULL)
        tail_size += put_header(tail, "grpc-status", now->status);
    if (now->message != NULL)
        tail_size += put_header(tail + tail_size, "grpc-message", now->message);
    frame(fd, FRAME_HEADERS, END_HEADERS, 1, head, head_size);
    if (now->has_data)
        frame(fd, FRAME_DATA, tail_size == 0 ? END_STREAM : 0, 1, now->data, now->data_size);
    if (tail_size > 0)
        frame(fd, FRAME_HEADERS, END_HEADERS | END_STREAM, 1, tail, tail_size);
    hold(server, fd);
}

static struct health_report report_of(void (*serve)(struct server *, int), const char *text,
                                      const char *service, uint32_t timeout_ms)
{
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct server *server = server_start("127.0.45.1", serve, text);
    struct check *check = check_of(CHECK_GRPC, server->port, 60000, timeout_ms);
    check->service = service != NULL ? xstrdup(service) : NULL;
    bench_bind(&bench, 1, check, "127.0.45.1");
    struct health_report *report = bench_report(&bench, PATIENCE_MS), copy;
    assert_non_null(report);
    copy = *report;
    health_report_free(report);
    bench_close(&bench);
    server_stop(server);
    return copy;
}

static void health_is_what_the_service_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        now = &rows[i];
        struct health_report report = report_of(serve_grpc, NULL, i == 0 ? "shop.Cart" : NULL, 10000);
        if (report.verdict != rows[i].verdict || strcmp(report.evidence.text, rows[i].evidence) != 0)
            fail_msg("%s: %s", rows[i].name, report.evidence.text);
        if (i == 0) {
            static const uint8_t call[] = "\0\0\0\0\x0b\x0a\x09shop.Cart";
            assert_int_equal(heard_size, sizeof call - 1);
            assert_memory_equal(heard, call, heard_size);
        } else {
            assert_int_equal(heard_size, 5);
        }
    }
}

static void what_is_no_http2_is_down(void **state)
{
    (void)state;
    static const char old[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(report_of(serve_text, old, NULL, 10000).verdict, HEALTH_DOWN);
    assert_string_equal(report_of(serve_silence, NULL, NULL, 300).evidence.text,
                        "no reply within 300ms (reply)");
}

static void replies_are_read_as_protobuf(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool is_good;
        unsigned status;
    } replies[] = {
        { "\0\0\0\0\2\x08\1", 7, true, 1 },
        { "\0\0\0\0\6\x12\2hi\x08\2", 11, true, 2 }, /* an unknown field in front */
        { "\0\0\0\0\x0b\x11\1\2\3\4\5\6\7\x08\x08\1", 16, true, 1 },
        { "\0\0\0\0\4\x08\2\x08\1", 9, true, 1 },  /* the last one counts */
        { "\0\0\0\0\3\x08\x80\x80", 8, false, 0 }, /* no end */
        { "\0\0\0\0\3\x12\xff\1", 8, false, 0 },   /* longer than all */
        { "\1\0\0\0\2\x08\1", 7, false, 0 },       /* compressed */
        { "\0\0\0\0\3\x08\1", 7, false, 0 },       /* too short */
        { "\0\0\0\0\1\x08\1", 7, false, 0 },       /* more than one */
        { "\0\0\0\0\1\x0b", 6, false, 0 },         /* a group */
        { "", 0, false, 0 },
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        unsigned status = 99;
        bool is_good = grpc_reply_read((const uint8_t *)replies[i].bytes, replies[i].size, &status);
        if (is_good != replies[i].is_good || (is_good && status != replies[i].status))
            fail_msg("reply %zu: %d, %u", i, is_good, status);
    }
}

static void a_long_service_name_takes_two_bytes_of_length(void **state)
{
    (void)state;
    char service[300];
    uint8_t request[GRPC_REQUEST_SIZE_MAX];
    memset(service, 'x', sizeof service);
    service[200] = '\0';
    assert_int_equal(grpc_request_write(service, request), 5 + 3 + 200);
    assert_memory_equal(request, "\0\0\0\0\xcb\x0a\xc8\x01x", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_is_what_the_service_says),
        cmocka_unit_test(what_is_no_http2_is_down),
        cmocka_unit_test(replies_are_read_as_protobuf),
        cmocka_unit_test(a_long_service_name_takes_two_bytes_of_length),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
