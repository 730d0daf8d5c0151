/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns: the endpoint answers a query over UDP with an expected response code and, if told so, answer. */
#include "health/probe.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "dns/type.h"
#include "health/dns_message.h"
#include "health/probe_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct dns_probe {
    struct probe probe;
    struct loop *loop;
    struct watcher watcher; /* fd is -1 at rest */
    struct rng rng;
    struct dns_name name;
    uint8_t rdata[CHECK_RDATA_SIZE_MAX];
    struct dns_expectation expected; /* of the run under way */
    uint64_t started_us;
};

static void dns_end(struct dns_probe *dns, struct finding *finding)
{
    probe_end(&dns->probe, finding);
}

static void dns_end_errno(struct dns_probe *dns, int error_number)
{
    struct finding finding = { 0 };
    finding_set_errno(&finding, error_number);
    dns_end(dns, &finding);
}

static void dns_judge(const struct dns_probe *dns, const struct dns_reply *reply, struct finding *out)
{
    const struct check *check = dns->probe.check;
    char type[16];
    dns_type_format(check->query_type, type);
    if (reply->rcode != check->rcode)
        finding_set(out, FINDING_FAILURE, "DNS %s, expected %s", dns_rcode_name(reply->rcode),
                    dns_rcode_name(check->rcode));
    else if (check->answer != NULL && !reply->has_rdata && reply->is_truncated)
        finding_set(out, FINDING_FAILURE, "truncated DNS reply without %s %s", type, check->answer);
    else if (check->answer != NULL && !reply->has_rdata)
        finding_set(out, FINDING_FAILURE, "DNS reply with %u other %s record%s, expected %s", reply->answers,
                    type, reply->answers == 1 ? "" : "s", check->answer);
    else
        finding_set(out, FINDING_SUCCESS, "DNS %s, %u %s record%s", dns_rcode_name(reply->rcode),
                    reply->answers, type, reply->answers == 1 ? "" : "s");
}

/* Anything but the reply to this very query may be forged or late, and is passed over. */
static void dns_ready(void *owner, uint32_t events)
{
    (void)events;
    struct dns_probe *dns = owner;
    uint8_t bytes[4096];
    struct dns_reply reply;
    ssize_t size = recv(dns->watcher.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size < 0) {
        dns_end_errno(dns, errno);
        return;
    }
    if (!dns_message_read_reply(bytes, (size_t)size, &dns->expected, &reply))
        return;
    uint64_t passed_us = clock_monotonic_us() - dns->started_us;
    struct finding finding = { .latency_us = passed_us > 0 ? (uint32_t)passed_us : 1 };
    dns_judge(dns, &reply, &finding);
    dns_end(dns, &finding);
}

static struct probe *dns_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)shared, (void)peer;
    struct dns_probe *dns = xcalloc(1, sizeof *dns);
    dns->loop = loop;
    dns->watcher = (struct watcher){ .fd = -1, .ready = dns_ready, .owner = dns };
    rng_seed(&dns->rng);
    if (!dns_name_parse(check->query, NULL, &dns->name))
        dns_name_parse(".", NULL, &dns->name); /* the configuration has seen to it that it is a name */
    dns->expected = (struct dns_expectation){ .name = &dns->name, .type = check->query_type };
    if (check->answer != NULL && check_answer_rdata(check, dns->rdata, &dns->expected.rdata_size))
        dns->expected.rdata = dns->rdata;
    return &dns->probe;
}

static void dns_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct dns_probe *dns = (struct dns_probe *)probe;
    struct sockaddr_storage to;
    socklen_t to_size = address_to_sockaddr(address, port, &to);
    uint8_t query[DNS_MESSAGE_QUERY_SIZE_MAX];
    dns->started_us = clock_monotonic_us();
    dns->expected.id = (uint16_t)rng_next(&dns->rng);
    size_t size = dns_message_write_query(dns->expected.id, &dns->name, dns->expected.type, query);
    dns->watcher.fd = probe_socket(probe->check, to.ss_family, SOCK_DGRAM, 0);
    if (dns->watcher.fd < 0 || connect(dns->watcher.fd, (struct sockaddr *)&to, to_size) != 0 ||
        send(dns->watcher.fd, query, size, 0) < 0) {
        dns_end_errno(dns, errno);
        return;
    }
    loop_watch(dns->loop, &dns->watcher, EPOLLIN);
}

static void dns_explain_timeout(struct probe *probe, struct finding *out)
{
    finding_set_timeout(out, probe->check, "DNS reply");
}

static void dns_stop(struct probe *probe)
{
    struct dns_probe *dns = (struct dns_probe *)probe;
    loop_forget(dns->loop, &dns->watcher);
    if (dns->watcher.fd >= 0)
        close(dns->watcher.fd);
    dns->watcher.fd = -1;
}

static void dns_free(struct probe *probe)
{
    free(probe);
}

const struct probe_type probe_dns = {
    .default_port = 53,
    .new = dns_new,
    .free = dns_free,
    .start = dns_start,
    .explain_timeout = dns_explain_timeout,
    .stop = dns_stop,
};
