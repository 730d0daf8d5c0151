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
    size_t count, rings_at; /* as many letters: who brings that one rings */
    int fd;
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
    box->rings_at = 1;
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
    *box->end = letter;
    box->end = &letter->next;
    bool rings = ++box->count == box->rings_at;
    if (rings)
        atomic_fetch_add_explicit(&box->ringing, 1, memory_order_relaxed);
    pthread_mutex_unlock(&box->mutex);
    if (!rings)
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
    box->count = 0;
    box->rings_at = 1;
    pthread_mutex_unlock(&box->mutex);
    return first;
}

size_t mailbox_count(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    size_t count = box->count;
    pthread_mutex_unlock(&box->mutex);
    return count;
}

struct letter *mailbox_gather(struct mailbox *box, size_t count, int timeout_ms)
{
    eventfd_t rings;
    (void)eventfd_read(box->fd, &rings); /* for what is there already */
    pthread_mutex_lock(&box->mutex);
    bool are_there = box->count >= count;
    if (!are_there)
        box->rings_at = count;
    pthread_mutex_unlock(&box->mutex);
    if (!are_there)
        mailbox_wait(box, timeout_ms);
    return mailbox_take(box);
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
