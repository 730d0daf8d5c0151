/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "support/cmocka_all.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether there is an address ::1: machines and containers may have no IPv6.  Says so if not. */
static inline bool has_ipv6(void)
{
    const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
    if (fd >= 0)
        close(fd);
    if (!is_there)
        print_message("no IPv6 on this machine: what needs it is left out\n");
    return is_there;
}

/* Whether a socket can be bound to `text`, an address of loopback or a wildcard. */
static inline bool is_ours(const char *text)
{
    return strchr(text, ':') == NULL || has_ipv6();
}
