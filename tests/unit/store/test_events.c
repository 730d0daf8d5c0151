/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events and verdicts: written, listed, forgotten, there after a restart. */
#include "store_test.h"

#include "base/clock.h"
#include "store/database.h"

static struct store *start_history(const struct fixture *fixture, unsigned keep, uint64_t keep_ms,
                                   struct store_head *head)
{
    struct error err = { 0 };
    struct store *store = open_keeping(fixture, 10, head);
    const struct store_history history = { keep, keep_ms };
    store_keep_history(store, &history);
    assert_true(store_start(store, &err));
    return store;
}

static void add(struct store_job *job, uint64_t number, enum event_kind kind, const char *subject)
{
    struct event event = { .number = number, .wall_ms = clock_wall_ms(), .kind = kind };
    event.subject = (char *)(uintptr_t)subject;
    event.state = (char *)(uintptr_t) "down";
    events_add(&job->events, &event);
}

static void put_some(const struct fixture *fixture, struct store *store, uint64_t from, uint64_t to)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    for (uint64_t number = from; number <= to; number++)
        add(job, number, number % 2 == 0 ? EVENT_POOL : EVENT_ENDPOINT, number % 2 == 0 ? "us" : "us/a");
    run_well(fixture, store, job);
}

/* "3 5 7" */
static char *list(const struct fixture *fixture, struct store *store, struct store_job *job)
{
    struct text text = { 0 };
    job = run(fixture, store, job);
    assert_true(job->is_done);
    for (size_t i = 0; i < job->events.count; i++)
        text_printf(&text, "%s%" PRIu64, i > 0 ? " " : "", job->events.items[i].number);
    store_job_free(job);
    return text_take(&text);
}

static void events_are_listed_by_cursor_kind_and_subject(void **state)
{
    const struct {
        bool has_before;
        uint64_t before;
        unsigned most;
        bool has_kind;
        const char *subject, *expected;
    } cases[] = {
        { true, 0, 100, false, NULL, "1 2 3 4 5 6 7 8 9 10" },
        { true, 7, 2, false, NULL, "8 9" },
        { true, 10, 100, false, NULL, "" },
        { true, UINT64_MAX, 100, false, NULL, "" },
        { false, 0, 3, false, NULL, "8 9 10" },
        { false, 0, 2, true, NULL, "8 10" },
        { true, 0, 2, true, NULL, "2 4" },
        { true, 0, 100, false, "us", "1 2 3 4 5 6 7 8 9 10" },
        { true, 4, 100, false, "us/a", "5 7 9" },
        { true, 0, 100, false, "u", "" },
        { true, 0, 100, false, "us/a' OR '1'='1", "" },
    };
    struct store_head head;
    struct store *store = start_history(*state, 100, 1000000, &head);
    assert_int_equal(head.last_event, 0);
    store_head_free(&head);
    put_some(*state, store, 1, 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_job *job = store_job_new(STORE_LIST_EVENTS);
        job->has_before = cases[i].has_before;
        job->before = cases[i].before;
        job->most = cases[i].most;
        job->has_kind = cases[i].has_kind;
        job->kind = EVENT_POOL;
        job->key = cases[i].subject != NULL ? xstrdup(cases[i].subject) : NULL;
        char *got = list(*state, store, job);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        free(got);
    }
    store_close(store);
}

static char *list_all(const struct fixture *fixture, struct store *store)
{
    struct store_job *job = store_job_new(STORE_LIST_EVENTS);
    job->has_before = true;
    job->most = 1000;
    return list(fixture, store, job);
}

static void old_events_are_forgotten_by_count_and_age_and_numbers_never_come_again(void **state)
{
    struct store_head head;
    struct store *store = start_history(*state, 4, 1000000, &head);
    store_head_free(&head);
    put_some(*state, store, 1, 10);
    char *got = list_all(*state, store);
    assert_string_equal(got, "7 8 9 10");
    free(got);
    store_close(store);

    store = start_history(*state, 100, 0, &head);
    assert_int_equal(head.last_event, 10);
    store_head_free(&head);
    usleep(2000);
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    add(job, 11, EVENT_POOL, "us");
    job->events.items[0].wall_ms += 60000; /* the others are too old now */
    run_well(*state, store, job);
    got = list_all(*state, store);
    assert_string_equal(got, "11");
    free(got);
    store_close(store);
}

static void an_event_is_read_as_it_was_put(void **state)
{
    struct store_head head;
    struct store *store = start_history(*state, 10, 1000000, &head);
    store_head_free(&head);
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    struct event event = { .number = 1, .wall_ms = 1600000000123, .kind = EVENT_OVERRIDE };
    char subject[] = "us/a", now[] = "drain", was[] = "up", check[] = "web", author[] = "j\"o",
         text[] = "a\xff\n";
    event.subject = subject;
    event.state = now;
    event.was = was;
    event.check = check;
    event.author = author;
    event.text = text;
    events_add(&job->events, &event);
    job->events.items[0].wall_ms = clock_wall_ms();
    run_well(*state, store, job);
    job = store_job_new(STORE_LIST_EVENTS);
    job->most = 1;
    job = run(*state, store, job);
    assert_int_equal(job->events.count, 1);
    job->events.items[0].wall_ms = 1600000000123;
    struct text out = { 0 };
    event_print(&job->events.items[0], &out);
    assert_string_equal(
        out.bytes,
        "{\"number\":1,\"time\":\"2020-09-13T12:26:40.123Z\",\"kind\":\"override\",\"subject\":\"us/a\","
        "\"state\":\"drain\",\"was\":\"up\",\"check\":\"web\",\"author\":\"j\\\"o\",\"text\":\"a?\\n\"}");
    text_free(&out);
    store_job_free(job);
    store_close(store);
}

static void put_verdict(const struct fixture *fixture, struct store *store, const char *endpoint,
                        const char *check, uint8_t verdict)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->verdicts = xcalloc(1, sizeof *job->verdicts);
    job->verdict_count = 1;
    job->value = xstrdup("1234567890123");
    job->verdicts[0] = (struct store_verdict){
        .endpoint = xstrdup(endpoint),
        .target = xstrdup("192.0.2.1"),
        .verdict = verdict,
        .evidence = { .since_wall_ms = 77,
                      .latency_us = 5,
                      .status = 503,
                      .has_replied = true,
                      .certificate_ends_s = 1800000000,
                      .text = "HTTP 503" },
    };
    snprintf(job->verdicts[0].evidence.check, sizeof job->verdicts[0].evidence.check, "%s", check);
    run_well(fixture, store, job);
}

static void verdicts_are_there_after_a_restart(void **state)
{
    struct store_head head;
    struct store *store = start_history(*state, 10, 1000000, &head);
    store_head_free(&head);
    put_verdict(*state, store, "us/a", "web", HEALTH_UP);
    put_verdict(*state, store, "us/a", "web", HEALTH_DOWN);
    put_verdict(*state, store, "us/b", "web", HEALTH_UP);
    put_verdict(*state, store, "us/b", "dns", HEALTH_UP);
    put_verdict(*state, store, "us/b", "dns", HEALTH_UNKNOWN);
    put_verdict(*state, store, "us/c", "web", HEALTH_UP);
    put_verdict(*state, store, "us/c", "dns", HEALTH_UP);
    put_verdict(*state, store, "us/c", "", HEALTH_UNKNOWN);
    store_close(store);

    store = start_history(*state, 10, 1000000, &head);
    assert_int_equal(head.verdicts_seen_ms, 1234567890123);
    assert_int_equal(head.verdict_count, 2);
    const struct store_verdict *verdict = &head.verdicts[0];
    assert_string_equal(verdict->endpoint, "us/a");
    assert_string_equal(verdict->target, "192.0.2.1");
    assert_int_equal(verdict->verdict, HEALTH_DOWN);
    assert_string_equal(verdict->evidence.check, "web");
    assert_string_equal(verdict->evidence.text, "HTTP 503");
    assert_int_equal(verdict->evidence.since_wall_ms, 77);
    assert_int_equal(verdict->evidence.status, 503);
    assert_true(verdict->evidence.has_replied);
    assert_int_equal(verdict->evidence.certificate_ends_s, 1800000000);
    assert_string_equal(head.verdicts[1].endpoint, "us/b");
    assert_int_equal(head.verdicts[1].verdict, HEALTH_UP);
    store_head_free(&head);
    store_close(store);
}

static void put_report(const struct fixture *fixture, struct store *store, const char *endpoint,
                       int64_t wall_ms)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->reports = xcalloc(1, sizeof *job->reports);
    job->report_count = 1;
    job->reports[0] = (struct store_report){ xstrdup(endpoint), xstrdup("beat"), wall_ms, 30000 };
    run_well(fixture, store, job);
}

static void the_last_report_is_there_after_a_restart(void **state)
{
    struct store_head head;
    struct store *store = start_history(*state, 10, 1000000, &head);
    store_head_free(&head);
    put_report(*state, store, "us/a", 1);
    put_report(*state, store, "us/a", 2);
    put_report(*state, store, "us/gone", 3);
    put_verdict(*state, store, "us/gone", "", HEALTH_UNKNOWN);
    store_close(store);

    store = start_history(*state, 10, 1000000, &head);
    assert_int_equal(head.report_count, 1);
    assert_string_equal(head.reports[0].endpoint, "us/a");
    assert_string_equal(head.reports[0].check, "beat");
    assert_int_equal(head.reports[0].wall_ms, 2);
    assert_int_equal(head.reports[0].ttl_ms, 30000);
    store_head_free(&head);
    store_close(store);
}

static void verdicts_of_an_older_schema_are_read(void **state)
{
    struct store_head head;
    struct error err;
    struct database db;
    store_close(start_history(*state, 10, 1000000, &head));
    store_head_free(&head);
    char *path = fixture_path(*state, "steerd.db");
    assert_true(database_open(&db, path, &err));
    assert_true(
        database_run(&db,
                     "DROP TABLE hostnames; DROP TABLE tokens; DROP TABLE audit; DROP TABLE paces; DROP "
                     "TABLE reports; ALTER TABLE "
                     "verdicts DROP COLUMN certificate_ends_s;"
                     "INSERT INTO verdicts VALUES ('us/a', 'web', '192.0.2.1', 'up', 7, 200, 5, 1, 'x');"
                     "PRAGMA user_version=4;",
                     &err));
    database_close(&db);
    free(path);
    store_close(start_history(*state, 10, 1000000, &head));
    assert_int_equal(head.verdict_count, 1);
    assert_int_equal(head.verdicts[0].evidence.since_wall_ms, 7);
    assert_int_equal(head.verdicts[0].evidence.certificate_ends_s, 0);
    assert_int_equal(head.report_count, 0);
    store_head_free(&head);
}

static void put_pace(const struct fixture *fixture, struct store *store, const char *endpoint, bool was_down,
                     int64_t hold_until_wall_ms, int64_t grown_ms)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->paces = xcalloc(1, sizeof *job->paces);
    job->pace_count = 1;
    job->paces[0] = (struct store_pace){ xstrdup(endpoint), was_down, hold_until_wall_ms, grown_ms };
    run_well(fixture, store, job);
}

static void paces_are_there_after_a_restart(void **state)
{
    struct store_head head;
    struct store *store = start_history(*state, 10, 1000000, &head);
    store_head_free(&head);
    put_pace(*state, store, "us/a", true, 0, -1);
    put_pace(*state, store, "us/a", false, HELD_MANUALLY, 7);
    put_pace(*state, store, "us/b", false, 5, -1);
    put_pace(*state, store, "us/b", false, 0, -1); /* nothing to remember */
    store_close(store);
    store = start_history(*state, 10, 1000000, &head);
    assert_int_equal(head.pace_count, 1);
    assert_string_equal(head.paces[0].endpoint, "us/a");
    assert_false(head.paces[0].was_down);
    assert_true(head.paces[0].hold_until_wall_ms == HELD_MANUALLY);
    assert_int_equal(head.paces[0].grown_ms, 7);
    store_head_free(&head);
    store_close(store);
}

static void put_hostname(const struct fixture *fixture, struct store *store, const char *hostname,
                         const struct resolved *resolved)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->hostnames = xcalloc(1, sizeof *job->hostnames);
    job->hostname_count = 1;
    job->hostnames[0] = (struct known_name){ xstrdup(hostname), *resolved };
    run_well(fixture, store, job);
}

static void addresses_of_hostnames_are_there_after_a_restart(void **state)
{
    static const struct resolved nothing;
    const struct resolved both = { .count_v4 = 2,
                                   .count_v6 = 1,
                                   .ipv4 = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } },
                                   .ipv6 = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
                                   .ttl_s = 60,
                                   .wall_ms = 5000,
                                   .is_stale = true };
    struct store_head head;
    struct store *store = start_history(*state, 10, 1000000, &head);
    store_head_free(&head);
    put_hostname(*state, store, "a.example.net", &both);
    put_hostname(*state, store, "b.example.net", &both);
    put_hostname(*state, store, "b.example.net", &nothing);
    store_close(store);
    store = start_history(*state, 10, 1000000, &head);
    assert_int_equal(head.hostname_count, 1);
    assert_string_equal(head.hostnames[0].hostname, "a.example.net");
    assert_memory_equal(&head.hostnames[0].resolved, &both, sizeof both);
    store_head_free(&head);
    store_close(store);
}

static void addresses_that_hold_were_confirmed_within_their_ttl(void **state)
{
    (void)state;
    struct known_name name = { .resolved = { .ttl_s = 60, .wall_ms = 5000 } };
    assert_int_equal(store_hostname_confirmed_ms(&name, 1000000), 940000);
    assert_int_equal(store_hostname_confirmed_ms(&name, 6000), 5000);
    name.resolved.is_stale = true;
    assert_int_equal(store_hostname_confirmed_ms(&name, 1000000), 5000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(events_are_listed_by_cursor_kind_and_subject),
        CASE(old_events_are_forgotten_by_count_and_age_and_numbers_never_come_again),
        CASE(an_event_is_read_as_it_was_put),
        CASE(verdicts_are_there_after_a_restart),
        CASE(paces_are_there_after_a_restart),
        CASE(addresses_of_hostnames_are_there_after_a_restart),
        cmocka_unit_test(addresses_that_hold_were_confirmed_within_their_ttl),
        cmocka_unit_test_setup_teardown(the_last_report_is_there_after_a_restart, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(verdicts_of_an_older_schema_are_read, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
