/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is written to standard error meanwhile. */
struct capture {
    int before, pipe[2];
};

static void capture_begin(struct capture *capture)
{
    assert_int_equal(pipe(capture->pipe), 0);
    capture->before = dup(STDERR_FILENO);
    dup2(capture->pipe[1], STDERR_FILENO);
}

static void capture_end(struct capture *capture, char *out, size_t room)
{
    dup2(capture->before, STDERR_FILENO);
    close(capture->before);
    close(capture->pipe[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(capture->pipe[0], out + size, room - 1 - size)) > 0;)
        size += (size_t)got;
    out[size] = '\0';
    close(capture->pipe[0]);
}

static void a_message_stays_one_line_whoever_wrote_it(void **state)
{
    (void)state;
    char out[512];
    struct capture capture;
    capture_begin(&capture);
    log_notice("override of us/a set: %s",
               "x\n2026-01-01T00:00:00.000Z error forged \033[31m\xc2\x9b\x7f caf\xc3\xa9");
    capture_end(&capture, out, sizeof out);
    char *end = strchr(out, '\n');
    assert_non_null(end);
    assert_string_equal(end, "\n");
    assert_non_null(strstr(out,
                           "Z notice override of us/a set: x\\u000a2026-01-01T00:00:00.000Z error forged "
                           "\\u001b[31m\\u009b\\u007f caf\xc3\xa9\n"));
}

static void what_is_queued_is_written_before_the_end(void **state)
{
    (void)state;
    char out[4096];
    struct capture capture;
    capture_begin(&capture);
    log_start(LOG_NOTICE);
    for (int i = 0; i < 20; i++)
        log_notice("line %d.", i);
    log_info("too fine");
    log_stop();
    capture_end(&capture, out, sizeof out);
    assert_non_null(strstr(out, "line 0."));
    assert_non_null(strstr(out, "line 19."));
    assert_null(strstr(out, "too fine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_stays_one_line_whoever_wrote_it),
        cmocka_unit_test(what_is_queued_is_written_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
