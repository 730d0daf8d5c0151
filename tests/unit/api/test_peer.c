/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum role role_with(const struct settings *settings, int fd)
{
    struct who who = { 0 };
    bool is_known = peer_identify(fd, settings, &who);
    enum role role = who.role;
    assert_int_equal(is_known, role != ROLE_NONE);
    assert_true(!is_known || strncmp(who.name, "user:", 5) == 0);
    who_clear(&who);
    return role;
}

static void who_connects_is_judged_by_user_then_by_group(void **state)
{
    char viewer[] = "viewer", operator[] = "operator", admin[] = "admin", name[] = "x";
    const uint32_t uid = geteuid(), gid = getegid();
    const struct {
        struct settings_grant grants[3];
        size_t count;
        enum role role;
    } cases[] = {
        { { { 0 } }, 0, ROLE_NONE }, /* "peers": {} */
        { { { name, viewer, false, uid } }, 1, ROLE_VIEWER },
        { { { name, admin, false, uid + 1 } }, 1, ROLE_NONE },
        { { { name, admin, true, gid + 12345 } }, 1, ROLE_NONE },
        { { { name, viewer, true, gid }, { name, operator, true, gid } }, 2, ROLE_OPERATOR },
        { { { name, admin, true, gid }, { name, viewer, false, uid } }, 2, ROLE_VIEWER },
    };
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings settings = { .peers = (struct settings_grant *)(uintptr_t)cases[i].grants,
                                     .peer_count = cases[i].count };
        if (role_with(&settings, ends[0]) != cases[i].role)
            fail_msg("case %zu", i);
    }
    const struct settings usual = { 0 };
    assert_int_equal(role_with(&usual, ends[0]), ROLE_ADMIN);
    close(ends[0]);
    close(ends[1]);
}

static void over_the_network_nobody_is_a_peer(void **state)
{
    const struct settings usual = { 0 };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
    int served = accept(listener, NULL, NULL);
    assert_int_equal(role_with(&usual, served), ROLE_NONE);
    assert_int_equal(role_with(&usual, -1), ROLE_NONE);
    close(served);
    close(client);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_connects_is_judged_by_user_then_by_group),
        cmocka_unit_test(over_the_network_nobody_is_a_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
