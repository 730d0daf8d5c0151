/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "/tmp/steerctl-place-XXXXXX"

static char file[sizeof FILE_NAME];

static void write_config(const char *text)
{
    FILE *out = fopen(file, "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(file, FILE_NAME);
    int fd = mkstemp(file);
    if (fd >= 0)
        close(fd);
    unsetenv("STEERD_URL");
    unsetenv("STEERCTL_PROFILE");
    setenv("HOME", "/home/jo", 1);
    return fd >= 0 ? setenv("STEERCTL_CONFIG", file, 1) : -1;
}

static int end(void **state)
{
    (void)state;
    unsetenv("STEERD_URL");
    unsetenv("STEERCTL_PROFILE");
    return unlink(file);
}

static void is_at(const struct options *options, const char *url, const char *token_file)
{
    struct place place;
    struct error err = { "" };
    if (!place_find(options, &place, &err))
        fail_msg("%s", err.text);
    assert_string_equal(place.url, url);
    assert_string_equal(place.token_file != NULL ? place.token_file : "", token_file);
    place_clear(&place);
}

#define TWO                                                                   \
    "{\"profile\":\"home\",\"profiles\":{\"home\":{\"url\":\"unix:/run/s\"}," \
    "\"far\":{\"url\":\"https://far:8053\",\"token_file\":\"~/far.token\",\"ca\":\"/etc/ca.pem\"}}}"

static void the_line_is_nearer_than_the_profile_and_that_than_the_environment(void **state)
{
    (void)state;
    const struct options nothing = { 0 }, far = { .profile = "far" }, url = { .url = "http://x" };
    const struct options both = { .profile = "far", .url = "http://x" };
    write_config("{}");
    is_at(&nothing, "http://127.0.0.1:8053", "");
    write_config(TWO);
    is_at(&nothing, "unix:/run/s", "");
    is_at(&far, "https://far:8053", "/home/jo/far.token");
    is_at(&url, "http://x", "");
    is_at(&both, "http://x", "/home/jo/far.token");
    setenv("STEERD_URL", "http://env", 1);
    is_at(&nothing, "http://env", "");
    is_at(&far, "https://far:8053", "/home/jo/far.token");
    is_at(&url, "http://x", "");
    setenv("STEERCTL_PROFILE", "far", 1);
    is_at(&nothing, "https://far:8053", "/home/jo/far.token");
}

static void the_token_of_the_usual_profile_is_not_sent_elsewhere(void **state)
{
    (void)state;
    const struct options url = { .url = "http://x" };
    write_config("{\"profile\":\"p\",\"profiles\":{\"p\":{\"url\":\"http://p\",\"token_file\":\"/t\"}}}");
    is_at(&url, "http://x", "");
}

static void a_bad_file_is_said_to_be_bad(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        { "{\n\n,}", ":3: is no JSON" },
        { "{} x", "is no JSON" },
        { "[]", "must be an object" },
        { "{\"profils\":{}}", "/profils: unknown key" },
        { "{\"profiles\":[]}", "/profiles: must be an object" },
        { "{\"profile\":7}", "/profile: must be a string" },
        { "{\"profiles\":{\"a\":7}}", "/profiles/a: must be an object" },
        { "{\"profiles\":{\"a\":{\"tokenfile\":\"x\"}}}", "/profiles/a/tokenfile: unknown key" },
        { "{\"profiles\":{\"a\":{\"url\":7}}}", "/profiles/a/url: must be a string" },
        { "{\"profiles\":{\"a\":{\"token\":\"secret\"}}}", "/profiles/a/token: put it into a file" },
        { "{\"profile\":\"b\",\"profiles\":{\"a\":{}}}", "no profile \"b\"" },
    };
    const struct options options = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place;
        struct error err = { "" };
        write_config(cases[i].text);
        bool is_good = place_find(&options, &place, &err);
        if (is_good || strstr(err.text, cases[i].reason) == NULL)
            fail_msg("%s: \"%s\"", cases[i].text, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_is_nearer_than_the_profile_and_that_than_the_environment,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_token_of_the_usual_profile_is_not_sent_elsewhere, begin, end),
        cmocka_unit_test_setup_teardown(a_bad_file_is_said_to_be_bad, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
