/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/query_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORKERS 3
#define QUERIES 20000

static void *see_many(void *context)
{
    static const struct address client = { .family = ADDRESS_V4, .bytes = { 127, 0, 0, 1 } };
    uint8_t query[12] = { 0 };
    for (unsigned i = 0; i < QUERIES; i++) {
        if (i % 64 == 0)
            observer_begin(context);
        observer_see(context, TRANSPORT_UDP, &client, 53,
                     &(struct message){ .packet = query, .size = sizeof query, .out = query });
    }
    return NULL;
}

static uint64_t count_lines(const char *path)
{
    uint64_t lines = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int byte; (byte = getc(file)) != EOF;)
        lines += byte == '\n';
    fclose(file);
    return lines;
}

static void all_that_was_taken_is_written_and_the_rest_is_counted(void **state)
{
    (void)state;
    char path[] = "/tmp/steerd-queries-XXXXXX";
    struct answer_counters *counters = calloc(WORKERS, sizeof *counters);
    struct observer *observers[WORKERS];
    struct query_log *log;
    struct error err;
    pthread_t threads[WORKERS];
    close(mkstemp(path));
    const struct query_log_settings settings = { .file = path, .file_chance = UINT32_MAX };
    for (unsigned i = 0; i < WORKERS; i++)
        observers[i] = observer_new(&settings, &counters[i]);
    assert_true(query_log_start(&settings, observers, WORKERS, &counters[0].log_failed, &log, &err));
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, see_many, observers[i]), 0);
    query_log_reopen(log);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    query_log_stop(log);
    uint64_t taken = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(counters[i].log_taken + counters[i].log_dropped, QUERIES);
        taken += counters[i].log_taken;
        observer_free(observers[i]);
    }
    assert_int_equal(count_lines(path), taken);
    assert_int_equal(counters[0].log_failed, 0);
    unlink(path);
    free(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_taken_is_written_and_the_rest_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
