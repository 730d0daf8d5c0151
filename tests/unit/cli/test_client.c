/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/client.h"
#include "cli/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void names_are_escaped_into_paths(void **state)
{
    struct text path = { 0 };
    (void)state;
    text_puts(&path, "/v1/pools/");
    client_add_escaped(&path, "a/b c%\xc3\xa9~");
    client_add_param(&path, "comment", "x&y=z");
    client_add_param(&path, "absent", NULL);
    client_add_param(&path, "dry_run", "true");
    assert_string_equal(path.bytes, "/v1/pools/a%2Fb%20c%25%C3%A9~?comment=x%26y%3Dz&dry_run=true");
    text_free(&path);
}

static void a_url_names_a_host_or_a_socket(void **state)
{
    const char *base, *socket_path;
    struct error err;
    (void)state;
    assert_true(client_parse_url("http://127.0.0.1:8053", &base, &socket_path, &err));
    assert_null(socket_path);
    assert_true(client_parse_url("unix:/run/steerd/api.sock", &base, &socket_path, &err));
    assert_string_equal(socket_path, "/run/steerd/api.sock");
    assert_string_equal(base, "http://localhost");
    const char *const bad[] = { "127.0.0.1:8053",     "ftp://x", "unix:relative", "unix:",
                                "file:///etc/passwd", "" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(client_parse_url(bad[i], &base, &socket_path, &err));
}

static void write_file(char name[32], const char *text)
{
    strcpy(name, "/tmp/steerctl-token-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void the_token_comes_from_the_nearest_place(void **state)
{
    char first[32], second[32], token[TOKEN_SIZE_MAX];
    struct error err;
    (void)state;
    write_file(first, "from-option\n");
    write_file(second, "from-file-in-environment");
    setenv("STEERD_TOKEN_FILE", second, 1);
    unsetenv("STEERD_TOKEN");
    assert_true(token_find(NULL, token, &err));
    assert_string_equal(token, "from-file-in-environment");
    setenv("STEERD_TOKEN", "from-environment", 1);
    assert_true(token_find(NULL, token, &err));
    assert_string_equal(token, "from-environment");
    assert_true(token_find(first, token, &err));
    assert_string_equal(token, "from-option");
    unsetenv("STEERD_TOKEN");
    unsetenv("STEERD_TOKEN_FILE");
    unlink(first);
    unlink(second);
}

static void what_is_no_token_is_not_sent(void **state)
{
    static const char *const texts[] = { "", "\n", "two words", "line\nX-Injected: yes", "caf\xc3\xa9" };
    struct error err = { "" };
    char token[TOKEN_SIZE_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char file[32];
        write_file(file, texts[i]);
        if (token_find(file, token, &err))
            fail_msg("accepted: %s", texts[i]);
        assert_non_null(strstr(err.text, file));
        unlink(file);
    }
    assert_false(token_find("/nonexistent/token", token, &err));
    assert_non_null(strstr(err.text, "/nonexistent/token"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_escaped_into_paths),
        cmocka_unit_test(a_url_names_a_host_or_a_socket),
        cmocka_unit_test(the_token_comes_from_the_nearest_place),
        cmocka_unit_test(what_is_no_token_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
