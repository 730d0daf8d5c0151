/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp: the endpoint echoes a ping.  The socket is the kernel's unprivileged one, which fills in identifier
 * and checksum and hands us our own replies only; net.ipv4.ping_group_range says who may have it.
 */
#include "health/probe.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "health/probe_socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct echo {
    struct icmphdr header; /* ICMPv6 has the same form (RFC 4443 §4.1) */
    uint64_t nonce;        /* tells a late reply from this run's */
};

struct icmp_probe {
    struct probe probe;
    struct loop *loop;
    struct watcher watcher; /* fd is -1 at rest */
    struct rng rng;
    uint64_t nonce, started_us;
    uint8_t reply_type;
};

static void icmp_end_errno(struct icmp_probe *icmp, int error_number)
{
    struct finding finding = { 0 };
    if (error_number == EACCES || error_number == EPERM)
        finding_set(&finding, FINDING_UNUSABLE,
                    "ping is not permitted: net.ipv4.ping_group_range does not include our group");
    else
        finding_set_errno(&finding, error_number);
    probe_end(&icmp->probe, &finding);
}

static void icmp_ready(void *owner, uint32_t events)
{
    (void)events;
    struct icmp_probe *icmp = owner;
    struct echo echo;
    ssize_t size = recv(icmp->watcher.fd, &echo, sizeof echo, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size < 0) {
        icmp_end_errno(icmp, errno);
        return;
    }
    if ((size_t)size < sizeof echo || echo.header.type != icmp->reply_type || echo.nonce != icmp->nonce)
        return;
    uint64_t passed_us = clock_monotonic_us() - icmp->started_us;
    struct finding finding = { .latency_us = passed_us > 0 ? (uint32_t)passed_us : 1 };
    finding_set(&finding, FINDING_SUCCESS, "ping answered");
    probe_end(&icmp->probe, &finding);
}

static struct probe *icmp_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)shared, (void)check, (void)peer;
    struct icmp_probe *icmp = xcalloc(1, sizeof *icmp);
    icmp->loop = loop;
    icmp->watcher = (struct watcher){ .fd = -1, .ready = icmp_ready, .owner = icmp };
    rng_seed(&icmp->rng);
    return &icmp->probe;
}

static void icmp_start(struct probe *probe, const struct address *address, uint16_t port)
{
    (void)port;
    struct icmp_probe *icmp = (struct icmp_probe *)probe;
    struct sockaddr_storage to;
    socklen_t size = address_to_sockaddr(address, 0, &to);
    bool is_v6 = address->family == ADDRESS_V6;
    struct echo echo = { .header.type = is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO };
    echo.nonce = icmp->nonce = rng_next(&icmp->rng);
    icmp->reply_type = is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
    icmp->started_us = clock_monotonic_us();
    icmp->watcher.fd =
        probe_socket(probe->check, to.ss_family, SOCK_DGRAM, is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (icmp->watcher.fd < 0 || connect(icmp->watcher.fd, (struct sockaddr *)&to, size) != 0 ||
        send(icmp->watcher.fd, &echo, sizeof echo, 0) < 0) {
        icmp_end_errno(icmp, errno);
        return;
    }
    loop_watch(icmp->loop, &icmp->watcher, EPOLLIN);
}

static void icmp_explain_timeout(struct probe *probe, struct finding *out)
{
    finding_set_timeout(out, probe->check, "ping");
}

static void icmp_stop(struct probe *probe)
{
    struct icmp_probe *icmp = (struct icmp_probe *)probe;
    loop_forget(icmp->loop, &icmp->watcher);
    if (icmp->watcher.fd >= 0)
        close(icmp->watcher.fd);
    icmp->watcher.fd = -1;
}

static void icmp_free(struct probe *probe)
{
    free(probe);
}

const struct probe_type probe_icmp = {
    .new = icmp_new,
    .free = icmp_free,
    .start = icmp_start,
    .explain_timeout = icmp_explain_timeout,
    .stop = icmp_stop,
};
