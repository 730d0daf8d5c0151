/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/line_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void append(struct line_file *file, const char *lines, bool expected)
{
    struct text text = { 0 };
    text_puts(&text, lines);
    assert_int_equal(line_file_append(file, &text), expected);
    text_free(&text);
}

static void assert_content(const char *path, const char *expected)
{
    char content[256] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(content, expected);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lines_after_a_torn_one_are_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/steerd-lines-XXXXXX";
    struct line_file file;
    struct error err;
    close(mkstemp(path));
    signal(SIGXFSZ, SIG_IGN);
    assert_true(line_file_open(path, &file, &err));
    append(&file, "one\n", true);
    limit_files(8);
    append(&file, "two\nthree\n", false); /* the file takes "two\n" */
    append(&file, "lost\n", false);
    limit_files(10);
    append(&file, "four\n", false); /* "fo" */
    limit_files(RLIM_INFINITY);
    append(&file, "five\n", true);
    line_file_close(&file);
    assert_content(path, "one\ntwo\nfo\nfive\n");
    unlink(path);
}

static void after_a_rename_it_goes_on_in_a_new_file(void **state)
{
    (void)state;
    char path[] = "/tmp/steerd-lines-XXXXXX", old[sizeof path + 2];
    struct line_file file;
    struct error err;
    close(mkstemp(path));
    snprintf(old, sizeof old, "%s.1", path);
    assert_true(line_file_open(path, &file, &err));
    append(&file, "one\n", true);
    assert_int_equal(rename(path, old), 0);
    append(&file, "two\n", true);
    line_file_reopen(&file);
    append(&file, "three\n", true);
    line_file_close(&file);
    assert_content(old, "one\ntwo\n");
    assert_content(path, "three\n");
    unlink(path);
    unlink(old);
}

static void a_file_that_cannot_be_opened_again_goes_on_as_it_was(void **state)
{
    (void)state;
    char directory[] = "/tmp/steerd-lines-XXXXXX", moved[sizeof directory + 2], path[64], there[64];
    struct line_file file;
    struct error err;
    assert_non_null(mkdtemp(directory));
    snprintf(moved, sizeof moved, "%s.1", directory);
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(there, sizeof there, "%s/file", moved);
    assert_true(line_file_open(path, &file, &err));
    assert_int_equal(rename(directory, moved), 0);
    line_file_reopen(&file);
    append(&file, "one\n", true);
    line_file_close(&file);
    assert_content(there, "one\n");
    assert_false(line_file_open(path, &file, &err));
    assert_non_null(strstr(err.text, "/file: No such file or directory"));
    unlink(there);
    rmdir(moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_after_a_torn_one_are_whole),
        cmocka_unit_test(after_a_rename_it_goes_on_in_a_new_file),
        cmocka_unit_test(a_file_that_cannot_be_opened_again_goes_on_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
