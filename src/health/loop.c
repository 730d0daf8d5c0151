/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/loop.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOP_BATCH = 256,
    LOOP_ROUNDS_MOST = 16, /* full batches in a row before timers get their turn */
    LOOP_WAIT_MOST_MS = 60000,
    LOOP_GRID_US = 8191, /* one less than a power of two */
};

bool loop_open(struct loop *loop, struct error *err)
{
    *loop = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
    if (loop->epoll_fd < 0)
        return error_set(err, "epoll_create1: %s", strerrordesc_np(errno));
    return true;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    timers_free(&loop->timers);
    loop->epoll_fd = -1;
}

void loop_watch(struct loop *loop, struct watcher *watcher, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watcher };
    int operation = watcher->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->epoll_fd, operation, watcher->fd, &event) != 0) {
        log_error("health: cannot watch a socket: %s", strerrordesc_np(errno)); /* its check will time out */
        return;
    }
    watcher->is_watched = true;
}

void loop_forget(struct loop *loop, struct watcher *watcher)
{
    if (watcher->pending != NULL)
        watcher->pending->data.ptr = NULL;
    watcher->pending = NULL;
    if (watcher->is_watched)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watcher->fd, NULL);
    watcher->is_watched = false;
}

void loop_set_timer(struct loop *loop, struct timer *timer, uint64_t delay_us)
{
    timer_set(&loop->timers, timer, clock_monotonic_us() + delay_us);
}

/* Rounded up, so that a timer is due when the wait is over, and to a grid: what is due at about the same time
 * wakes this thread once. */
static int loop_patience_ms(const struct loop *loop)
{
    uint64_t next_us = timers_next_us(&loop->timers), now_us = clock_monotonic_us();
    if (next_us <= now_us)
        return 0;
    uint64_t wait_ms = ((next_us | LOOP_GRID_US) - now_us - 1) / 1000 + 1;
    return wait_ms < LOOP_WAIT_MOST_MS ? (int)wait_ms : LOOP_WAIT_MOST_MS;
}

static void loop_deliver(struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++)
        ((struct watcher *)events[i].data.ptr)->pending = &events[i];
    for (int i = 0; i < count; i++) {
        struct watcher *watcher = events[i].data.ptr;
        if (watcher == NULL) /* forgotten by an event before it */
            continue;
        watcher->pending = NULL;
        watcher->ready(watcher->owner, events[i].events);
    }
}

/* Deadlines come after everything that has arrived by now: a reply that waited while this thread was busy,
 * or the machine asleep, is not late. */
void loop_turn(struct loop *loop)
{
    struct epoll_event events[LOOP_BATCH];
    int count = epoll_wait(loop->epoll_fd, events, LOOP_BATCH, loop_patience_ms(loop));
    for (int round = 0; count > 0 && round < LOOP_ROUNDS_MOST; round++) {
        loop_deliver(events, count);
        count = count < LOOP_BATCH ? 0 : epoll_wait(loop->epoll_fd, events, LOOP_BATCH, 0);
    }
    timers_ring(&loop->timers, clock_monotonic_us());
}
