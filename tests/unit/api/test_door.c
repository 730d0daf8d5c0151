/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/door.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 64

/* Visitors with sockets, numbered as they come. */
struct scene {
    struct door *door;
    int ends[MANY][2];
    struct visitor *visitors[MANY];
    unsigned count;
};

static const struct door_limits usual = { .most = 4,
                                          .most_per_client = 2,
                                          .stranger_ms = 1000,
                                          .known_ms = 5000,
                                          .transfer_ms = 2000,
                                          .bytes_per_ms = 10 };

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->door = door_new(&usual);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < scene->count; i++) {
        door_leave(scene->visitors[i]);
        close(scene->ends[i][0]);
        close(scene->ends[i][1]);
    }
    door_free(scene->door);
    free(scene);
    return 0;
}

static struct visitor *enter(struct scene *scene, const char *client, uint64_t now_ms)
{
    struct address address = { 0 };
    unsigned i = scene->count++;
    if (client != NULL)
        assert_true(address_parse(client, &address));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, scene->ends[i]), 0);
    return scene->visitors[i] = door_enter(scene->door, scene->ends[i][0], &address, now_ms);
}

static void leave(struct scene *scene, unsigned i)
{
    door_leave(scene->visitors[i]);
    scene->visitors[i] = NULL;
}

static bool is_gone(const struct scene *scene, unsigned i)
{
    struct pollfd look = { .fd = scene->ends[i][1], .events = POLLRDHUP };
    return poll(&look, 1, 0) == 1;
}

/* "0110": who is gone, by number. */
static void assert_gone(const struct scene *scene, const char *expected)
{
    char found[MANY + 1] = "";
    for (unsigned i = 0; i < scene->count; i++)
        found[i] = is_gone(scene, i) ? '1' : '0';
    assert_string_equal(found, expected);
}

static void a_full_room_loses_the_stranger_who_was_quiet_longest(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 4; i++)
        enter(scene, NULL, i);
    visitor_turn(scene->visitors[0], VISIT_HEAD, 0, 10);
    enter(scene, NULL, 11);
    assert_gone(scene, "01000");
    enter(scene, NULL, 12);
    assert_gone(scene, "011000");
}

static void those_on_their_way_out_do_not_count(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 5; i++)
        enter(scene, NULL, i);
    assert_gone(scene, "10000");
    leave(scene, 0);
    assert_gone(scene, "10000");
    leave(scene, 1);
    enter(scene, NULL, 9);
    assert_gone(scene, "100000");
}

static void the_known_stay_while_there_are_strangers(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 4; i++)
        enter(scene, NULL, i);
    visitor_show_token(scene->visitors[0]);
    visitor_show_token(scene->visitors[1]);
    for (unsigned i = 0; i < 4; i++)
        enter(scene, NULL, 10 + i);
    assert_gone(scene, "00111100");
}

static void of_the_known_only_the_idle_make_room(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 4; i++) {
        visitor_show_token(enter(scene, NULL, i));
        visitor_turn(scene->visitors[i], i == 2 ? VISIT_IDLE : i == 0 ? VISIT_WORK : VISIT_TRANSFER, 0, 5);
    }
    enter(scene, NULL, 10);
    assert_gone(scene, "00100");
    visitor_show_token(scene->visitors[4]);
    visitor_turn(scene->visitors[4], VISIT_TRANSFER, 0, 11);
    enter(scene, NULL, 12);
    assert_gone(scene, "001001"); /* nobody can go: the newcomer is turned away */
    struct door_counters counters;
    door_count(scene->door, &counters);
    assert_int_equal(counters.evicted, 1);
    assert_int_equal(counters.refused, 1);
    assert_int_equal(counters.inside, 6);
}

static void one_client_takes_its_own_places_only(void **state)
{
    static const struct {
        const char *message, *clients[4], *gone;
    } cases[] = {
        { "three of one address", { "192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.1" }, "1000" },
        { "a /64 is one client", { "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:db8::3" }, "1000" },
        { "loopback is everybody here", { "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1" }, "0000" },
        { "loopback has two families", { "::1", "::1", "::1", "::1" }, "0000" },
        { "a unix socket has no address", { NULL, NULL, NULL, NULL }, "0000" },
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned k = 0; k < 4; k++)
            enter(scene, cases[i].clients[k], k);
        print_message("%s\n", cases[i].message);
        assert_gone(scene, cases[i].gone);
        for (unsigned k = 0; k < 4; k++) {
            leave(scene, k);
            close(scene->ends[k][0]);
            close(scene->ends[k][1]);
        }
        scene->count = 0;
    }
}

static void everything_but_work_has_its_time(void **state)
{
    static const struct {
        const char *message;
        bool is_known;
        enum visit visit;
        uint64_t size, may_take_ms; /* 0: for ever */
    } cases[] = {
        { "a stranger without a request", false, VISIT_IDLE, 0, 1000 },
        { "a slow head", false, VISIT_HEAD, 0, 1000 },
        { "a slow head of somebody known", true, VISIT_HEAD, 0, 1000 },
        { "the known between two requests", true, VISIT_IDLE, 0, 5000 },
        { "a slow body", false, VISIT_TRANSFER, 0, 2000 },
        { "a large reply", true, VISIT_TRANSFER, 100000, 12000 },
        { "work", true, VISIT_WORK, 0, 0 },
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct visitor *visitor = enter(scene, NULL, 100);
        unsigned number = scene->count - 1;
        if (cases[i].is_known)
            visitor_show_token(visitor);
        visitor_turn(visitor, cases[i].visit, cases[i].size, 1000);
        uint64_t due_ms = 1000 + (cases[i].may_take_ms != 0 ? cases[i].may_take_ms : UINT32_MAX);
        door_sweep(scene->door, due_ms);
        if (is_gone(scene, number))
            fail_msg("%s: too early", cases[i].message);
        door_sweep(scene->door, due_ms + 1);
        if (is_gone(scene, number) != (cases[i].may_take_ms != 0))
            fail_msg("%s: gone %d", cases[i].message, is_gone(scene, number));
        leave(scene, number);
    }
}

static void bytes_buy_time(void **state)
{
    struct scene *scene = *state;
    struct visitor *visitor = enter(scene, NULL, 0);
    visitor_turn(visitor, VISIT_TRANSFER, 0, 0);
    visitor_brought(visitor, 10000);
    door_sweep(scene->door, 3000);
    assert_gone(scene, "0");
    door_sweep(scene->door, 3001);
    assert_gone(scene, "1");
}

static void any_coming_and_going_keeps_the_count(void **state)
{
    static const char *const clients[] = { NULL, "192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1" };
    struct scene *scene = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srandom(seed);
    bool is_used[MANY] = { false };
    scene->count = MANY;
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, scene->ends[i]), 0);
    for (unsigned step = 0; step < 5000; step++) {
        unsigned i = (unsigned)random() % MANY;
        struct address address = { 0 };
        const char *client = clients[random() % 5];
        if (client != NULL)
            address_parse(client, &address);
        if (!is_used[i])
            scene->visitors[i] = door_enter(scene->door, scene->ends[i][0], &address, step);
        else if (random() % 3 == 0)
            leave(scene, i);
        else if (random() % 4 == 0)
            visitor_show_token(scene->visitors[i]);
        else
            visitor_turn(scene->visitors[i], (enum visit)(random() % 4), (uint64_t)random() % 1000, step);
        is_used[i] = scene->visitors[i] != NULL;
        if (random() % 16 == 0)
            door_sweep(scene->door, step);
        struct door_counters counters;
        door_count(scene->door, &counters);
        unsigned inside = 0;
        for (unsigned k = 0; k < MANY; k++)
            inside += is_used[k];
        assert_int_equal(counters.inside, inside);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_room_loses_the_stranger_who_was_quiet_longest, begin, end),
        cmocka_unit_test_setup_teardown(those_on_their_way_out_do_not_count, begin, end),
        cmocka_unit_test_setup_teardown(the_known_stay_while_there_are_strangers, begin, end),
        cmocka_unit_test_setup_teardown(of_the_known_only_the_idle_make_room, begin, end),
        cmocka_unit_test_setup_teardown(one_client_takes_its_own_places_only, begin, end),
        cmocka_unit_test_setup_teardown(everything_but_work_has_its_time, begin, end),
        cmocka_unit_test_setup_teardown(bytes_buy_time, begin, end),
        cmocka_unit_test_setup_teardown(any_coming_and_going_keeps_the_count, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
