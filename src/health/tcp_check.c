/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp: the endpoint accepts a connection.  It is closed at once, nothing is sent. */
#include "health/probe.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tcp_probe {
    struct probe probe;
    struct loop *loop;
    struct watcher watcher; /* fd is -1 at rest */
    uint64_t started_us;
};

/* A connect to a local port that nobody listens on may get that very port as its source and meet itself. */
static bool tcp_met_itself(int fd)
{
    struct sockaddr_storage here = { 0 }, there = { 0 };
    socklen_t here_size = sizeof here, there_size = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_size) == 0 && here_size == there_size &&
           memcmp(&here, &there, here_size) == 0;
}

static void tcp_conclude(struct tcp_probe *tcp, int error_number)
{
    struct finding finding = { 0 };
    if (error_number == 0 && tcp_met_itself(tcp->watcher.fd))
        error_number = ECONNREFUSED;
    if (error_number == 0) {
        uint64_t passed_us = clock_monotonic_us() - tcp->started_us;
        finding.latency_us = passed_us > 0 ? (uint32_t)passed_us : 1;
        finding_set(&finding, FINDING_SUCCESS, "connected");
    } else {
        finding_set_errno(&finding, error_number);
    }
    probe_end(&tcp->probe, &finding);
}

static void tcp_ready(void *owner, uint32_t events)
{
    (void)events;
    struct tcp_probe *tcp = owner;
    int error_number = 0;
    socklen_t size = sizeof error_number;
    if (getsockopt(tcp->watcher.fd, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0)
        error_number = errno;
    tcp_conclude(tcp, error_number);
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
    tcp->watcher.fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->watcher.fd < 0 ||
        (connect(tcp->watcher.fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)) {
        tcp_conclude(tcp, errno);
        return;
    }
    loop_watch(tcp->loop, &tcp->watcher, EPOLLOUT);
}

static void tcp_explain_timeout(struct probe *probe, struct finding *out)
{
    finding_set_timeout(out, probe->check, "connect");
}

static void tcp_stop(struct probe *probe)
{
    struct tcp_probe *tcp = (struct tcp_probe *)probe;
    loop_forget(tcp->loop, &tcp->watcher);
    if (tcp->watcher.fd >= 0)
        close(tcp->watcher.fd);
    tcp->watcher.fd = -1;
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
