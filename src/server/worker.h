/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "base/error.h"
#include "server/doorman.h"
#include "server/observer.h"
#include "server/server.h"
#include "server/stopwatch.h"
#include "server/tcp.h"
#include "server/udp.h"

#include <pthread.h>

#define CACHE_LINE 64

/* One thread with its own sockets, buffers and counters: workers share nothing but the snapshot. */
struct worker {
    unsigned index;
    pthread_t thread;
    int cpu; /* -1: any */
    unsigned spin_us;
    int epoll_fd;
    struct event_source stop; /* an eventfd of all workers, readable for ever once it is rung */
    struct udp_socket *udp_sockets;
    size_t udp_count, pressed_count;
    const struct event_source *last; /* of which alone the last turns were: so many */
    unsigned last_turns;
    struct doorman *doorman; /* looks after all else while one socket is waited for alone */
    struct doorbell bell;
    struct udp_batch *batch;
    struct tcp tcp;
    struct answerer answerer;
    struct observer *observer;                            /* NULL: queries are not logged */
    struct stopwatch watches[2];                          /* by transport */
    _Alignas(CACHE_LINE) struct answer_counters counters; /* others read them while we write */
    _Alignas(CACHE_LINE) char end[CACHE_LINE];
};

/** Opens the sockets of all listen addresses.  `stop_fd`, `client_counts` (NULL: none) and what `settings`
 * points at are borrowed. */
bool worker_open(unsigned index, const struct server_settings *settings, int stop_fd,
                 struct client_counts *client_counts, struct worker **out, struct error *err);
/** `doorman` serves the worker's bell, is borrowed and outlives the thread. */
bool worker_start(struct worker *worker, struct doorman *doorman, struct error *err);
void worker_join(struct worker *worker);  /* after a start, when the eventfd was rung */
void worker_close(struct worker *worker); /* accepts NULL and half-open ones */
