/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/cookie_secrets.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "000102030405060708090a0b0c0d0e0f"
#define B "FFeeDDccBBaa99887766554433221100"

static char directory[] = "/tmp/steerd-test-cookies-XXXXXX";
static struct settings settings = { .has_cookies = true };

static int make_directory(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    settings.cookie_secret_file = xasprintf("%s/cookie.secrets", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(settings.cookie_secret_file);
    free(settings.cookie_secret_file);
    return rmdir(directory);
}

static void write_bytes(const char *bytes, size_t size)
{
    FILE *stream = fopen(settings.cookie_secret_file, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    fclose(stream);
    chmod(settings.cookie_secret_file, 0600);
}

static void the_first_start_makes_a_secret_that_only_its_owner_reads(void **state)
{
    (void)state;
    struct error err;
    struct server_keys *made, *again;
    struct stat status;
    unlink(settings.cookie_secret_file);
    assert_true(cookie_secrets_load(&settings, false, &made, &err));
    assert_null(made);
    assert_true(cookie_secrets_load(&settings, true, &made, &err));
    assert_int_equal(stat(settings.cookie_secret_file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, 33);
    assert_true(cookie_secrets_load(&settings, true, &again, &err));
    assert_int_equal(made->cookie_count, 1);
    assert_memory_equal(made, again, sizeof *made);
    free(made);
    free(again);
}

static void all_lines_are_secrets_in_their_order(void **state)
{
    (void)state;
    struct error err;
    struct server_keys *keys;
    static const char text[] = "# made by hand\n\n  " B "  # until March\r\n" A;
    write_bytes(text, sizeof text - 1);
    assert_true(cookie_secrets_load(&settings, true, &keys, &err));
    assert_int_equal(keys->cookie_count, 2);
    assert_memory_equal(keys->cookie_secrets[0],
                        "\xff\xee\xdd\xcc\xbb\xaa\x99\x88\x77\x66\x55\x44\x33\x22\x11", 16);
    assert_memory_equal(keys->cookie_secrets[1], "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
    free(keys);
}

static void a_file_without_use_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "", "has no secret" },
        { "# nothing\n", "has no secret" },
        { A "\n0001\n", "line 2: must be a secret of 32 hexadecimal digits" },
        { A "0\n", "line 1: must be" },
        { "zz0102030405060708090a0b0c0d0e0f\n", "line 1: must be" },
        { A "\n" A "\n" A "\n" A "\n" A "\n" A "\n" A "\n" A "\n" A "\n", "line 9: has more than 8 secrets" },
    };
    struct error err;
    struct server_keys *keys;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_bytes(rows[i].text, strlen(rows[i].text));
        assert_false(cookie_secrets_load(&settings, true, &keys, &err));
        assert_null(keys);
        if (strstr(err.text, rows[i].words) == NULL ||
            strstr(err.text, settings.cookie_secret_file) != err.text)
            fail_msg("%s", err.text);
    }
    write_bytes(A "\n\0\n", 35);
    assert_false(cookie_secrets_load(&settings, true, &keys, &err));
    char *large = xcalloc(1, 5000);
    memset(large, '\n', 5000);
    write_bytes(large, 5000);
    free(large);
    assert_false(cookie_secrets_load(&settings, true, &keys, &err));
}

static void without_cookies_no_file_is_looked_at(void **state)
{
    (void)state;
    struct error err;
    struct server_keys *keys;
    write_bytes("nonsense", 8);
    settings.has_cookies = false;
    assert_true(cookie_secrets_load(&settings, true, &keys, &err));
    assert_null(keys);
    settings.has_cookies = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_makes_a_secret_that_only_its_owner_reads),
        cmocka_unit_test(all_lines_are_secrets_in_their_order),
        cmocka_unit_test(a_file_without_use_is_refused),
        cmocka_unit_test(without_cookies_no_file_is_looked_at),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
