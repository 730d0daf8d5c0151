/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a worker's epoll watches; the first member of each such thing. */
enum event_kind { EVENT_STOP, EVENT_UDP, EVENT_LISTENER, EVENT_CONNECTION, EVENT_ALARM };

struct event_source {
    enum event_kind kind;
    int fd; /* -1: closed, an event still on its way is stale */
};

/** Watches level-triggered for `events`; 0 keeps it known but silent.  False with errno. */
bool event_watch(int epoll_fd, struct event_source *source, uint32_t events);
bool event_change(int epoll_fd, struct event_source *source, uint32_t events);
void event_forget(int epoll_fd, const struct event_source *source);
