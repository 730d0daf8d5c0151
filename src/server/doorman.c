/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/doorman.h"

#include "base/memory.h"
#include "base/priority.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_MOST   64
#define RING_AGAIN_MS 1

/* Ignored by who has no handler, and meant for sockets: nobody else sends it to a server. */
#define BELL_SIGNAL SIGURG

struct doorman {
    int epoll_fd;
    int stop_fd;
    struct doorbell **bells;
    unsigned count;
    pthread_t thread;
};

/* That it comes is all: it ends a call that blocks. */
static void hear(int number)
{
    (void)number;
}

/* By the thread's number, not by its pthread_t: of a thread that has ended meanwhile nothing is touched. */
static void ring(const struct doorbell *bell)
{
    (void)syscall(SYS_tgkill, getpid(), bell->thread, BELL_SIGNAL);
}

/* True if somebody has not heard yet. */
static bool ring_all(const struct doorman *doorman)
{
    bool is_any = false;
    for (unsigned i = 0; i < doorman->count; i++) {
        if (!doorbell_is_rung(doorman->bells[i]))
            continue;
        ring(doorman->bells[i]);
        is_any = true;
    }
    return is_any;
}

/* Not if its worker looks after all itself again. */
static void mark_rung(struct doorbell *bell)
{
    enum doorbell_state expected = BELL_ON;
    (void)atomic_compare_exchange_strong_explicit(&bell->state, &expected, BELL_RUNG, memory_order_acq_rel,
                                                  memory_order_relaxed);
}

static void *doorman_main(void *arg)
{
    const struct doorman *doorman = arg;
    struct epoll_event events[EVENTS_MOST];
    int patience_ms = -1;
    pthread_setname_np(pthread_self(), "doorman");
    priority_go_first();
    for (;;) {
        int count = epoll_wait(doorman->epoll_fd, events, EVENTS_MOST, patience_ms);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                return NULL; /* the end */
            mark_rung(events[i].data.ptr);
        }
        patience_ms = ring_all(doorman) ? RING_AGAIN_MS : -1;
    }
}

static bool open_all(struct doorman *doorman, struct error *err)
{
    struct epoll_event end = { .events = EPOLLIN };
    struct sigaction action = { .sa_handler = hear }; /* without SA_RESTART */
    doorman->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    doorman->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (doorman->epoll_fd < 0 || doorman->stop_fd < 0 ||
        epoll_ctl(doorman->epoll_fd, EPOLL_CTL_ADD, doorman->stop_fd, &end) != 0 ||
        sigaction(BELL_SIGNAL, &action, NULL) != 0)
        return error_set(err, "doorman: %s", strerror(errno));
    return true;
}

static void doorman_free(struct doorman *doorman)
{
    if (doorman->epoll_fd >= 0)
        close(doorman->epoll_fd);
    if (doorman->stop_fd >= 0)
        close(doorman->stop_fd);
    free(doorman->bells);
    free(doorman);
}

bool doorman_start(struct doorbell *const *bells, unsigned count, struct doorman **out, struct error *err)
{
    struct doorman *doorman = xcalloc(1, sizeof *doorman);
    doorman->epoll_fd = doorman->stop_fd = -1;
    doorman->bells = xmemdup(bells, count * sizeof(struct doorbell *));
    doorman->count = count;
    bool is_open = open_all(doorman, err);
    int error = is_open ? pthread_create(&doorman->thread, NULL, doorman_main, doorman) : 0;
    if (error != 0)
        is_open = error_set(err, "doorman: %s", strerror(error));
    if (is_open)
        *out = doorman;
    else
        doorman_free(doorman);
    return is_open;
}

void doorman_stop(struct doorman *doorman)
{
    if (doorman == NULL)
        return;
    (void)eventfd_write(doorman->stop_fd, 1);
    pthread_join(doorman->thread, NULL);
    doorman_free(doorman);
}

void doorbell_own(struct doorbell *bell)
{
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, BELL_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    bell->thread = (pid_t)syscall(SYS_gettid);
}

/* Not only silenced while it is off, but gone: each event of a watched epoll costs a call of the
 * watching one's, too. */
bool doorbell_on(struct doorman *doorman, struct doorbell *bell)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = bell };
    atomic_store_explicit(&bell->state, BELL_ON, memory_order_release);
    if (epoll_ctl(doorman->epoll_fd, EPOLL_CTL_ADD, bell->epoll_fd, &event) == 0)
        return true;
    atomic_store_explicit(&bell->state, BELL_OFF, memory_order_release);
    return false;
}

void doorbell_off(struct doorman *doorman, struct doorbell *bell)
{
    (void)epoll_ctl(doorman->epoll_fd, EPOLL_CTL_DEL, bell->epoll_fd, NULL);
    atomic_store_explicit(&bell->state, BELL_OFF, memory_order_release);
}
