/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exec: programs that judge, that hang, that want more than they may. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

static struct check *check_exec(const char *script, uint32_t interval_ms, uint32_t timeout_ms)
{
    struct check *check = check_of(CHECK_EXEC, 8443, interval_ms, timeout_ms);
    check->command = xcalloc(3, sizeof *check->command);
    check->command[0] = xstrdup("/bin/sh");
    check->command[1] = xstrdup("-c");
    check->command[2] = xstrdup(script);
    check->command_count = 3;
    return check;
}

static struct health_report report_of(const char *script, uint32_t timeout_ms)
{
    struct bench bench;
    bench_open(&bench, 0, NULL);
    bench_bind(&bench, 1, check_exec(script, 60000, timeout_ms), "127.0.46.1");
    struct health_report *report = bench_report(&bench, PATIENCE_MS), copy;
    assert_non_null(report);
    copy = *report;
    health_report_free(report);
    bench_close(&bench);
    return copy;
}

static const struct {
    const char *name, *script;
    enum health_verdict verdict;
    const char *evidence;
} rows[] = {
    { "good", "exit 0", HEALTH_UP, "exit 0" },
    { "good with words", "echo all well; echo more", HEALTH_UP, "exit 0: all well" },
    { "bad", "echo no database >&2; exit 3", HEALTH_DOWN, "exit 3: no database" },
    { "killed", "kill -11 $$", HEALTH_DOWN, "killed by signal 11" },
    { "the endpoint in the environment",
      "test \"$STEERD_ADDRESS $STEERD_PORT $STEERD_CHECK $STEERD_HOST $STEERD_TIMEOUT_MS\" = "
      "'127.0.46.1 8443 web 127.0.46.1 10000'",
      HEALTH_UP, "exit 0" },
    { "nothing else of ours in it",
      "test $(env | grep -vc '^\\(STEERD_\\|PATH\\|LC_ALL\\|PWD\\|_=\\|SHLVL\\|OLDPWD\\)') = 0", HEALTH_UP,
      "exit 0" },
    { "no descriptors of ours", "for n in 3 4 5 6 7 8 9; do test ! -e /proc/$$/fd/$n || exit 1; done",
      HEALTH_UP, "exit 0" },
    { "no way to more privileges", "grep NoNewPrivs /proc/$$/status | tr '\\t' ' '", HEALTH_UP,
      "exit 0: NoNewPrivs: 1" },
    { "no capabilities", "grep CapEff /proc/$$/status | tr '\\t' ' '", HEALTH_UP,
      "exit 0: CapEff: 0000000000000000" },
    { "not root", "test $(id -u) != 0", HEALTH_UP, "exit 0" },
    { "limits", "ulimit -n", HEALTH_UP, "exit 0: 64" },
    { "signals as usual", "grep SigBlk /proc/$$/status | tr '\\t' ' '", HEALTH_UP,
      "exit 0: SigBlk: 0000000000000000" },
};

static void the_exit_code_decides_and_the_first_line_is_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct health_report report = report_of(rows[i].script, 10000);
        if (report.verdict != rows[i].verdict || strcmp(report.evidence.text, rows[i].evidence) != 0)
            fail_msg("%s: %s", rows[i].name, report.evidence.text);
    }
}

static void endless_output_is_read_and_forgotten(void **state)
{
    (void)state;
    struct health_report report = report_of("head -c 3000000 /dev/zero | tr '\\0' x; exit 4", 10000);
    assert_int_equal(report.verdict, HEALTH_DOWN);
    assert_memory_equal(report.evidence.text, "exit 4: xxxxxx", 14);
}

static void a_program_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct check *check = check_exec("", 60000, 10000);
    free(check->command[0]);
    check->command[0] = xstrdup("/nonexistent/program");
    bench_bind(&bench, 1, check, "127.0.46.1");
    assert_string_equal(bench_await(&bench, HEALTH_DOWN).evidence.text,
                        "exit 127: cannot be run: No such file or directory");
    bench_close(&bench);
}

/* Processes whose command line holds `word`. */
static unsigned running(const char *word)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc");
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[300], line[512];
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        size_t size = fread(line, 1, sizeof line, file);
        count += memmem(line, size, word, strlen(word)) != NULL;
        fclose(file);
    }
    closedir(directory);
    return count;
}

static void past_the_time_limit_the_whole_group_dies(void **state)
{
    (void)state;
    struct bench bench;
    char script[80];
    snprintf(script, sizeof script, "sleep 4%06d & sleep 4%06d", (int)getpid(), (int)getpid());
    bench_open(&bench, 0, NULL);
    bench_bind(&bench, 1, check_exec(script, 60000, 300), "127.0.46.1");
    assert_string_equal(bench_await(&bench, HEALTH_DOWN).evidence.text, "no reply within 300ms (exit)");
    bench_until(running(script + 6) == 0 || running(strchr(script, '4')) == 0);
    bench_close(&bench);
}

/* Silence takes nobody down while this server suspects itself; a word does. */
static void who_hangs_or_says_that_nobody_answered_is_silent(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool has_replied;
    } cases[] = {
        { "exit 0", true },   { "exit 1", true },    { "kill -9 $$", true },
        { "exit 75", false }, { "sleep 60", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (report_of(cases[i].script, 1000).has_replied != cases[i].has_replied)
            fail_msg("%s", cases[i].script);
}

static void stopping_leaves_no_process_behind(void **state)
{
    (void)state;
    struct bench bench;
    char script[80];
    snprintf(script, sizeof script, "sleep 5%06d", (int)getpid());
    bench_open(&bench, 0, NULL);
    bench_bind(&bench, 1, check_exec(script, 60000, 60000), "127.0.46.1");
    bench_until(running(script) > 0);
    bench_close(&bench);
    bench_until(running(script) == 0);
}

static void without_leave_no_program_is_run(void **state)
{
    (void)state;
    struct error err;
    struct bench bench = { .reports = mailbox_new() };
    const struct checker_settings settings = { .reports = bench.reports };
    assert_true(checker_start(&settings, &bench.checker, &err));
    bench_bind(&bench, 1, check_exec("exit 0", 60000, 1000), "127.0.46.1");
    assert_non_null(strstr(bench_await(&bench, HEALTH_DOWN).evidence.text, "\"exec_checks\": true"));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_code_decides_and_the_first_line_is_evidence),
        cmocka_unit_test(endless_output_is_read_and_forgotten),
        cmocka_unit_test(a_program_that_is_not_there_is_said_so),
        cmocka_unit_test(past_the_time_limit_the_whole_group_dies),
        cmocka_unit_test(who_hangs_or_says_that_nobody_answered_is_silent),
        cmocka_unit_test(stopping_leaves_no_process_behind),
        cmocka_unit_test(without_leave_no_program_is_run),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
