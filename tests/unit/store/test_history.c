/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Generations compared with a naive history: one whole array of texts per generation. */
#include "store_test.h"

#include "store/database.h"

#include <time.h>

enum { NAMES = 12, GENERATIONS = 60 };

struct history {
    int text[GENERATIONS + 1][NAMES]; /* 0: not there */
    bool is_changed[GENERATIONS + 1][NAMES];
};

static const char *name_of(int i, char out[16])
{
    snprintf(out, 16, "object-%d", i);
    return out;
}

static struct store_job *random_change(struct history *history, int generation)
{
    struct store_job *job = put_job((uint64_t)generation);
    memcpy(history->text[generation], history->text[generation - 1], sizeof history->text[0]);
    for (int i = 0; i < NAMES; i++) {
        if (rand() % 4 != 0)
            continue;
        char name[16], text[16];
        int value = rand() % 3 == 0 ? 0 : 1 + rand() % 1000;
        snprintf(text, sizeof text, "%d", value);
        put_object(job, i % 2 == 0 ? OBJECT_POOL : OBJECT_CHECK, name_of(i, name), value != 0 ? text : NULL);
        history->text[generation][i] = value;
        history->is_changed[generation][i] = true;
    }
    return job;
}

static void expect_objects(const struct objects *objects, const int expected[NAMES])
{
    size_t count = 0;
    for (int i = 0; i < NAMES; i++) {
        if (expected[i] == 0)
            continue;
        count++;
        char name[16];
        name_of(i, name);
        bool is_found = false;
        for (size_t j = 0; j < objects->count; j++) {
            const struct object *object = &objects->items[j];
            if (strcmp(object->name, name) == 0) {
                is_found = true;
                assert_int_equal(object->kind, i % 2 == 0 ? OBJECT_POOL : OBJECT_CHECK);
                assert_int_equal(atoi(object->text), expected[i]);
            }
        }
        assert_true(is_found);
    }
    assert_int_equal(objects->count, count);
}

static void expect_readable(const struct fixture *fixture, struct store *store, const struct history *history,
                            int head, int keep)
{
    for (int generation = 0; generation <= head + 1; generation++) {
        struct store_job *job = store_job_new(STORE_READ_GENERATION);
        job->generation = (uint64_t)generation;
        job = run(fixture, store, job);
        bool is_kept = generation >= 1 && generation <= head && generation > head - keep;
        assert_int_equal(job->is_done, is_kept);
        if (is_kept)
            expect_objects(&job->objects, history->text[generation]);
        else
            assert_non_null(strstr(job->error.text, "is not kept"));
        store_job_free(job);
    }
}

/* Rows that must be there: changes above the oldest kept generation, and what it shows. */
static int rows_needed(const struct history *history, int head, int keep)
{
    int oldest = head - keep + 1 > 1 ? head - keep + 1 : 1;
    int rows = 0;
    for (int i = 0; i < NAMES; i++) {
        rows += history->text[oldest][i] != 0;
        if (oldest == 1 && history->text[1][i] == 0)
            rows += history->is_changed[1][i]; /* a deletion of nothing, not pruned yet */
        for (int generation = oldest + 1; generation <= head; generation++)
            rows += history->is_changed[generation][i];
    }
    return rows;
}

static int rows_there(const struct fixture *fixture)
{
    char *path = fixture_path(fixture, "steerd.db");
    struct database db;
    struct error err;
    assert_true(database_open(&db, path, &err));
    struct query query;
    query_begin(&query, &db, "SELECT count(*) FROM objects");
    assert_true(query_next(&query));
    int rows = (int)query_integer(&query, 0);
    assert_true(query_end(&query, &err));
    database_close(&db);
    free(path);
    return rows;
}

static void every_kept_generation_reads_as_it_was(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    static struct history history;
    memset(&history, 0, sizeof history);
    enum { KEEP = 7 };
    struct store *store = start_keeping(*state, KEEP);
    for (int generation = 1; generation <= GENERATIONS; generation++) {
        run_well(*state, store, random_change(&history, generation));
        assert_int_equal(rows_there(*state), rows_needed(&history, generation, KEEP));
        if (generation % 13 == 0)
            expect_readable(*state, store, &history, generation, KEEP);
    }
    store_close(store);

    for (int keep = 5; keep >= 0; keep -= 5) { /* the operator keeps fewer now; 0 is taken as 1 */
        int kept = keep == 0 ? 1 : keep;
        store = start_keeping(*state, (unsigned)keep);
        assert_int_equal(rows_there(*state), rows_needed(&history, GENERATIONS, kept));
        expect_readable(*state, store, &history, GENERATIONS, kept);
        store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kept_generation_reads_as_it_was, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
