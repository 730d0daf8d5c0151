/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "health/timer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* One epoll and one heap of timers: all that the checker's thread ever waits for. */
struct loop {
    int epoll_fd;
    struct timers timers;
};

/* A file descriptor that is waited for; a member of what it belongs to. */
struct watcher {
    int fd;
    void (*ready)(void *owner, uint32_t events); /* may forget any watcher, also its own, and free it */
    void *owner;
    bool is_watched;
    struct epoll_event *pending; /* its event in the batch at hand, not yet delivered */
};

bool loop_open(struct loop *loop, struct error *err);
void loop_close(struct loop *loop);

/** Waits for these events from now on (EPOLLIN, EPOLLOUT), level-triggered. */
void loop_watch(struct loop *loop, struct watcher *watcher, uint32_t events);
/** No call of `ready` comes after it.  Before the descriptor is closed.  No-op if it is not watched. */
void loop_forget(struct loop *loop, struct watcher *watcher);

/** Sets `timer` to ring in `delay_us`, or up to 9 ms later. */
void loop_set_timer(struct loop *loop, struct timer *timer, uint64_t delay_us);

/** Waits once, delivers what is ready, then rings what is due. */
void loop_turn(struct loop *loop);
