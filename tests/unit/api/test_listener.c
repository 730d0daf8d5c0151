/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/listener.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char directory[32];
    char *path;
};

static int make_place(void **state)
{
    struct place *place = xcalloc(1, sizeof *place);
    strcpy(place->directory, "/tmp/steerd-sock-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->path = xasprintf("%s/run/api.sock", place->directory);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char *below = xasprintf("%s/run", place->directory);
    unlink(place->path);
    rmdir(below);
    rmdir(place->directory);
    free(below);
    free(place->path);
    free(place);
    return 0;
}

static bool open_at(const char *path, struct listener *out, struct error *err)
{
    const struct settings_listen listen = { .unix_path = (char *)(uintptr_t)path };
    static const struct settings settings;
    return listener_open(&listen, &settings, out, err);
}

static void a_socket_is_for_owner_and_group_and_goes_when_closed(void **state)
{
    struct place *place = *state;
    struct listener listener;
    struct error err = { "" };
    struct stat status;
    if (!open_at(place->path, &listener, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stat(place->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0660);
    listener_close(&listener);
    assert_int_not_equal(stat(place->path, &status), 0);
}

static void a_socket_left_behind_is_replaced(void **state)
{
    struct place *place = *state;
    struct listener before, after;
    struct error err;
    assert_true(open_at(place->path, &before, &err));
    close(before.fd); /* as a crash does: the name stays */
    before.fd = -1;
    assert_true(open_at(place->path, &after, &err));
    listener_close(&after);
    listener_close(&before);
}

static void a_socket_in_use_is_left_alone(void **state)
{
    struct place *place = *state;
    struct listener first, second;
    struct error err = { "" };
    struct stat status;
    assert_true(open_at(place->path, &first, &err));
    assert_false(open_at(place->path, &second, &err));
    assert_non_null(strstr(err.text, "another process serves it"));
    assert_int_equal(stat(place->path, &status), 0);
    listener_close(&first);
}

static void a_file_in_the_way_is_left_alone(void **state)
{
    struct place *place = *state;
    char *path = xasprintf("%s/file", place->directory);
    struct listener listener;
    struct error err = { "" };
    struct stat status;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_false(open_at(path, &listener, &err));
    assert_non_null(strstr(err.text, "no socket"));
    assert_non_null(strstr(err.text, path));
    assert_int_equal(stat(path, &status), 0);
    unlink(path);
    free(path);
}

static void a_path_that_is_too_long_is_said_to_be(void **state)
{
    char path[200];
    struct listener listener;
    struct error err = { "" };
    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_false(open_at(path, &listener, &err));
    assert_non_null(strstr(err.text, "107 bytes"));
}

static void a_port_that_is_taken_says_so(void **state)
{
    struct settings_listen wanted = { 0 };
    static const struct settings settings;
    struct listener listener;
    struct error err = { "" };
    struct sockaddr_in bound;
    socklen_t size = sizeof bound;
    (void)state;
    assert_true(address_parse("127.0.0.1", &wanted.address));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bound = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(bind(fd, (const struct sockaddr *)&bound, sizeof bound), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
    wanted.port = ntohs(bound.sin_port);
    assert_int_equal(listen(fd, 1), 0);
    assert_false(listener_open(&wanted, &settings, &listener, &err));
    assert_non_null(strstr(err.text, "Address already in use (another program listens there)"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_is_for_owner_and_group_and_goes_when_closed, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_socket_left_behind_is_replaced, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_socket_in_use_is_left_alone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_file_in_the_way_is_left_alone, make_place, remove_place),
        cmocka_unit_test(a_port_that_is_taken_says_so),
        cmocka_unit_test(a_path_that_is_too_long_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
