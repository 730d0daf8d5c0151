/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_test.h"

#include "store/database.h"

#include <fcntl.h>
#include <sys/stat.h>

static void a_new_store_is_empty_and_private(void **state)
{
    struct store_head head;
    struct store *store = open_keeping(*state, 10, &head);
    assert_int_equal(head.generation, 0);
    assert_null(head.import_digest);
    assert_int_equal(head.objects.count, 0);
    assert_int_equal(head.override_count, 0);
    store_head_free(&head);

    const char *const names[] = { "steerd.db", "steerd.db-wal" };
    for (size_t i = 0; i < 2; i++) {
        char *path = fixture_path(*state, names[i]);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        free(path);
    }
    store_close(store);
}

static void a_generation_is_there_after_a_restart(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct store_job *job = put_job(1);
    job->origin = STORE_ORIGIN_FILES;
    job->import_digest = xstrdup("abc");
    put_object(job, OBJECT_SERVICE, "example.test/www", "{\"ttl\":30}");
    put_object(job, OBJECT_POOL, "us", "");
    put_object(job, OBJECT_ZONE_DATA, "example.test", "; \xff not UTF-8\n");
    run_well(*state, store, job);
    store_close(store);

    struct store_head head;
    store = open_keeping(*state, 10, &head);
    assert_int_equal(head.generation, 1);
    assert_int_equal(head.origin, STORE_ORIGIN_FILES);
    assert_string_equal(head.import_digest, "abc");
    assert_int_equal(head.objects.count, 3);
    const struct object *items = head.objects.items; /* sorted by kind */
    assert_int_equal(items[0].kind, OBJECT_POOL);
    assert_string_equal(items[0].name, "us");
    assert_string_equal(items[0].text, ""); /* empty is not deleted */
    assert_string_equal(items[1].text, "; \xff not UTF-8\n");
    assert_int_equal(items[2].kind, OBJECT_SERVICE);
    assert_int_equal(items[2].text_size, strlen("{\"ttl\":30}"));
    store_head_free(&head);
    store_close(store);
}

static void generations_are_listed_newest_first(void **state)
{
    struct store *store = start_keeping(*state, 10);
    for (uint64_t n = 1; n <= 5; n++) {
        struct store_job *job = put_job(n);
        job->comment = xasprintf("change %" PRIu64, n);
        run_well(*state, store, job);
    }
    struct store_job *job = store_job_new(STORE_LIST_GENERATIONS);
    job->before = 5;
    job->most = 2;
    job = run(*state, store, job);
    assert_true(job->is_done);
    assert_int_equal(job->list_count, 2);
    assert_int_equal(job->list[0].generation, 4);
    assert_string_equal(job->list[0].comment, "change 4");
    assert_string_equal(job->list[0].author, "alice");
    assert_int_equal(job->list[0].origin, STORE_ORIGIN_API);
    assert_true(job->list[0].wall_ms > 1600000000000);
    assert_int_equal(job->list[1].generation, 3);
    store_job_free(job);
    store_close(store);
}

static void a_job_that_fails_alone_leaves_its_batch_alone(void **state)
{
    struct store_head head;
    struct fixture *fixture = *state;
    struct store *store = open_keeping(fixture, 10, &head);
    store_head_free(&head);

    /* four letters wait when the thread starts: one transaction */
    struct store_job *jobs[4] = { put_job(1), put_job(3), put_job(2), override_job("us/a", 7) };
    for (size_t i = 0; i < 3; i++)
        put_object(jobs[i], OBJECT_POOL, "us", i == 1 ? "wrong" : "right");
    for (size_t i = 0; i < 4; i++) {
        jobs[i]->reply_to = fixture->replies;
        store_post(store, jobs[i]);
    }
    struct error err;
    assert_true(store_start(store, &err));
    store_close(store); /* runs what waits */

    struct letter *letter = mailbox_take(fixture->replies);
    for (size_t i = 0; i < 4; i++) {
        struct letter *next = letter->next;
        assert_ptr_equal(letter, jobs[i]);
        assert_int_equal(jobs[i]->is_done, i != 1);
        if (i == 1)
            assert_non_null(strstr(jobs[i]->error.text, "generation 3 cannot follow 1"));
        store_job_free(jobs[i]);
        letter = next;
    }
    store = open_keeping(fixture, 10, &head);
    assert_int_equal(head.generation, 2);
    assert_int_equal(head.objects.count, 1);
    assert_string_equal(head.objects.items[0].text, "right");
    assert_int_equal(head.override_count, 1);
    store_head_free(&head);
    store_close(store);
}

static void jobs_that_wait_at_the_end_are_run(void **state)
{
    struct store_head head;
    struct store *store = open_keeping(*state, 10, &head);
    store_head_free(&head);
    store_post(store, put_job(1)); /* nobody waits for it */
    store_close(store);
    store = open_keeping(*state, 10, &head);
    assert_int_equal(head.generation, 1);
    store_head_free(&head);
    store_close(store);
}

static void overrides_are_kept_as_they_are(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct store_job *job = override_job("us/us-east-1", 0);
    job->override.state = OVERRIDE_DRAIN;
    job->override.set_wall_ms = 1700000000123;
    job->override.expires_wall_ms = 1; /* long over: not the store's business */
    snprintf(job->override.author, sizeof job->override.author, "bob");
    snprintf(job->override.reason, sizeof job->override.reason, "it's \"maintenance\"; DROP TABLE");
    run_well(*state, store, job);
    job = override_job("eu/a", 1);
    job->override.has_weight = false;
    job->override.state = OVERRIDE_UP;
    run_well(*state, store, job);
    run_well(*state, store, override_job("eu/gone", 1));
    job = store_job_new(STORE_DELETE_OVERRIDE);
    job->key = xstrdup("eu/gone");
    run_well(*state, store, job);
    store_close(store);

    struct store_head head;
    store = open_keeping(*state, 10, &head);
    assert_int_equal(head.generation, 0);
    assert_int_equal(head.override_count, 2);
    assert_string_equal(head.overrides[0].key, "eu/a");
    assert_int_equal(head.overrides[0].override.state, OVERRIDE_UP);
    assert_false(head.overrides[0].override.has_weight);
    const struct override *drained = &head.overrides[1].override;
    assert_int_equal(drained->state, OVERRIDE_DRAIN);
    assert_true(drained->has_weight);
    assert_int_equal(drained->weight, 0);
    assert_int_equal(drained->set_wall_ms, 1700000000123);
    assert_int_equal(drained->expires_wall_ms, 1);
    assert_string_equal(drained->author, "bob");
    assert_string_equal(drained->reason, "it's \"maintenance\"; DROP TABLE");
    store_head_free(&head);
    store_close(store);
}

static void the_import_digest_can_be_set_alone(void **state)
{
    struct store *store = start_keeping(*state, 10);
    const char *const values[] = { "one", "two", NULL };
    for (size_t i = 0; i < 3; i++) {
        struct store_job *job = store_job_new(STORE_SET_META);
        job->key = xstrdup("import_digest");
        job->value = values[i] != NULL ? xstrdup(values[i]) : NULL;
        run_well(*state, store, job);
        store_close(store);
        struct store_head head;
        store = open_keeping(*state, 10, &head);
        if (values[i] != NULL)
            assert_string_equal(head.import_digest, values[i]);
        else
            assert_null(head.import_digest);
        store_head_free(&head);
        struct error err;
        assert_true(store_start(store, &err));
    }
    store_close(store);
}

static void a_second_store_on_a_directory_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct store_head head;
    struct store *store = open_keeping(fixture, 10, &head), *second = NULL;
    store_head_free(&head);
    struct error err = { 0 };
    assert_false(store_open(fixture->directory, 10, &second, &head, &err));
    assert_non_null(strstr(err.text, "another steerd works here"));
    store_close(store);
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct store_head head;
    struct error err = { 0 };
    assert_false(store_open("/nonexistent/steerd", 10, &store, &head, &err));
    assert_non_null(strstr(err.text, "/nonexistent/steerd: No such file or directory"));
}

static void a_damaged_file_is_refused_and_left_alone(void **state)
{
    char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    char *path = fixture_path(*state, "steerd.db");
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(garbage, 1, sizeof garbage, file), sizeof garbage);
    fclose(file);

    struct store *store = NULL;
    struct store_head head;
    struct error err = { 0 };
    assert_false(store_open(((struct fixture *)*state)->directory, 10, &store, &head, &err));
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "damaged"));

    char now[sizeof garbage + 1];
    file = fopen(path, "r");
    assert_int_equal(fread(now, 1, sizeof now, file), sizeof garbage);
    fclose(file);
    assert_memory_equal(now, garbage, sizeof garbage);
    free(path);
}

static void a_file_of_another_program_or_age_is_refused(void **state)
{
    static const struct {
        const char *sql, *message;
    } cases[] = {
        { "CREATE TABLE theirs (a)", "another program" },
        { "DROP TABLE theirs; PRAGMA application_id=1398031698; PRAGMA user_version=99", "newer steerd" },
    };
    char *path = fixture_path(*state, "steerd.db");
    close(open(path, O_CREAT | O_RDWR, 0600));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct database db;
        struct error err = { 0 };
        assert_true(database_open(&db, path, &err));
        assert_true(database_run(&db, cases[i].sql, &err));
        database_close(&db);
        struct store *store = NULL;
        struct store_head head;
        assert_false(store_open(((struct fixture *)*state)->directory, 10, &store, &head, &err));
        assert_non_null(strstr(err.text, cases[i].message));
    }
    free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_store_is_empty_and_private),
        TEST(a_generation_is_there_after_a_restart),
        TEST(generations_are_listed_newest_first),
        TEST(a_job_that_fails_alone_leaves_its_batch_alone),
        TEST(jobs_that_wait_at_the_end_are_run),
        TEST(overrides_are_kept_as_they_are),
        TEST(the_import_digest_can_be_set_alone),
        TEST(a_second_store_on_a_directory_is_refused),
        TEST(a_missing_directory_is_named),
        TEST(a_damaged_file_is_refused_and_left_alone),
        TEST(a_file_of_another_program_or_age_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
