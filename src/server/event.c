/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/event.h"

#include <stddef.h>
#include <sys/epoll.h>

bool event_watch(int epoll_fd, struct event_source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

bool event_change(int epoll_fd, struct event_source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };
    return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, source->fd, &event) == 0;
}

void event_forget(int epoll_fd, const struct event_source *source)
{
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}
