/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/probe_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_KEPT_MOST = 65536 };

/* A source of the other family leaves no address to connect from, and a check that cannot start blames
 * nobody. */
static bool source_bind(int fd, const struct address *source, int family)
{
    struct sockaddr_storage here;
    socklen_t size = address_to_sockaddr(source, 0, &here);
    int on = 1;
    if (here.ss_family != family) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    /* the port is chosen by connect, which knows the peer: thousands of checks may share one */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, (struct sockaddr *)&here, size) == 0;
}

int probe_socket(const struct check *check, int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0 || check->source.family == ADDRESS_NONE || source_bind(fd, &check->source, family))
        return fd;
    int error_number = errno;
    close(fd);
    errno = error_number;
    return -1;
}

size_t probe_sockets_kept_most(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 8 > SOCKETS_KEPT_MOST)
        return SOCKETS_KEPT_MOST;
    return (size_t)files.rlim_cur / 8;
}
