/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A busy machine may hold up this program for long, and its connections are not to be closed meanwhile. */
#define IDLE_MS 1500
#include "support/served.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>

#define QUERIES_UNTIL_LONE 200 /* thrice as many as a worker wants to see */

/* The task of the only worker; its call is in /proc as "number arguments". */
static long call_of_worker(void)
{
    long call = -1;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        if ((file = fopen(path, "r")) != NULL) {
            (void)!fgets(name, sizeof name, file);
            fclose(file);
        }
        if (strcmp(name, "worker/0\n") != 0)
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/syscall", task->d_name);
        if ((file = fopen(path, "r")) != NULL) {
            if (fscanf(file, "%ld", &call) != 1)
                call = -1; /* it runs, or we may not know */
            fclose(file);
        }
    }
    closedir(tasks);
    return call;
}

static bool sleeps_soon_in(long call)
{
    unsigned waited = 0;
    while (call_of_worker() != call && waited++ < 100)
        poll(NULL, 0, 1);
    return call_of_worker() == call;
}

/* Any alarm that rings meanwhile wakes it up again. */
static void ask_until_lone(int udp)
{
    bool can_tell = access("/proc/self/syscall", R_OK) == 0, is_lone = false;
    for (unsigned round = 0; round < 50 && !is_lone; round++) {
        for (uint16_t id = 0; id < QUERIES_UNTIL_LONE; id++)
            ask_udp(udp, id);
        is_lone = !can_tell || sleeps_soon_in(SYS_recvmmsg);
    }
    assert_true(is_lone);
}

static void who_waits_for_one_socket_alone_still_has_all_the_others(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int udp = client(&fixture, SOCK_DGRAM);
    for (unsigned round = 0; round < 2; round++) {
        ask_until_lone(udp);
        int tcp = client(&fixture, SOCK_STREAM), idle = client(&fixture, SOCK_STREAM);
        for (uint16_t id = 0; id < QUERIES_UNTIL_LONE; id++) {
            ask_udp(udp, id);
            ask_tcp(tcp, id);
        }
        for (uint16_t id = 0; id < QUERIES_UNTIL_LONE; id++)
            ask_udp(udp, id);
        assert_true(is_closed_by_server(idle)); /* a deadline is kept, too */
        close(tcp);
        close(idle);
    }
    ask_until_lone(udp);
    close(udp);
    server_close(fixture.server); /* ends it there */
}

static void connections_that_say_nothing_do_not_keep_it_from_waiting(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "127.0.0.1", 1, 10);
    int udp = client(&fixture, SOCK_DGRAM), used = client(&fixture, SOCK_STREAM),
        idle = client(&fixture, SOCK_STREAM);
    ask_tcp(used, 1);
    ask_tcp(idle, 2);
    ask_until_lone(udp);
    ask_tcp(used, 3);
    ask_until_lone(udp);
    assert_true(is_closed_by_server(idle));
    assert_true(is_closed_by_server(used)); /* its deadline is a later one */
    close(udp);
    close(used);
    close(idle);
    server_close(fixture.server);
}

static void two_addresses_are_waited_for_in_turns(void **state)
{
    (void)state;
    struct server_listen listens[2];
    struct fixture fixture;
    struct error err;
    int clients[2];
    for (unsigned i = 0; i < 2; i++) {
        assert_true(address_parse(i == 0 ? "127.0.0.1" : "127.0.0.2", &listens[i].address));
        listens[i].port = free_port(&listens[i].address);
    }
    const struct server_settings settings = { .listens = listens,
                                              .listen_count = 2,
                                              .worker_count = 1,
                                              .tcp_connections_most = 10,
                                              .tcp_idle_ms = IDLE_MS,
                                              .answer = { .udp_size = 1232 } };
    assert_true(server_open(&settings, &fixture.server, &err));
    assert_true(server_start(fixture.server, &err));
    for (unsigned i = 0; i < 2; i++)
        clients[i] = open_socket(SOCK_DGRAM, &listens[i].address, listens[i].port);
    for (unsigned round = 0; round < 6; round++)
        ask_until_lone(clients[round % 2]);
    for (uint16_t id = 0; id < QUERIES_UNTIL_LONE; id++)
        ask_udp(clients[id % 2], id);
    close(clients[0]);
    close(clients[1]);
    server_close(fixture.server);
}

struct flooder {
    int fd;
    _Atomic bool is_over;
};

static void *flood_main(void *arg)
{
    struct flooder *flooder = arg;
    uint8_t packet[64];
    size_t size = query(packet, 1, "www", DNS_A);
    while (!flooder->is_over)
        (void)send(flooder->fd, packet + 2, size - 2, MSG_DONTWAIT);
    return NULL;
}

/* Queries that never end let no call block, so no signal interrupts one. */
static void a_flood_of_udp_lets_tcp_have_its_turn(void **state)
{
    (void)state;
    enum { FLOODERS = 8 };
    struct fixture fixture;
    struct flooder flooders[FLOODERS] = { 0 };
    pthread_t threads[FLOODERS];
    start(&fixture, "127.0.0.1", 1, 10);
    int udp = client(&fixture, SOCK_DGRAM);
    ask_until_lone(udp);
    for (unsigned i = 0; i < FLOODERS; i++) {
        flooders[i].fd = client(&fixture, SOCK_DGRAM);
        assert_int_equal(pthread_create(&threads[i], NULL, flood_main, &flooders[i]), 0);
    }
    for (unsigned round = 0; round < 20; round++) {
        int tcp = client(&fixture, SOCK_STREAM);
        ask_tcp(tcp, 1);
        close(tcp);
    }
    for (unsigned i = 0; i < FLOODERS; i++) {
        flooders[i].is_over = true;
        pthread_join(threads[i], NULL);
        close(flooders[i].fd);
    }
    close(udp);
    server_close(fixture.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_for_one_socket_alone_still_has_all_the_others),
        cmocka_unit_test(connections_that_say_nothing_do_not_keep_it_from_waiting),
        cmocka_unit_test(two_addresses_are_waited_for_in_turns),
        cmocka_unit_test(a_flood_of_udp_lets_tcp_have_its_turn),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
