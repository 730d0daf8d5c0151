/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mailbox.h"

#include "base/memory.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t mutex;
    struct letter *first, **end;
    int fd;              /* rung when the first letter arrives in an empty box */
    atomic_uint ringing; /* threads that are about to ring */
};

struct mailbox *mailbox_new(void)
{
    struct mailbox *box = xcalloc(1, sizeof *box);
    box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (box->fd < 0) {
        perror("steerd: eventfd");
        abort();
    }
    pthread_mutex_init(&box->mutex, NULL);
    box->end = &box->first;
    return box;
}

void mailbox_free(struct mailbox *box)
{
    if (box == NULL)
        return;
    assert(box->first == NULL);
    while (atomic_load_explicit(&box->ringing, memory_order_acquire) > 0)
        sched_yield(); /* who took the last letter may be faster than who posted it */
    pthread_mutex_destroy(&box->mutex);
    close(box->fd);
    free(box);
}

void mailbox_post(struct mailbox *box, struct letter *letter)
{
    letter->next = NULL;
    pthread_mutex_lock(&box->mutex);
    bool was_empty = box->first == NULL;
    *box->end = letter;
    box->end = &letter->next;
    if (was_empty)
        atomic_fetch_add_explicit(&box->ringing, 1, memory_order_relaxed);
    pthread_mutex_unlock(&box->mutex);
    if (!was_empty)
        return;
    eventfd_write(box->fd, 1); /* not while it is locked: who wakes up wants the lock at once */
    atomic_fetch_sub_explicit(&box->ringing, 1, memory_order_release);
}

struct letter *mailbox_take(struct mailbox *box)
{
    eventfd_t rings;
    (void)eventfd_read(box->fd, &rings); /* before the look: a ring after it is for later letters */
    pthread_mutex_lock(&box->mutex);
    struct letter *first = box->first;
    box->first = NULL;
    box->end = &box->first;
    pthread_mutex_unlock(&box->mutex);
    return first;
}

bool mailbox_wait(struct mailbox *box, int timeout_ms)
{
    struct pollfd poller = { .fd = box->fd, .events = POLLIN };
    return poll(&poller, 1, timeout_ms) > 0;
}

int mailbox_fd(const struct mailbox *box)
{
    return box->fd;
}
