/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A state directory of its own for each test. */
struct fixture {
    char directory[64];
    struct mailbox *replies;
};

static int fixture_open(void **state)
{
    struct fixture *fixture = xcalloc(1, sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/steerd-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->replies = mailbox_new();
    *state = fixture;
    return 0;
}

static char *fixture_path(const struct fixture *fixture, const char *name)
{
    return xasprintf("%s/%s", fixture->directory, name);
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    const char *const names[] = { "steerd.db", "steerd.db-wal", "steerd.db-shm" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = fixture_path(fixture, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(fixture->directory);
    mailbox_free(fixture->replies);
    free(fixture);
    return 0;
}

static inline struct store *open_keeping(const struct fixture *fixture, unsigned keep,
                                         struct store_head *head)
{
    struct store *store = NULL;
    struct error err = { 0 };
    if (!store_open(fixture->directory, keep, &store, head, &err))
        fail_msg("%s", err.text);
    return store;
}

static inline struct store *start_keeping(const struct fixture *fixture, unsigned keep)
{
    struct store_head head;
    struct store *store = open_keeping(fixture, keep, &head);
    store_head_free(&head);
    struct error err = { 0 };
    if (!store_start(store, &err))
        fail_msg("%s", err.text);
    return store;
}

static inline struct store_job *wait_reply(const struct fixture *fixture)
{
    assert_true(mailbox_wait(fixture->replies, 20000));
    struct letter *letter = mailbox_take(fixture->replies);
    assert_non_null(letter);
    assert_null(letter->next);
    return (struct store_job *)letter;
}

static inline struct store_job *run(const struct fixture *fixture, struct store *store, struct store_job *job)
{
    job->reply_to = fixture->replies;
    store_post(store, job);
    return wait_reply(fixture);
}

/* Runs it, expects success, frees it. */
static inline void run_well(const struct fixture *fixture, struct store *store, struct store_job *job)
{
    job = run(fixture, store, job);
    if (!job->is_done)
        fail_msg("%s", job->error.text);
    store_job_free(job);
}

static inline struct store_job *put_job(uint64_t generation)
{
    struct store_job *job = store_job_new(STORE_PUT_GENERATION);
    job->generation = generation;
    job->origin = STORE_ORIGIN_API;
    job->author = xstrdup("alice");
    return job;
}

/* `text` NULL deletes. */
static inline void put_object(struct store_job *job, enum object_kind kind, const char *name,
                              const char *text)
{
    objects_add(&job->objects, kind, name, text != NULL ? xstrdup(text) : NULL,
                text != NULL ? strlen(text) : 0);
}

static inline struct store_job *override_job(const char *key, uint32_t weight)
{
    struct store_job *job = store_job_new(STORE_PUT_OVERRIDE);
    job->key = xstrdup(key);
    job->override = (struct override){ .state = OVERRIDE_NONE, .has_weight = true, .weight = weight };
    return job;
}
