/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web_server PORT [CERTIFICATE KEY]: the least web server to point health checks at, on all of 127.0.0.0/8;
 * over TLS if it has a certificate.  It keeps connections that do not ask to be closed.  At its end, on
 * SIGTERM, it prints how many connections and requests there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, REQUEST_MOST = 2048 };

struct guest {
    int fd;
    SSL *ssl;
    char request[REQUEST_MOST + 1];
    size_t size;
};

static volatile sig_atomic_t is_over;
static unsigned long connections, requests;
static SSL_CTX *tls;

static void on_signal(int signal_number)
{
    (void)signal_number;
    is_over = 1;
}

static void guest_free(struct guest *guest)
{
    SSL_free(guest->ssl);
    close(guest->fd);
    free(guest);
}

static void guests_accept(int listener, int epoll_fd)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct guest *guest = calloc(1, sizeof *guest);
        if (guest == NULL)
            abort();
        guest->fd = fd;
        if (tls != NULL) {
            guest->ssl = SSL_new(tls);
            SSL_set_fd(guest->ssl, fd);
            SSL_set_accept_state(guest->ssl);
        }
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = guest };
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
        connections++;
    }
}

static ssize_t guest_read(struct guest *guest)
{
    char *to = guest->request + guest->size;
    size_t room = REQUEST_MOST - guest->size;
    if (guest->ssl == NULL)
        return recv(guest->fd, to, room, 0);
    int got = SSL_read(guest->ssl, to, (int)room);
    if (got <= 0 && SSL_get_error(guest->ssl, got) == SSL_ERROR_WANT_READ) {
        errno = EAGAIN;
        return -1;
    }
    return got > 0 ? got : 0;
}

static void guest_write(struct guest *guest, const char *text, size_t size)
{
    if (guest->ssl == NULL)
        (void)!send(guest->fd, text, size, MSG_NOSIGNAL);
    else
        (void)SSL_write(guest->ssl, text, (int)size);
}

/* False when the guest goes. */
static bool guest_serve(struct guest *guest)
{
    static const char closing[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    static const char keeping[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    ssize_t got = guest_read(guest);
    if (got < 0 && errno == EAGAIN)
        return true;
    if (got <= 0)
        return false;
    guest->size += (size_t)got;
    guest->request[guest->size] = '\0';
    if (strstr(guest->request, "\r\n\r\n") == NULL)
        return guest->size < REQUEST_MOST;
    bool is_last = strstr(guest->request, "HTTP/1.0") != NULL || strstr(guest->request, ": close") != NULL;
    requests++;
    guest->size = 0;
    guest_write(guest, is_last ? closing : keeping, is_last ? sizeof closing - 1 : sizeof keeping - 1);
    return !is_last;
}

static int open_listener(const char *port)
{
    const struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&here, sizeof here) != 0 || listen(fd, 4096) != 0) {
        perror("web_server");
        exit(1);
    }
    return fd;
}

static void open_tls(const char *certificate, const char *key)
{
    tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "web_server: no certificate or key\n");
        exit(1);
    }
}

int main(int count, char **arguments)
{
    const struct sigaction action = { .sa_handler = on_signal };
    if (count != 2 && count != 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    if (count == 4)
        open_tls(arguments[2], arguments[3]);
    int listener = open_listener(arguments[1]), epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }, events[BATCH];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    while (!is_over) {
        int ready = epoll_wait(epoll_fd, events, BATCH, 1000);
        for (int i = 0; i < ready; i++) {
            struct guest *guest = events[i].data.ptr;
            if (guest == NULL)
                guests_accept(listener, epoll_fd);
            else if (!guest_serve(guest))
                guest_free(guest);
        }
    }
    printf("%lu connections, %lu requests\n", connections, requests);
    return 0;
}
