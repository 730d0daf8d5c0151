/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp: the endpoint accepts a connection and, if told so, answers what was sent with what is expected. */
#include "health/probe.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "health/probe_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_HEARD_MOST = 16384 }; /* bytes that may come before what is expected */

struct tcp_probe {
    struct probe probe;
    struct loop *loop;
    struct watcher watcher; /* fd is -1 at rest */
    uint64_t started_us;
    uint32_t latency_us; /* 0 until connected */
    uint64_t said_us;    /* when all was said */
    uint32_t first_byte_us;
    size_t sent_size;
    struct text heard;
};

static uint32_t passed_us(uint64_t since_us)
{
    uint64_t us = clock_monotonic_us() - since_us;
    return us > 0 ? (uint32_t)us : 1;
}

static void tcp_end(struct tcp_probe *tcp, struct finding *finding)
{
    finding->latency_us = tcp->latency_us;
    finding->first_byte_us = tcp->first_byte_us;
    probe_end(&tcp->probe, finding);
}

static void tcp_end_errno(struct tcp_probe *tcp, int error_number)
{
    struct finding finding = { 0 };
    finding_set_errno(&finding, error_number);
    tcp_end(tcp, &finding);
}

/* "banner": what came instead. */
static void tcp_end_unexpected(struct tcp_probe *tcp, const char *how)
{
    struct finding finding = { 0 };
    if (tcp->heard.size == 0)
        finding_set(&finding, FINDING_FAILURE, "%s without a reply", how);
    else
        finding_set(&finding, FINDING_FAILURE, "expected \"%.50s\", got \"%.50s\"", tcp->probe.check->expect,
                    tcp->heard.bytes);
    tcp_end(tcp, &finding);
}

/* A connect to a local port that nobody listens on may get that very port as its source and meet itself. */
static bool tcp_met_itself(int fd)
{
    struct sockaddr_storage here = { 0 }, there = { 0 };
    socklen_t here_size = sizeof here, there_size = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_size) == 0 && here_size == there_size &&
           memcmp(&here, &there, here_size) == 0;
}

/* Nothing is left to say: listen, or be content. */
static void tcp_listen(struct tcp_probe *tcp)
{
    struct finding finding = { 0 };
    if (tcp->probe.check->expect != NULL) {
        tcp->said_us = clock_monotonic_us();
        loop_watch(tcp->loop, &tcp->watcher, EPOLLIN);
        return;
    }
    finding_set(&finding, FINDING_SUCCESS, "connected");
    tcp_end(tcp, &finding);
}

static void tcp_say(struct tcp_probe *tcp)
{
    const char *text = tcp->probe.check->send;
    size_t size = text != NULL ? strlen(text) : 0;
    while (tcp->sent_size < size) {
        ssize_t sent =
            send(tcp->watcher.fd, text + tcp->sent_size, size - tcp->sent_size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN)
            return; /* goes on when there is room */
        if (sent < 0) {
            tcp_end_errno(tcp, errno);
            return;
        }
        tcp->sent_size += (size_t)sent;
    }
    tcp_listen(tcp);
}

static void tcp_hear(struct tcp_probe *tcp)
{
    char bytes[4096];
    const char *expect = tcp->probe.check->expect;
    ssize_t got = recv(tcp->watcher.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got < 0) {
        tcp_end_errno(tcp, errno);
        return;
    }
    if (got == 0) {
        tcp_end_unexpected(tcp, "connection closed");
        return;
    }
    if (tcp->heard.size == 0)
        tcp->first_byte_us = passed_us(tcp->said_us);
    text_add(&tcp->heard, bytes, (size_t)got);
    if (memmem(tcp->heard.bytes, tcp->heard.size, expect, strlen(expect)) != NULL) {
        struct finding finding = { 0 };
        finding_set(&finding, FINDING_SUCCESS, "got what was expected");
        tcp_end(tcp, &finding);
    } else if (tcp->heard.size >= TCP_HEARD_MOST) {
        tcp_end_unexpected(tcp, "");
    }
}

static void tcp_connected(struct tcp_probe *tcp)
{
    int error_number = 0;
    socklen_t size = sizeof error_number;
    if (getsockopt(tcp->watcher.fd, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0)
        error_number = errno;
    if (error_number == 0 && tcp_met_itself(tcp->watcher.fd))
        error_number = ECONNREFUSED;
    if (error_number != 0) {
        tcp_end_errno(tcp, error_number);
        return;
    }
    tcp->latency_us = passed_us(tcp->started_us);
    tcp_say(tcp);
}

static void tcp_ready(void *owner, uint32_t events)
{
    (void)events;
    struct tcp_probe *tcp = owner;
    const char *text = tcp->probe.check->send;
    if (tcp->latency_us == 0)
        tcp_connected(tcp);
    else if (text != NULL && tcp->sent_size < strlen(text))
        tcp_say(tcp);
    else
        tcp_hear(tcp);
}

static struct probe *tcp_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)shared, (void)check, (void)peer;
    struct tcp_probe *tcp = xcalloc(1, sizeof *tcp);
    tcp->loop = loop;
    tcp->watcher = (struct watcher){ .fd = -1, .ready = tcp_ready, .owner = tcp };
    return &tcp->probe;
}

static void tcp_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct tcp_probe *tcp = (struct tcp_probe *)probe;
    struct sockaddr_storage to;
    socklen_t size = address_to_sockaddr(address, port, &to);
    tcp->started_us = clock_monotonic_us();
    tcp->latency_us = tcp->first_byte_us = 0;
    tcp->sent_size = 0;
    tcp->watcher.fd = probe_socket(probe->check, to.ss_family, SOCK_STREAM, 0);
    if (tcp->watcher.fd < 0 ||
        (connect(tcp->watcher.fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)) {
        tcp_end_errno(tcp, errno);
        return;
    }
    loop_watch(tcp->loop, &tcp->watcher, EPOLLOUT);
}

static void tcp_explain_timeout(struct probe *probe, struct finding *out)
{
    struct tcp_probe *tcp = (struct tcp_probe *)probe;
    out->latency_us = tcp->latency_us;
    if (tcp->heard.size > 0)
        finding_set(out, FINDING_FAILURE, "expected \"%.50s\", got \"%.50s\" in time", probe->check->expect,
                    tcp->heard.bytes);
    else
        finding_set_timeout(out, probe->check, tcp->latency_us == 0 ? "connect" : "reply");
    out->is_silent = tcp->latency_us == 0;
}

static void tcp_stop(struct probe *probe)
{
    struct tcp_probe *tcp = (struct tcp_probe *)probe;
    loop_forget(tcp->loop, &tcp->watcher);
    if (tcp->watcher.fd >= 0)
        close(tcp->watcher.fd);
    tcp->watcher.fd = -1;
    text_free(&tcp->heard);
}

static void tcp_free(struct probe *probe)
{
    free(probe);
}

const struct probe_type probe_tcp = {
    .new = tcp_new,
    .free = tcp_free,
    .start = tcp_start,
    .explain_timeout = tcp_explain_timeout,
    .stop = tcp_stop,
};
