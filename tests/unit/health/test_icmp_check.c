/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icmp, in a network of its own where the test may say who may ping. */
#include "support/ipv6.h"

#include "bench.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool has_network; /* of our own */

static void allow_ping(const char *groups)
{
    int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, groups, strlen(groups)) < 0)
        fail_msg("cannot set ping_group_range");
    close(fd);
}

static int open_network(void **state)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    if (unshare(CLONE_NEWNET) == 0) { /* ends with this process */
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        has_network = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
        close(fd);
    }
    return quiet(state);
}

static struct health_report report_of(const char *address)
{
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bench_bind(&bench, 1, check_of(CHECK_ICMP, 0, 60000, 2000), address);
    struct health_report *report = bench_report(&bench, PATIENCE_MS), copy;
    assert_non_null(report);
    copy = *report;
    health_report_free(report);
    bench_close(&bench);
    return copy;
}

static void a_ping_is_answered(void **state)
{
    (void)state;
    if (!has_network)
        skip();
    allow_ping("0 2147483647");
    static const char *const addresses[] = { "127.0.47.1", "::1" };
    for (size_t i = 0; i < (has_ipv6() ? 2u : 1u); i++) {
        struct health_report report = report_of(addresses[i]);
        assert_string_equal(report.evidence.text, "ping answered");
        assert_int_equal(report.verdict, HEALTH_UP);
        assert_true(report.evidence.latency_us > 0);
    }
    assert_string_equal(report_of("192.0.2.1").evidence.text, "network is unreachable");
}

static void who_may_not_ping_is_told_why(void **state)
{
    (void)state;
    if (!has_network)
        skip();
    allow_ping("1 0");
    struct health_report report = report_of("127.0.47.1");
    assert_non_null(strstr(report.evidence.text, "net.ipv4.ping_group_range"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_answered),
        cmocka_unit_test(who_may_not_ping_is_told_why),
    };
    return cmocka_run_group_tests(tests, open_network, loud);
}
