/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "server/clients.h"
#include "server/connections.h"
#include "server/observer.h"

#include <stdatomic.h>

/* A worker's side of DNS over TCP (RFC 7766). */
struct tcp {
    int epoll_fd;
    struct answerer *answerer;
    struct observer *observer; /* NULL: nobody looks */
    unsigned idle_ms;
    uint64_t now_ms; /* of this turn of the worker's loop */
    struct connections connections;
    struct clients clients;
    struct event_source *listeners;
    size_t listener_count;
    uint64_t accept_again_ms; /* 0, or when to listen again: descriptors or memory had run out */
    _Atomic unsigned open_count;
};

/** A listener is readable. */
void tcp_accept(struct tcp *tcp, const struct event_source *listener);

/** A connection is readable, or writable if it waits to send. */
void tcp_serve(struct tcp *tcp, struct connection *connection);

/** True if tcp_expire will have something to do some time. */
static inline bool tcp_has_deadline(const struct tcp *tcp)
{
    return tcp->connections.oldest != NULL || tcp->accept_again_ms != 0;
}

/** Closes what was idle for too long; listens again after a pause. */
void tcp_expire(struct tcp *tcp);

/** How long the worker may sleep until that is due. */
int tcp_patience_ms(const struct tcp *tcp);

void tcp_close_all(struct tcp *tcp);
