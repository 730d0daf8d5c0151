/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP_BACKLOG 1024

bool listen_is_wildcard(const struct server_listen *listen)
{
    static const uint8_t zeros[16];
    return memcmp(listen->address.bytes, zeros, sizeof zeros) == 0;
}

bool listen_is_same(const struct server_listen *a, const struct server_listen *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

bool server_socket_of(int fd, struct server_socket *out)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound, type_size = sizeof out->type;
    *out = (struct server_socket){ .fd = fd };
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &out->type, &type_size) != 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        (bound.ss_family != AF_INET && bound.ss_family != AF_INET6))
        return false;
    address_of_sockaddr(&bound, &out->at.address);
    out->at.port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                                    : ((struct sockaddr_in6 *)&bound)->sin6_port);
    return true;
}

static bool say_why(const struct server_listen *listen, int type, struct error *err)
{
    int error = errno;
    char text[ADDRESS_TEXT_SIZE];
    address_format(&listen->address, text);
    bool is_v6 = listen->address.family == ADDRESS_V6;
    return error_set(err, "listen %s%s%s:%u (%s): %s%s", is_v6 ? "[" : "", text, is_v6 ? "]" : "",
                     listen->port, type == SOCK_DGRAM ? "UDP" : "TCP", strerror(error),
                     address_bind_hint(error));
}

static bool switch_on(int fd, int level, int option)
{
    return setsockopt(fd, level, option, &(int){ 1 }, sizeof(int)) == 0;
}

/* Opens and binds; `is_shared`: other workers will bind the address, too. */
static int open_bound(const struct server_listen *listen, int type, bool is_shared)
{
    struct sockaddr_storage address;
    socklen_t size = address_to_sockaddr(&listen->address, listen->port, &address);
    int blocking =
        type == SOCK_STREAM ? SOCK_NONBLOCK : 0; /* each call on a UDP socket says whether it waits */
    int fd = socket(address.ss_family, type | blocking | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool is_v6 = address.ss_family == AF_INET6;
    if ((!is_v6 || switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY)) &&
        (!is_shared || switch_on(fd, SOL_SOCKET, SO_REUSEPORT)) &&
        (type == SOCK_DGRAM || switch_on(fd, SOL_SOCKET, SO_REUSEADDR)) && /* past connections in TIME_WAIT */
        bind(fd, (const struct sockaddr *)&address, size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool socket_probe(const struct server_listen *listen, struct error *err)
{
    static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
    for (unsigned i = 0; i < 2; i++) {
        int fd = open_bound(listen, types[i], false);
        if (fd < 0)
            return say_why(listen, types[i], err);
        close(fd);
    }
    return true;
}

/* Believes no ICMP message about the path's MTU: who forges one could force fragments and poison them. */
static bool ignore_path_mtu(int fd, bool is_v6)
{
    static const int v4 = IP_PMTUDISC_OMIT, v6 = IPV6_PMTUDISC_OMIT;
    return is_v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6) == 0
                 : setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4) == 0;
}

static bool ask_for_destination(int fd, bool is_v6)
{
    return is_v6 ? switch_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) : switch_on(fd, IPPROTO_IP, IP_PKTINFO);
}

bool socket_open_udp(const struct server_listen *listen, int *out, struct error *err)
{
    int fd = open_bound(listen, SOCK_DGRAM, true);
    if (fd < 0)
        return say_why(listen, SOCK_DGRAM, err);
    bool is_v6 = listen->address.family == ADDRESS_V6;
    (void)ignore_path_mtu(fd, is_v6); /* an old kernel may not know it */
    if (listen_is_wildcard(listen) && !ask_for_destination(fd, is_v6)) {
        say_why(listen, SOCK_DGRAM, err);
        close(fd);
        return false;
    }
    *out = fd;
    return true;
}

uint64_t socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

uint32_t socket_dropped(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 }; /* an old kernel fills in less */
    socklen_t size = sizeof info;
    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0 ? info[SK_MEMINFO_DROPS] : 0;
}

bool socket_is_shared(int fd)
{
    int is_on = 0;
    socklen_t size = sizeof is_on;
    return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_on, &size) == 0 && is_on != 0;
}

bool socket_adopt(const struct server_socket *adopted, struct error *err)
{
    bool is_udp = adopted->type == SOCK_DGRAM, is_v6 = adopted->at.address.family == ADDRESS_V6;
    int flags = fcntl(adopted->fd, F_GETFL);
    int wanted = is_udp ? flags & ~O_NONBLOCK : flags | O_NONBLOCK; /* as open_bound has them */
    bool is_good = flags >= 0 && fcntl(adopted->fd, F_SETFL, wanted) == 0;
    if (is_udp)
        (void)ignore_path_mtu(adopted->fd, is_v6);
    if (is_udp && listen_is_wildcard(&adopted->at))
        is_good = is_good && ask_for_destination(adopted->fd, is_v6);
    return is_good || say_why(&adopted->at, adopted->type, err);
}

bool socket_open_tcp(const struct server_listen *listen_at, int *out, struct error *err)
{
    int fd = open_bound(listen_at, SOCK_STREAM, true);
    if (fd < 0)
        return say_why(listen_at, SOCK_STREAM, err);
    (void)switch_on(fd, IPPROTO_TCP, TCP_NODELAY); /* inherited by what is accepted */
    if (listen(fd, TCP_BACKLOG) != 0) {
        say_why(listen_at, SOCK_STREAM, err);
        close(fd);
        return false;
    }
    *out = fd;
    return true;
}
