/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../store/store_test.h"

#include "base/clock.h"
#include "control/chronicle.h"

#include <poll.h>

static void note(struct chronicle *chronicle, const char *subject)
{
    char name[16];
    snprintf(name, sizeof name, "%s", subject);
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_POOL, .subject = name });
}

/* Takes the job that came back, and tells how many events it brought to disk. */
static size_t came(struct fixture *fixture, struct chronicle *chronicle)
{
    struct store_job *job = wait_reply(fixture);
    assert_true(job->is_done);
    size_t count = job->events.count;
    chronicle_came(chronicle, job);
    store_job_free(job);
    return count;
}

static void verdict(struct chronicle *chronicle, unsigned endpoint, uint8_t said)
{
    char name[16];
    snprintf(name, sizeof name, "us/%u", endpoint);
    chronicle_verdict(chronicle,
                      &(struct store_verdict){ .endpoint = name, .verdict = said, .evidence.check = "web" });
}

static void sleep_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

static void events_in_a_storm_go_to_disk_together(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct fixture *fixture = *state;
    struct chronicle *chronicle = chronicle_new(store, fixture->replies, 0);
    note(chronicle, "first");
    chronicle_flush(chronicle);
    assert_int_equal(came(fixture, chronicle), 1); /* after a silence: at once */
    size_t jobs = 0, stored = 0;
    uint64_t begin_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < 200; i++) {
        note(chronicle, "again");
        if (chronicle_flush(chronicle) > 1000) { /* under way */
            stored += came(fixture, chronicle);
            jobs++;
        }
        sleep_ms(1);
    }
    uint64_t took_ms = clock_monotonic_ms() - begin_ms;
    assert_in_range(jobs, 0, took_ms / 50 + 1);
    while (stored < 200) { /* what is left comes by itself, when it said */
        int wait_ms = chronicle_flush(chronicle);
        if (wait_ms > 1000)
            stored += came(fixture, chronicle);
        else
            sleep_ms(wait_ms);
    }
    assert_int_equal(stored, 200);
    store_close(store);
    chronicle_free(chronicle);
}

static void who_reads_finds_what_was_noted_before(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct fixture *fixture = *state;
    struct chronicle *chronicle = chronicle_new(store, fixture->replies, 0);
    for (unsigned i = 0; i < 3; i++) { /* the first is under way meanwhile */
        note(chronicle, "each");
        chronicle_hurry(chronicle);
    }
    struct store_job *job = store_job_new(STORE_LIST_EVENTS);
    job->most = 10;
    job->reply_to = fixture->replies;
    store_post(store, job);
    store_close(store);
    for (struct letter *next, *letter = mailbox_take(fixture->replies); letter != NULL; letter = next) {
        next = letter->next;
        job = (struct store_job *)letter;
        if (letter->kind == STORE_LIST_EVENTS)
            assert_int_equal(job->events.count, 3);
        else
            chronicle_came(chronicle, job);
        store_job_free(job);
    }
    chronicle_free(chronicle);
}

static void nothing_goes_to_disk_when_nothing_happens(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct fixture *fixture = *state;
    struct chronicle *chronicle = chronicle_new(store, fixture->replies, 0);
    chronicle_flush(chronicle); /* says that the verdicts hold */
    assert_int_equal(came(fixture, chronicle), 0);
    assert_in_range(chronicle_flush(chronicle), 5000, 15000);
    chronicle_hurry(chronicle);
    store_close(store);
    assert_null(mailbox_take(fixture->replies));
    chronicle_free(chronicle);
}

/* The disk does not answer: its job is under way, and nobody takes what would come back. */
static void verdicts_that_wait_for_a_disk_are_no_more_than_endpoints(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct fixture *fixture = *state;
    struct chronicle *chronicle = chronicle_new(store, fixture->replies, 0);
    chronicle_flush(chronicle);
    for (unsigned i = 0; i < 10000; i++) {
        verdict(chronicle, i % 20, i >= 9980 ? HEALTH_DOWN : HEALTH_UP);
        chronicle_pace(chronicle, &(struct store_pace){ .endpoint = (char[]){ "us/1" }, .grown_ms = i });
        assert_true(chronicle_flush(chronicle) > 1000);
        if (i % 100 == 0) { /* somebody reads events: they go, and nothing with them */
            note(chronicle, "read");
            chronicle_hurry(chronicle);
        }
    }
    struct store_job *job = NULL;
    for (unsigned jobs = 0; jobs < 101;) {
        assert_true(mailbox_wait(fixture->replies, 20000));
        for (struct letter *next, *letter = mailbox_take(fixture->replies); letter != NULL; letter = next) {
            next = letter->next;
            job = (struct store_job *)letter;
            assert_int_equal(job->verdict_count, 0);
            chronicle_came(chronicle, job);
            store_job_free(job);
            jobs++;
        }
    }
    while (chronicle_flush(chronicle) <= 1000)
        sleep_ms(1);
    job = wait_reply(fixture);
    assert_in_range(job->verdict_count, 20, 128);
    assert_in_range(job->pace_count, 1, 64);
    assert_int_equal(job->verdicts[job->verdict_count - 1].verdict, HEALTH_DOWN);
    chronicle_came(chronicle, job);
    store_job_free(job);
    store_close(store);
    chronicle_free(chronicle);
}

static void what_the_disk_refused_is_written_when_it_takes_it(void **state)
{
    struct store *store = start_keeping(*state, 10);
    struct fixture *fixture = *state;
    struct chronicle *chronicle = chronicle_new(store, fixture->replies, 0);
    struct store_head head;
    char *path = fixture_path(fixture, "steerd.db"), *aside = fixture_path(fixture, "aside");
    assert_int_equal(rename(path, aside), 0); /* as if it were gone: nothing is written */
    verdict(chronicle, 1, HEALTH_UP);
    verdict(chronicle, 2, HEALTH_UP);
    note(chronicle, "lost");
    chronicle_flush(chronicle);
    struct store_job *job = wait_reply(fixture);
    assert_false(job->is_done);
    verdict(chronicle, 2, HEALTH_DOWN); /* meanwhile */
    chronicle_came(chronicle, job);
    store_job_free(job);
    assert_int_equal(chronicle_lost(chronicle), 1);
    assert_in_range(chronicle_flush(chronicle), 100, 1000); /* not at once */
    assert_int_equal(rename(aside, path), 0);
    for (int wait_ms; (wait_ms = chronicle_flush(chronicle)) <= 1000;)
        sleep_ms(wait_ms);
    came(fixture, chronicle);
    store_close(store);
    store_close(open_keeping(fixture, 10, &head));
    assert_int_equal(head.verdict_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(head.verdicts[i].verdict,
                         strcmp(head.verdicts[i].endpoint, "us/1") == 0 ? HEALTH_UP : HEALTH_DOWN);
    store_head_free(&head);
    chronicle_free(chronicle);
    free(path);
    free(aside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_in_a_storm_go_to_disk_together, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(who_reads_finds_what_was_noted_before, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(verdicts_that_wait_for_a_disk_are_no_more_than_endpoints,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(what_the_disk_refused_is_written_when_it_takes_it, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(nothing_goes_to_disk_when_nothing_happens, fixture_open,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
