/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/tcp.h"

#include "snapshot/snapshot.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ACCEPT_MOST     32          /* connections a turn: the others have their turn, too */
#define RECEIVE_MOST    (16 * 1024) /* bytes a turn */
#define ACCEPT_PAUSE_MS 100

static void note_open_count(struct tcp *tcp)
{
    atomic_store_explicit(&tcp->open_count, tcp->connections.open, memory_order_relaxed);
}

static void close_connection(struct tcp *tcp, struct connection *connection)
{
    int fd = connection->source.fd;
    clients_leave(&tcp->clients, connection);
    connections_put_back(&tcp->connections, connection);
    note_open_count(tcp);
    close(fd); /* which also takes it out of the epoll set; last: who sees the end sees the count */
}

static bool close_oldest(struct tcp *tcp)
{
    if (tcp->connections.oldest == NULL)
        return false;
    close_connection(tcp, tcp->connections.oldest);
    return true;
}

static void set_listening(struct tcp *tcp, bool is_listening)
{
    for (size_t i = 0; i < tcp->listener_count; i++)
        (void)event_change(tcp->epoll_fd, &tcp->listeners[i], is_listening ? EPOLLIN : 0);
    tcp->accept_again_ms = is_listening ? 0 : tcp->now_ms + ACCEPT_PAUSE_MS;
}

static void admit(struct tcp *tcp, int fd, const struct sockaddr_storage *peer)
{
    if (tcp->connections.open == tcp->connections.most && !close_oldest(tcp)) {
        close(fd); /* this worker may have none */
        return;
    }
    struct connection *connection = connections_take(&tcp->connections, tcp->now_ms);
    connection->source.fd = fd;
    address_of_sockaddr(peer, &connection->peer);
    connection->port = ntohs(((const struct sockaddr_in *)peer)->sin_port); /* where IPv6 has it, too */
    note_open_count(tcp);
    struct connection *surplus = clients_enter(&tcp->clients, connection);
    if (surplus != NULL)
        close_connection(tcp, surplus);
    if (surplus == connection)
        return;
    if (!event_watch(tcp->epoll_fd, &connection->source, EPOLLIN))
        close_connection(tcp, connection);
}

enum accepted { ACCEPT_DONE, ACCEPT_NOTHING, ACCEPT_EXHAUSTED };

static enum accepted accept_one(struct tcp *tcp, const struct event_source *listener)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        admit(tcp, fd, &peer);
        return ACCEPT_DONE;
    }
    switch (errno) {
    case EAGAIN: return ACCEPT_NOTHING;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return ACCEPT_EXHAUSTED;
    default: return ACCEPT_DONE; /* ECONNABORTED and what else the network did to this one */
    }
}

void tcp_accept(struct tcp *tcp, const struct event_source *listener)
{
    for (unsigned i = 0; i < ACCEPT_MOST; i++) {
        enum accepted accepted = accept_one(tcp, listener);
        if (accepted == ACCEPT_DONE)
            continue;
        /* without a descriptor accept does not say whether somebody waits: only epoll's word counts */
        if (accepted == ACCEPT_NOTHING || i > 0)
            return;
        if (!close_oldest(tcp) || accept_one(tcp, listener) == ACCEPT_EXHAUSTED)
            set_listening(tcp, false); /* it stays readable: without a pause we would turn around it */
        return;
    }
}

struct asker {
    struct answerer *answerer;
    struct observer *observer; /* NULL: nobody looks */
    const struct snapshot *now;
    const struct connection *connection;
};

static size_t answer_one(void *context, const uint8_t *message, size_t size, uint8_t *out, size_t out_size)
{
    const struct asker *asker = context;
    const struct connection *connection = asker->connection;
    size_t reply_size = answer_message(asker->answerer, asker->now, TRANSPORT_TCP, message, size,
                                       &connection->peer, out, out_size);
    if (asker->observer != NULL)
        observer_see(
            asker->observer, TRANSPORT_TCP, &connection->peer, connection->port,
            &(struct message){ .packet = message, .size = size, .out = out, .reply_size = reply_size });
    return reply_size;
}

static bool answer_waiting(struct tcp *tcp, struct connection *connection)
{
    struct asker asker = { .answerer = tcp->answerer,
                           .observer = tcp->observer,
                           .now = snapshot_acquire(),
                           .connection = connection };
    if (tcp->observer != NULL)
        observer_begin(tcp->observer);
    bool is_sound = stream_answer(&connection->stream, answer_one, &asker);
    snapshot_release();
    connections_touch(&tcp->connections, connection, tcp->now_ms);
    return is_sound;
}

/* False if the connection is gone.  At the end of the input there may still be replies to send. */
static bool receive(struct connection *connection)
{
    size_t room;
    uint8_t *at = stream_room(&connection->stream, &room);
    ssize_t size = recv(connection->source.fd, at, room < RECEIVE_MOST ? room : RECEIVE_MOST, 0);
    if (size > 0)
        stream_received(&connection->stream, (size_t)size);
    connection->is_at_end = size == 0;
    return size >= 0 || errno == EAGAIN || errno == EINTR;
}

/* False if the connection is gone. */
static bool send_pending(struct connection *connection)
{
    for (;;) {
        size_t size;
        const uint8_t *at = stream_pending(&connection->stream, &size);
        if (size == 0)
            return true;
        ssize_t sent = send(connection->source.fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return errno == EAGAIN;
        if (sent > 0)
            stream_sent(&connection->stream, (size_t)sent);
    }
}

static bool has_pending(const struct connection *connection)
{
    size_t size;
    (void)stream_pending(&connection->stream, &size);
    return size > 0;
}

/* Answers and sends in turns until the input is used up or the peer does not take more.  False: close. */
static bool advance(struct tcp *tcp, struct connection *connection)
{
    bool is_sound = true;
    while (send_pending(connection)) {
        if (has_pending(connection))
            return true;
        if (!is_sound || !stream_has_message(&connection->stream))
            return is_sound && !connection->is_at_end;
        is_sound = answer_waiting(tcp, connection);
    }
    return false;
}

void tcp_serve(struct tcp *tcp, struct connection *connection)
{
    if ((!connection->is_sending && !receive(connection)) || !advance(tcp, connection)) {
        close_connection(tcp, connection);
        return;
    }
    bool is_sending = has_pending(connection);
    if (is_sending == connection->is_sending)
        return;
    connection->is_sending = is_sending;
    if (!event_change(tcp->epoll_fd, &connection->source, is_sending ? EPOLLOUT : EPOLLIN))
        close_connection(tcp, connection);
}

void tcp_expire(struct tcp *tcp)
{
    uint64_t rung;
    (void)!read(tcp->alarm.fd, &rung, sizeof rung);
    tcp->alarm_ms = 0;
    const struct connection *oldest;
    while ((oldest = tcp->connections.oldest) != NULL && tcp->now_ms - oldest->active_ms >= tcp->idle_ms)
        close_oldest(tcp);
    if (tcp->accept_again_ms != 0 && tcp->now_ms >= tcp->accept_again_ms)
        set_listening(tcp, true);
}

/* When there will be something to expire; 0: never. */
static uint64_t next_due_ms(const struct tcp *tcp)
{
    const struct connection *oldest = tcp->connections.oldest;
    uint64_t due_ms = oldest != NULL ? oldest->active_ms + tcp->idle_ms : tcp->accept_again_ms;
    return tcp->accept_again_ms != 0 && tcp->accept_again_ms < due_ms ? tcp->accept_again_ms : due_ms;
}

/* A timeout of epoll would be set and taken back in each turn.  This one is not even put off while the oldest
 * connection is used: it rings for nothing then, once in idle_ms at most. */
void tcp_set_alarm(struct tcp *tcp)
{
    uint64_t due_ms = next_due_ms(tcp);
    if (due_ms == 0 || (tcp->alarm_ms != 0 && tcp->alarm_ms <= due_ms))
        return;
    uint64_t left_ms = due_ms > tcp->now_ms ? due_ms - tcp->now_ms : 1;
    const struct itimerspec at = { .it_value = { .tv_sec = (time_t)(left_ms / 1000),
                                                 .tv_nsec = (long)(left_ms % 1000) * 1000000 } };
    if (timerfd_settime(tcp->alarm.fd, 0, &at, NULL) == 0)
        tcp->alarm_ms = due_ms;
}

void tcp_close_all(struct tcp *tcp)
{
    while (close_oldest(tcp))
        ;
}
