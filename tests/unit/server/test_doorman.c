/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/doorman.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 20000

/* A thread that sleeps receiving from `sockets[0]` while something else, `event_fd`, is in its epoll. */
struct sleeper {
    struct doorbell bell;
    struct doorman *doorman;
    int sockets[2], event_fd;
    pthread_t thread;
    bool waits_for_ring; /* outside of any call, so that the first signal interrupts nothing */
    unsigned woken;      /* by the bell */
};

static void sleep_once(struct sleeper *sleeper)
{
    uint8_t byte;
    assert_true(doorbell_on(sleeper->doorman, &sleeper->bell));
    while (sleeper->waits_for_ring && !doorbell_is_rung(&sleeper->bell))
        ;
    ssize_t size = recv(sleeper->sockets[0], &byte, 1, 0);
    sleeper->woken += size < 0 && errno == EINTR && doorbell_is_rung(&sleeper->bell);
    doorbell_off(sleeper->doorman, &sleeper->bell);
}

static void *sleeper_main(void *arg)
{
    struct sleeper *sleeper = arg;
    doorbell_own(&sleeper->bell);
    sleep_once(sleeper);
    return NULL;
}

static void open_sleeper(struct sleeper *sleeper)
{
    struct error err;
    struct doorbell *bell = &sleeper->bell;
    struct epoll_event event = { .events = EPOLLIN };
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, sleeper->sockets), 0);
    sleeper->event_fd = eventfd(0, EFD_NONBLOCK);
    bell->epoll_fd = epoll_create1(0);
    assert_int_equal(epoll_ctl(bell->epoll_fd, EPOLL_CTL_ADD, sleeper->event_fd, &event), 0);
    assert_true(doorman_start(&bell, 1, &sleeper->doorman, &err));
}

static void close_sleeper(struct sleeper *sleeper)
{
    doorman_stop(sleeper->doorman);
    close(sleeper->bell.epoll_fd);
    close(sleeper->event_fd);
    close(sleeper->sockets[0]);
    close(sleeper->sockets[1]);
}

static void run(struct sleeper *sleeper)
{
    assert_int_equal(pthread_create(&sleeper->thread, NULL, sleeper_main, sleeper), 0);
}

static void knock(struct sleeper *sleeper)
{
    assert_int_equal(eventfd_write(sleeper->event_fd, 1), 0);
}

static void who_sleeps_in_a_call_is_woken_when_something_else_happens(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        struct sleeper sleeper = { 0 };
        open_sleeper(&sleeper);
        run(&sleeper);
        if (round % 2 == 0) /* asleep already, or before it falls asleep */
            poll(NULL, 0, 5);
        knock(&sleeper);
        pthread_join(sleeper.thread, NULL);
        assert_int_equal(sleeper.woken, 1);
        close_sleeper(&sleeper);
    }
}

static void what_was_there_before_rings_too(void **state)
{
    (void)state;
    struct sleeper sleeper = { 0 };
    open_sleeper(&sleeper);
    knock(&sleeper);
    run(&sleeper);
    pthread_join(sleeper.thread, NULL);
    assert_int_equal(sleeper.woken, 1);
    close_sleeper(&sleeper);
}

static void a_ring_that_nobody_heard_is_repeated(void **state)
{
    (void)state;
    struct sleeper sleeper = { .waits_for_ring = true };
    open_sleeper(&sleeper);
    run(&sleeper);
    knock(&sleeper);
    pthread_join(sleeper.thread, NULL);
    assert_int_equal(sleeper.woken, 1);
    close_sleeper(&sleeper);
}

static void nobody_is_rung_at_whose_bell_is_off(void **state)
{
    (void)state;
    struct sleeper sleeper = { 0 };
    open_sleeper(&sleeper);
    doorbell_own(&sleeper.bell);
    assert_int_equal(send(sleeper.sockets[1], "", 1, 0), 1);
    sleep_once(&sleeper); /* finds a byte at once */
    assert_int_equal(sleeper.woken, 0);
    knock(&sleeper);
    assert_int_equal(poll(NULL, 0, 20), 0); /* EINTR if it was */
    assert_int_equal(sleeper.bell.state, BELL_OFF);
    close_sleeper(&sleeper);
}

static void bells_ring_each_for_their_own(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    struct sleeper sleepers[COUNT] = { 0 };
    struct doorbell *bells[COUNT];
    struct doorman *doorman;
    struct error err;
    for (unsigned i = 0; i < COUNT; i++) {
        open_sleeper(&sleepers[i]);
        doorman_stop(sleepers[i].doorman);
        bells[i] = &sleepers[i].bell;
    }
    assert_true(doorman_start(bells, COUNT, &doorman, &err));
    for (unsigned i = 0; i < COUNT; i++) {
        sleepers[i].doorman = doorman;
        run(&sleepers[i]);
    }
    for (unsigned i = 0; i < COUNT; i += 2)
        knock(&sleepers[i]);
    for (unsigned i = 0; i < COUNT; i += 2) {
        pthread_join(sleepers[i].thread, NULL);
        assert_int_equal(sleepers[i].woken, 1);
    }
    for (unsigned i = 1; i < COUNT; i += 2) {
        assert_int_equal(send(sleepers[i].sockets[1], "", 1, 0), 1);
        pthread_join(sleepers[i].thread, NULL);
        assert_int_equal(sleepers[i].woken, 0);
    }
    doorman_stop(doorman);
    for (unsigned i = 0; i < COUNT; i++) {
        sleepers[i].doorman = NULL;
        close_sleeper(&sleepers[i]);
    }
}

static void *leave_with_the_bell_on(void *arg)
{
    struct sleeper *sleeper = arg;
    doorbell_own(&sleeper->bell);
    assert_true(doorbell_on(sleeper->doorman, &sleeper->bell));
    return NULL;
}

static void ringing_at_a_thread_that_has_ended_does_no_harm(void **state)
{
    (void)state;
    struct sleeper sleeper = { 0 };
    open_sleeper(&sleeper);
    assert_int_equal(pthread_create(&sleeper.thread, NULL, leave_with_the_bell_on, &sleeper), 0);
    pthread_join(sleeper.thread, NULL);
    knock(&sleeper);
    for (unsigned waited = 0; !doorbell_is_rung(&sleeper.bell) && waited < PATIENCE_MS; waited++)
        poll(NULL, 0, 1);
    assert_true(doorbell_is_rung(&sleeper.bell));
    poll(NULL, 0, 5); /* some rings more */
    close_sleeper(&sleeper);
    doorman_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sleeps_in_a_call_is_woken_when_something_else_happens),
        cmocka_unit_test(what_was_there_before_rings_too),
        cmocka_unit_test(a_ring_that_nobody_heard_is_repeated),
        cmocka_unit_test(nobody_is_rung_at_whose_bell_is_off),
        cmocka_unit_test(bells_ring_each_for_their_own),
        cmocka_unit_test(ringing_at_a_thread_that_has_ended_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
