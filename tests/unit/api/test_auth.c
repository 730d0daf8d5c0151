/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/auth.h"
#include "api/token_file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char directory[32];
    char *file;
};

static int make_place(void **state)
{
    struct place *place = xcalloc(1, sizeof *place);
    strcpy(place->directory, "/tmp/steerd-auth-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->file = xasprintf("%s/admin.token", place->directory);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    unlink(place->file);
    rmdir(place->directory);
    free(place->file);
    free(place);
    return 0;
}

static void write_file(const char *file, const char *text)
{
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    chmod(file, 0600);
}

static void read_file(const char *file, char out[128])
{
    FILE *from = fopen(file, "r");
    assert_non_null(from);
    out[fread(out, 1, 127, from)] = '\0';
    fclose(from);
}

static void the_first_start_makes_a_token_for_the_owner_only(void **state)
{
    struct place *place = *state;
    struct auth *auth;
    struct error err;
    struct stat status;
    char token[128], header[160];
    struct who who = { 0 };
    assert_true(auth_open(place->file, &auth, &err));
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    read_file(place->file, token);
    assert_int_equal(strspn(token, "0123456789abcdef"), 2 * TOKEN_BYTES);
    snprintf(header, sizeof header, "Bearer %.*s", 2 * TOKEN_BYTES, token);
    assert_true(auth_check(auth, header, 0, &who));
    assert_int_equal(who.role, ROLE_ADMIN);
    assert_string_equal(who.name, "admin");
    assert_string_equal(who.how, "bootstrap");
    who_clear(&who);
    auth_close(auth);
}

static void the_token_stays_valid_after_a_restart(void **state)
{
    struct place *place = *state;
    struct auth *auth;
    struct error err;
    char before[128], after[128];
    assert_true(auth_open(place->file, &auth, &err));
    auth_close(auth);
    read_file(place->file, before);
    assert_true(auth_open(place->file, &auth, &err));
    auth_close(auth);
    read_file(place->file, after);
    assert_string_equal(before, after);
}

static void only_the_whole_token_opens(void **state)
{
    static const struct {
        const char *header;
        enum role role;
    } cases[] = {
        { "Bearer 0123456789abcdef", ROLE_ADMIN },
        { "bearer   0123456789abcdef", ROLE_ADMIN }, /* the scheme has no case (RFC 9110 §11.1) */
        { "Bearer 0123456789abcde", ROLE_NONE },
        { "Bearer 0123456789abcdef0", ROLE_NONE },
        { "Bearer 0123456789abcdef x", ROLE_NONE },
        { "Bearer 0123456789ABCDEF", ROLE_NONE },
        { "Bearer ", ROLE_NONE },
        { "Bearer", ROLE_NONE },
        { "Basic 0123456789abcdef", ROLE_NONE },
        { "0123456789abcdef", ROLE_NONE },
        { "", ROLE_NONE },
        { NULL, ROLE_NONE },
    };
    struct place *place = *state;
    struct auth *auth;
    struct error err;
    write_file(place->file, "0123456789abcdef\r\n");
    assert_true(auth_open(place->file, &auth, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct who who = { 0 };
        if (auth_check(auth, cases[i].header, 0, &who) != (cases[i].role != ROLE_NONE) ||
            who.role != cases[i].role)
            fail_msg("%s", cases[i].header);
        who_clear(&who);
    }
    auth_close(auth);
}

static void a_file_without_a_token_is_refused_and_kept(void **state)
{
    static const char *const texts[] = { "", "\n", "short", "0123456789abcdef 0123456789abcdef",
                                         "0123456789abcdef\nsecond line\n" };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct auth *auth;
        struct error err = { "" };
        char kept[128];
        write_file(place->file, texts[i]);
        if (auth_open(place->file, &auth, &err))
            fail_msg("accepted: \"%s\"", texts[i]);
        assert_non_null(strstr(err.text, place->file));
        read_file(place->file, kept);
        assert_string_equal(kept, texts[i]);
    }
}

static void a_place_that_cannot_be_written_is_an_error(void **state)
{
    struct auth *auth;
    struct error err = { "" };
    (void)state;
    assert_false(auth_open("/nonexistent/steerd/admin.token", &auth, &err));
    assert_non_null(strstr(err.text, "No such file"));
}

/* ---- tokens that were made ---- */

static struct auth *open_auth(const struct place *place)
{
    struct auth *auth;
    struct error err;
    write_file(place->file, "0123456789abcdef\n");
    assert_true(auth_open(place->file, &auth, &err));
    return auth;
}

static void add(struct auth *auth, char *name, const char *text, char *role, int64_t expires_wall_ms)
{
    struct token token = { .name = name, .role = role, .expires_wall_ms = expires_wall_ms };
    token_digest(text, strlen(text), token.digest);
    auth_add(auth, &token);
}

static bool opens(struct auth *auth, const char *text, int64_t wall_ms, const char *name, enum role role)
{
    char header[200];
    struct who who = { 0 };
    snprintf(header, sizeof header, "Bearer %s", text);
    bool is_good = auth_check(auth, header, wall_ms, &who);
    assert_true(!is_good || (who.role == role && strcmp(who.name, name) == 0));
    who_clear(&who);
    return is_good;
}

static void a_token_that_was_made_opens_until_it_expires_or_is_revoked(void **state)
{
    struct auth *auth = open_auth(*state);
    add(auth, "ci", "secret-of-ci", "operator", 0);
    add(auth, "bob", "secret-of-bob", "viewer", 1000);
    assert_true(opens(auth, "secret-of-ci", 1000, "ci", ROLE_OPERATOR));
    assert_true(opens(auth, "secret-of-bob", 999, "bob", ROLE_VIEWER));
    assert_false(opens(auth, "secret-of-bob", 1000, "bob", ROLE_VIEWER));
    assert_true(auth_remove(auth, "ci"));
    assert_false(auth_remove(auth, "ci"));
    assert_false(opens(auth, "secret-of-ci", 1000, "ci", ROLE_OPERATOR));
    assert_true(opens(auth, "0123456789abcdef", 1000, "admin", ROLE_ADMIN));
    auth_close(auth);
}

static void tokens_are_listed_by_name_without_what_would_identify_them(void **state)
{
    static const uint8_t nothing[TOKEN_DIGEST_SIZE];
    static char *const names[] = { "m", "z", "a", "k", "b" };
    struct auth *auth = open_auth(*state);
    struct tokens listed = { 0 }, used = { 0 };
    for (size_t i = 0; i < 5; i++)
        add(auth, names[i], names[i], "viewer", 0);
    assert_true(opens(auth, "k", 7, "k", ROLE_VIEWER));
    auth_list(auth, &listed);
    assert_int_equal(listed.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_memory_equal(listed.items[i].digest, nothing, sizeof nothing);
        assert_true(i == 0 || strcmp(listed.items[i - 1].name, listed.items[i].name) < 0);
        assert_int_equal(listed.items[i].used_wall_ms, strcmp(listed.items[i].name, "k") == 0 ? 7 : 0);
    }
    auth_take_used(auth, &used);
    assert_int_equal(used.count, 1);
    assert_string_equal(used.items[0].name, "k");
    tokens_free(&used);
    auth_take_used(auth, &used);
    assert_int_equal(used.count, 0);
    tokens_free(&listed);
    auth_close(auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_start_makes_a_token_for_the_owner_only, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(the_token_stays_valid_after_a_restart, make_place, remove_place),
        cmocka_unit_test_setup_teardown(only_the_whole_token_opens, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_file_without_a_token_is_refused_and_kept, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_token_that_was_made_opens_until_it_expires_or_is_revoked,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(tokens_are_listed_by_name_without_what_would_identify_them,
                                        make_place, remove_place),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
