/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens and audit. */
#include "store_test.h"

static struct store_job *token_job(enum store_job_kind kind, const char *name, uint8_t digest, int64_t used)
{
    struct store_job *job = store_job_new(kind);
    struct token token = { .name = (char *)(uintptr_t)name,
                           .role = (char[]){ "operator" },
                           .scope = (char[]){ "pool us\nzone example.com" },
                           .made_wall_ms = 5,
                           .expires_wall_ms = 6,
                           .used_wall_ms = used };
    memset(token.digest, digest, sizeof token.digest);
    tokens_add(&job->tokens, &token);
    return job;
}

static struct store_job *list_tokens(const struct fixture *fixture, struct store *store)
{
    return run(fixture, store, store_job_new(STORE_LIST_TOKENS));
}

static void tokens_are_there_after_a_restart_and_gone_when_deleted(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = start_keeping(fixture, 10);
    run_well(fixture, store, token_job(STORE_PUT_TOKEN, "ci", 1, 0));
    run_well(fixture, store, token_job(STORE_PUT_TOKEN, "bob", 2, 0));
    store_close(store);
    store = start_keeping(fixture, 10);
    struct store_job *listed = list_tokens(fixture, store);
    assert_int_equal(listed->tokens.count, 2);
    assert_string_equal(listed->tokens.items[0].name, "bob");
    assert_string_equal(listed->tokens.items[1].scope, "pool us\nzone example.com");
    assert_int_equal(listed->tokens.items[1].digest[31], 1);
    assert_int_equal(listed->tokens.items[1].expires_wall_ms, 6);
    store_job_free(listed);
    struct store_job *gone = store_job_new(STORE_DELETE_TOKEN);
    gone->key = xstrdup("ci");
    run_well(fixture, store, gone);
    run_well(fixture, store, token_job(STORE_TOUCH_TOKENS, "ci", 1, 77)); /* too late: it stays gone */
    run_well(fixture, store, token_job(STORE_TOUCH_TOKENS, "bob", 2, 78));
    listed = list_tokens(fixture, store);
    assert_int_equal(listed->tokens.count, 1);
    assert_int_equal(listed->tokens.items[0].used_wall_ms, 78);
    store_job_free(listed);
    store_close(store);
}

static void a_name_is_taken_once(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = start_keeping(fixture, 10);
    run_well(fixture, store, token_job(STORE_PUT_TOKEN, "ci", 1, 0));
    struct store_job *again = run(fixture, store, token_job(STORE_PUT_TOKEN, "ci", 2, 0));
    assert_false(again->is_done);
    store_job_free(again);
    store_close(store);
}

/* ---- audit ---- */

static void add_entry(struct store_job *job, const char *who, const char *target, unsigned status,
                      int64_t wall_ms)
{
    const struct audit_entry entry = { .wall_ms = wall_ms,
                                       .who = (char *)(uintptr_t)who,
                                       .target = (char *)(uintptr_t)target,
                                       .method = (char[]){ "PATCH" },
                                       .status = status };
    audit_add(&job->audit, &entry);
}

static struct store_job *ask_audit(const struct fixture *fixture, struct store *store, const char *who,
                                   const char *target, bool only_refused, uint64_t before, unsigned most)
{
    struct store_job *job = store_job_new(STORE_LIST_AUDIT);
    job->audit_filter = (struct audit_filter){ .before = before,
                                               .most = most,
                                               .only_refused = only_refused,
                                               .who = who != NULL ? xstrdup(who) : NULL,
                                               .target = target != NULL ? xstrdup(target) : NULL };
    job = run(fixture, store, job);
    assert_true(job->is_done);
    return job;
}

static size_t count_audit(const struct fixture *fixture, struct store *store)
{
    struct store_job *job = ask_audit(fixture, store, NULL, NULL, false, 0, 1000000);
    size_t count = job->audit.count;
    store_job_free(job);
    return count;
}

static void a_generation_and_who_wanted_it_are_one(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = start_keeping(fixture, 10);
    struct store_job *job = put_job(1);
    put_object(job, OBJECT_POOL, "us", "{}");
    add_entry(job, "ci", "/v1/pools/us", 200, 1000);
    run_well(fixture, store, job);
    job = put_job(9); /* cannot follow 1 */
    add_entry(job, "ci", "/v1/pools/eu", 200, 1001);
    job = run(fixture, store, job);
    assert_false(job->is_done);
    store_job_free(job);
    job = ask_audit(fixture, store, NULL, NULL, false, 0, 10);
    assert_int_equal(job->audit.count, 1);
    assert_int_equal(job->audit.items[0].generation, 1);
    assert_string_equal(job->audit.items[0].target, "/v1/pools/us");
    store_job_free(job);
    store_close(store);
}

static void the_audit_is_read_newest_first_by_cursor_and_filter(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = start_keeping(fixture, 10);
    struct store_job *job = store_job_new(STORE_PUT_AUDIT);
    add_entry(job, "ci", "/v1/pools/us", 200, 1);
    add_entry(job, "bob", "/v1/pools/us/endpoints/a", 403, 2);
    add_entry(job, "", "/v1/config", 401, 3);
    run_well(fixture, store, job);
    static const struct {
        const char *who, *target;
        bool only_refused;
        uint64_t before;
        unsigned most;
        const char *expected;
    } cases[] = {
        { NULL, NULL, false, 0, 10, "321" }, { NULL, NULL, false, 0, 2, "32" },
        { NULL, NULL, false, 2, 10, "1" },   { "ci", NULL, false, 0, 10, "1" },
        { "", NULL, false, 0, 10, "3" },     { NULL, "/v1/pools/us", false, 0, 10, "21" },
        { NULL, NULL, true, 0, 10, "32" },   { "x", NULL, false, 0, 10, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[16] = "";
        job = ask_audit(fixture, store, cases[i].who, cases[i].target, cases[i].only_refused, cases[i].before,
                        cases[i].most);
        for (size_t k = 0; k < job->audit.count; k++)
            found[k] = (char)('0' + job->audit.items[k].number);
        assert_string_equal(found, cases[i].expected);
        store_job_free(job);
    }
    store_close(store);
}

static void old_entries_are_forgotten_in_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct store_head head;
    struct error err;
    struct store *store = open_keeping(fixture, 10, &head);
    store_head_free(&head);
    const struct store_history keep = { 50, (uint64_t)1 << 60 };
    store_keep_audit(store, &keep);
    assert_true(store_start(store, &err));
    for (int i = 0; i < 300; i++) {
        struct store_job *job = store_job_new(STORE_PUT_AUDIT);
        add_entry(job, "ci", "/v1/pools/us", 200, 1000);
        run_well(fixture, store, job);
    }
    size_t count = count_audit(fixture, store);
    assert_in_range(count, 50, 50 + 64);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_are_there_after_a_restart_and_gone_when_deleted, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_name_is_taken_once, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_generation_and_who_wanted_it_are_one, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(the_audit_is_read_newest_first_by_cursor_and_filter, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(old_entries_are_forgotten_in_the_end, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
