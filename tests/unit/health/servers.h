/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A TCP server on a loopback address of its own that treats its guests as `serve` likes: each connection in
 * a thread, or, if there is no `serve`, closed at once. */
struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
    void (*serve)(struct server *server, int fd);
    const char *text; /* what `serve` says */
    _Atomic bool is_stopping;
    _Atomic unsigned serving;
};

struct guest {
    struct server *server;
    int fd;
};

static inline void *server_serve(void *context)
{
    struct guest *guest = context;
    struct server *server = guest->server;
    server->serve(server, guest->fd);
    close(guest->fd);
    free(guest);
    server->serving--;
    return NULL;
}

static inline void *server_run(void *context)
{
    struct server *server = context;
    for (int fd; (fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0 || !server->is_stopping;) {
        if (fd < 0) { /* out of descriptors, as some tests like it */
            usleep(1000);
            continue;
        }
        if (server->serve == NULL) {
            close(fd);
            continue;
        }
        struct guest *guest = xcalloc(1, sizeof *guest);
        *guest = (struct guest){ server, fd };
        server->serving++;
        pthread_t thread;
        if (pthread_create(&thread, NULL, server_serve, guest) != 0)
            abort();
        pthread_detach(thread);
    }
    return NULL;
}

/* A listening socket on `address`, any port; writes the port. */
static inline int listen_on(const char *address, int type, uint16_t *port)
{
    struct address parsed;
    struct sockaddr_storage here;
    if (!address_parse(address, &parsed))
        abort();
    socklen_t size = address_to_sockaddr(&parsed, 0, &here);
    int fd = socket(here.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, size) != 0 ||
        (type == SOCK_STREAM && listen(fd, 1024) != 0) ||
        getsockname(fd, (struct sockaddr *)&here, &size) != 0)
        abort();
    *port = ntohs(parsed.family == ADDRESS_V6 ? ((struct sockaddr_in6 *)&here)->sin6_port
                                              : ((struct sockaddr_in *)&here)->sin_port);
    return fd;
}

static inline struct server *server_start(const char *address, void (*serve)(struct server *, int),
                                          const char *text)
{
    struct server *server = xcalloc(1, sizeof *server);
    server->serve = serve;
    server->text = text;
    server->fd = listen_on(address, SOCK_STREAM, &server->port);
    if (pthread_create(&server->thread, NULL, server_run, server) != 0)
        abort();
    return server;
}

static inline void server_stop(struct server *server)
{
    server->is_stopping = true;
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    while (server->serving > 0)
        usleep(1000);
    close(server->fd);
    free(server);
}

static inline void say(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        size -= (size_t)sent;
    }
}

/* Reads until the empty line; false if the peer goes before. */
static inline bool hear_request(struct server *server, int fd, char *out, size_t room)
{
    size_t size = 0;
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    while (!server->is_stopping && size < room - 1) {
        if (poll(&poller, 1, 20) <= 0)
            continue;
        ssize_t got = recv(fd, out + size, room - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
        out[size] = '\0';
        if (strstr(out, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

/* Keeps the connection open until the peer closes it. */
static inline void hold(struct server *server, int fd)
{
    char bytes[512];
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    while (!server->is_stopping)
        if (poll(&poller, 1, 20) > 0 && recv(fd, bytes, sizeof bytes, 0) <= 0)
            return;
}

/* The request, then `text`, then the end. */
static inline void serve_text(struct server *server, int fd)
{
    char request[4096];
    if (hear_request(server, fd, request, sizeof request))
        say(fd, server->text, strlen(server->text));
}

/* Accepts and never says a word. */
static inline void serve_silence(struct server *server, int fd)
{
    hold(server, fd);
}

/* The request, then `text`, then nothing more. */
static inline void serve_text_and_hold(struct server *server, int fd)
{
    serve_text(server, fd);
    hold(server, fd);
}

/* `text`, one byte every 20 ms, again and again. */
static inline void serve_trickle(struct server *server, int fd)
{
    char request[4096];
    if (!hear_request(server, fd, request, sizeof request))
        return;
    for (size_t i = 0; !server->is_stopping; i++) {
        if (send(fd, &server->text[i % strlen(server->text)], 1, MSG_NOSIGNAL) != 1)
            return;
        usleep(20000);
    }
}

/* `text` without end, as fast as it goes. */
static inline void serve_flood(struct server *server, int fd)
{
    char request[4096];
    if (!hear_request(server, fd, request, sizeof request))
        return;
    say(fd, "HTTP/1.1 200 OK\r\n", 17);
    while (!server->is_stopping && send(fd, server->text, strlen(server->text), MSG_NOSIGNAL) > 0)
        ;
}

static inline void serve_reset(struct server *server, int fd)
{
    char request[4096];
    (void)hear_request(server, fd, request, sizeof request);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 }, sizeof(struct linger));
}
