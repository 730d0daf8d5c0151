/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_plain.h"

#include "base/clock.h"
#include "base/memory.h"
#include "health/http_judge.h"
#include "health/http_message.h"
#include "health/http_reply.h"
#include "health/probe_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLAIN_READ_SIZE = 16384 };

struct plain_probe {
    struct probe probe;
    struct plain_shared *shared;
    struct http_judge judge;
    struct http_reply reply;
    char *request; /* NULL: this check can never work, and `unusable` says why */
    size_t request_size;
    char *unusable;
    /* the connection, which may outlive a run */
    struct watcher watcher; /* fd is -1 while there is none */
    struct address address;
    uint16_t port;
    uint64_t opened_us;
    /* of the run under way */
    bool is_running, is_reused, is_connected;
    bool has_heard;      /* anything at all */
    bool has_enough;     /* what is known decides */
    bool is_whole;       /* the reply came to its end, and nothing after it */
    uint32_t latency_us; /* 0: not connected in this run */
    uint64_t said_us;    /* when the request began to go out on this connection */
    uint32_t first_byte_us;
    size_t sent_size;
};

/* ---- the connection ---- */

static void plain_disconnect(struct plain_probe *plain)
{
    loop_forget(plain->shared->loop, &plain->watcher);
    if (plain->watcher.fd >= 0)
        close(plain->watcher.fd);
    plain->watcher.fd = -1;
}

/* Both directions are watched once and for all, by their edges: one call for the whole life of a connection.
 */
static bool plain_connect(struct plain_probe *plain)
{
    struct sockaddr_storage to;
    socklen_t size = address_to_sockaddr(&plain->address, plain->port, &to);
    plain->opened_us = clock_monotonic_us();
    plain->is_connected = plain->is_reused = false;
    plain->sent_size = 0;
    plain->watcher.fd = probe_socket(plain->probe.check, to.ss_family, SOCK_STREAM, 0);
    if (plain->watcher.fd < 0 ||
        (connect(plain->watcher.fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS))
        return false;
    loop_watch(plain->shared->loop, &plain->watcher, EPOLLIN | EPOLLOUT | EPOLLET);
    return true;
}

static bool plain_is_young(const struct plain_probe *plain)
{
    uint64_t age_us = clock_monotonic_us() - plain->opened_us;
    return age_us < (uint64_t)plain->probe.check->reuse_ms * 1000;
}

/* 0 is for what did not happen. */
static uint32_t passed_us(uint64_t from_us, uint64_t now_us)
{
    return now_us > from_us ? (uint32_t)(now_us - from_us) : 1;
}

/* ---- the end of a run ---- */

static void plain_end(struct plain_probe *plain, struct finding *finding)
{
    finding->status = plain->reply.status;
    finding->latency_us = plain->latency_us;
    finding->first_byte_us = plain->reply.status != 0 ? plain->first_byte_us : 0;
    probe_end(&plain->probe, finding);
}

static void plain_end_decided(struct plain_probe *plain)
{
    struct finding finding = { 0 };
    http_judge_say(&plain->judge, plain->reply.status, &finding);
    plain_end(plain, &finding);
}

static void plain_end_broken(struct plain_probe *plain)
{
    struct finding finding = { 0 };
    if (plain->reply.is_too_long && plain->reply.status != 0)
        http_judge_say_too_long(&plain->judge, plain->reply.status, &finding);
    else
        finding_set(&finding, FINDING_FAILURE, "not an HTTP reply");
    plain_end(plain, &finding);
}

static void plain_end_errno(struct plain_probe *plain, int error_number)
{
    struct finding finding = { 0 };
    int status = plain->reply.status;
    if (status != 0 && !http_judge_expects(&plain->judge, status))
        http_judge_say(&plain->judge, status, &finding);
    else
        finding_set_errno(&finding, error_number);
    plain_end(plain, &finding);
}

/* A kept connection may have gone since it served last, which is no failure: another one takes its place.
 * True if so. */
static bool plain_reconnect(struct plain_probe *plain)
{
    if (!plain->is_reused || plain->has_heard)
        return false;
    plain_disconnect(plain);
    if (!plain_connect(plain))
        plain_end_errno(plain, errno);
    return true;
}

static void plain_lose(struct plain_probe *plain, int error_number)
{
    if (!plain_reconnect(plain))
        plain_end_errno(plain, error_number);
}

static void plain_end_closed(struct plain_probe *plain)
{
    struct finding finding = { 0 };
    if (plain_reconnect(plain))
        return;
    if (http_reply_close(&plain->reply) == HTTP_PIECE_END)
        http_judge_say(&plain->judge, plain->reply.status, &finding);
    else if (plain->reply.status != 0)
        http_judge_say_cut(&plain->judge, plain->reply.status,
                           http_reply_has_head(&plain->reply) ? "body" : "headers", &finding);
    else
        finding_set(&finding, FINDING_FAILURE,
                    plain->has_heard ? "connection closed within the status line"
                                     : "connection closed without a reply");
    plain_end(plain, &finding);
}

/* ---- the run ---- */

/* Takes in what came; false if that ended the run.  What came with what decides is looked at, too: the
 * connection may serve again if the reply is complete. */
static bool plain_hear(struct plain_probe *plain, struct http_bytes from)
{
    enum http_piece piece = HTTP_PIECE_MORE;
    do {
        struct http_bytes body;
        piece = http_reply_next(&plain->reply, &from, &body);
        if (piece == HTTP_PIECE_HEAD)
            plain->has_enough = !http_judge_expects(&plain->judge, plain->reply.status);
        else if (piece == HTTP_PIECE_BODY && !plain->has_enough)
            plain->has_enough = !http_judge_body(&plain->judge, body.at, body.size);
    } while (piece == HTTP_PIECE_HEAD || piece == HTTP_PIECE_BODY);
    if (piece == HTTP_PIECE_MORE && !plain->has_enough)
        return true;
    plain->is_whole = piece == HTTP_PIECE_END && from.size == 0 && plain->sent_size == plain->request_size;
    if (piece == HTTP_PIECE_BROKEN && !plain->has_enough)
        plain_end_broken(plain);
    else
        plain_end_decided(plain);
    return false;
}

/* Until nothing is left: an edge tells only once.  What the judge reads is bounded, so this is, too. */
static void plain_read(struct plain_probe *plain)
{
    char bytes[PLAIN_READ_SIZE];
    for (;;) {
        ssize_t got = recv(plain->watcher.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) {
            if (!plain->has_heard)
                plain->first_byte_us = passed_us(plain->said_us, clock_monotonic_us());
            plain->has_heard = true;
            if (!plain_hear(plain, (struct http_bytes){ bytes, (size_t)got }))
                return;
        } else if (got == 0) {
            plain_end_closed(plain);
            return;
        } else {
            if (errno != EAGAIN)
                plain_lose(plain, errno);
            return;
        }
    }
}

/* The first byte that can be sent, or that cannot, says whether the connection stands.  False: nothing to
 * read yet. */
static bool plain_send(struct plain_probe *plain)
{
    uint64_t now_us = clock_monotonic_us();
    while (plain->sent_size < plain->request_size) {
        ssize_t sent = send(plain->watcher.fd, plain->request + plain->sent_size,
                            plain->request_size - plain->sent_size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN)
            return plain->is_connected;
        if (sent < 0 && plain->is_connected && !plain->is_reused)
            return true; /* it may have said why before it closed */
        if (sent < 0) {
            plain_lose(plain, errno);
            return false;
        }
        if (plain->sent_size == 0)
            plain->said_us = now_us;
        plain->sent_size += (size_t)sent;
        if (!plain->is_connected)
            plain->latency_us = passed_us(plain->opened_us, now_us);
        plain->is_connected = true;
    }
    return true;
}

static void plain_ready(void *owner, uint32_t events)
{
    struct plain_probe *plain = owner;
    if (!plain->is_running) { /* a kept connection has gone, or speaks without being asked */
        if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0)
            return;
        plain->shared->kept--;
        plain_disconnect(plain);
        return;
    }
    bool was_sent = plain->sent_size == plain->request_size;
    if (!was_sent && !plain_send(plain))
        return;
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
        plain_read(plain);
}

/* True if there is a connection from an earlier run that serves this one. */
static bool plain_take_kept(struct plain_probe *plain, const struct address *address, uint16_t port)
{
    if (plain->watcher.fd < 0)
        return false;
    plain->shared->kept--;
    plain->is_reused =
        plain_is_young(plain) && plain->port == port && address_equal(&plain->address, address);
    plain->sent_size = 0;
    if (!plain->is_reused)
        plain_disconnect(plain);
    return plain->is_reused;
}

static void plain_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct plain_probe *plain = (struct plain_probe *)probe;
    plain->is_running = true;
    plain->has_heard = plain->has_enough = plain->is_whole = false;
    plain->latency_us = plain->first_byte_us = 0;
    http_reply_start(&plain->reply, strcmp(probe->check->method, "HEAD") == 0);
    if (plain->request == NULL) {
        struct finding finding = { 0 };
        finding_set(&finding, FINDING_UNUSABLE, "%s", plain->unusable);
        plain_end(plain, &finding);
    } else if (plain_take_kept(plain, address, port)) {
        (void)plain_send(plain);
    } else {
        plain->address = *address;
        plain->port = port;
        if (!plain_connect(plain))
            plain_end_errno(plain, errno);
    }
}

static void plain_explain_timeout(struct probe *probe, struct finding *out)
{
    struct plain_probe *plain = (struct plain_probe *)probe;
    out->status = plain->reply.status;
    out->latency_us = plain->latency_us;
    if (out->status != 0) {
        http_judge_say_late(&plain->judge, out->status, out);
        return;
    }
    finding_set_timeout(out, probe->check, plain->is_connected ? "status line" : "connect");
    out->is_silent = !plain->has_heard && (!plain->is_connected || plain->is_reused);
}

/* ---- its life ---- */

static void plain_stop(struct probe *probe)
{
    struct plain_probe *plain = (struct plain_probe *)probe;
    plain->is_running = false;
    http_judge_restart(&plain->judge);
    if (plain->watcher.fd < 0)
        return;
    if (plain->is_whole && plain->reply.may_go_on && plain->shared->kept < plain->shared->kept_most &&
        plain_is_young(plain))
        plain->shared->kept++;
    else
        plain_disconnect(plain);
}

static void plain_free(struct probe *probe)
{
    struct plain_probe *plain = (struct plain_probe *)probe;
    if (plain->watcher.fd >= 0 && !plain->is_running)
        plain->shared->kept--;
    plain_disconnect(plain);
    http_judge_close(&plain->judge);
    free(plain->request);
    free(plain->unusable);
    free(plain);
}

static const struct probe_type probe_plain = {
    .free = plain_free,
    .start = plain_start,
    .explain_timeout = plain_explain_timeout,
    .stop = plain_stop,
};

bool plain_can_carry(const struct check *check)
{
    return check->type == CHECK_HTTP && check->redirects == 0;
}

struct probe *plain_new(struct plain_shared *shared, const struct check *check, const char *peer)
{
    struct error err = { 0 };
    struct plain_probe *plain = xcalloc(1, sizeof *plain);
    plain->probe.check = check;
    plain->probe.type = &probe_plain;
    plain->shared = shared;
    plain->watcher = (struct watcher){ .fd = -1, .ready = plain_ready, .owner = plain };
    if (http_judge_open(&plain->judge, check, &err))
        plain->request = http_message_write(check, peer, &plain->request_size, &err);
    if (plain->request == NULL)
        plain->unusable = xstrdup(err.text);
    return &plain->probe;
}
