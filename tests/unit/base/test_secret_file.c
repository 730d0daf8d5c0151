/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/memory.h"
#include "base/secret_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[96], left[112];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/steerd-secret-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/key", directory);
    snprintf(left, sizeof left, "%s.new", path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_text(const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, expected);
}

static void only_its_owner_may_read_it(void **state)
{
    (void)state;
    struct error err;
    struct stat status;
    mode_t before = umask(0);
    assert_true(secret_file_make(path, "secret\n", &err));
    umask(before);
    expect_text("secret\n");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void it_takes_the_place_of_what_was_there(void **state)
{
    (void)state;
    struct error err;
    put(path, "old\n");
    put(left, "half of a sec"); /* of one that was killed */
    assert_true(secret_file_make(path, "new\n", &err));
    expect_text("new\n");
    assert_int_equal(access(left, F_OK), -1);
}

static void what_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct error err;
    char *absent = xasprintf("%s/absent/key", directory);
    assert_false(secret_file_make(absent, "secret\n", &err));
    assert_string_equal(err.text, "cannot be made: No such file or directory");
    free(absent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_its_owner_may_read_it, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(it_takes_the_place_of_what_was_there, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(what_cannot_be_made_is_told, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
