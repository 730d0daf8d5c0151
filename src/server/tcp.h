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
    uint64_t accept_again_ms;  /* 0, or when to listen again: descriptors or memory had run out */
    struct event_source alarm; /* a timerfd */
    uint64_t alarm_ms;         /* when it rings; 0: it is not set */
    _Atomic unsigned open_count;
};

/** A listener is readable. */
void tcp_accept(struct tcp *tcp, const struct event_source *listener);

/** A connection is readable, or writable if it waits to send. */
void tcp_serve(struct tcp *tcp, struct connection *connection);

/** The alarm rang: closes what was idle for too long; listens again after a pause. */
void tcp_expire(struct tcp *tcp);

/** After each of these: has the alarm ring when there will be something to expire. */
void tcp_set_alarm(struct tcp *tcp);

void tcp_close_all(struct tcp *tcp);
