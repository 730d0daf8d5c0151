/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/latency_keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/priority.h"
#include "control/latency_book.h"
#include "snapshot/snapshot.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { TASK_STOP = 400, TASK_SAMPLES, SECTION_SAMPLES = 256 };

/* A command on its way: kinds of commands and of store jobs are numbered alike. */
struct task {
    struct letter letter;
    struct command *command;
};

#define NEWS_MS 2000
#define AGE_MS  60000

struct latency_keeper {
    struct mailbox *box, *control;
    struct store *store;
    struct latency_book *book;
    pthread_t thread;
    bool has_news, is_stopping;
    uint64_t told_ms; /* when control was told last; monotonic */
};

/* Locations are read from the current snapshot, a piece at a time: no section is held for long. */
static void take_samples(struct latency_keeper *keeper, const struct command *command)
{
    int64_t now_ms = clock_wall_ms();
    for (size_t from = 0; from < command->sample_count; from += SECTION_SAMPLES) {
        const struct snapshot *now = snapshot_acquire();
        const struct geo *geo = now != NULL ? now->dataset->geo : NULL;
        for (size_t i = from; i < command->sample_count && i < from + SECTION_SAMPLES; i++) {
            const struct latency_sample *sample = &command->samples[i];
            latency_book_add(keeper->book, &sample->client, geo_find(geo, &sample->client, NULL),
                             sample->endpoint, sample->us, now_ms);
        }
        snapshot_release();
    }
}

/* Stores what changed; `command` waits for it. */
static void store_changes(struct latency_keeper *keeper, struct command *command)
{
    struct store_job *job = store_job_new(STORE_PUT_LATENCY);
    job->reply_to = keeper->box;
    job->context = command;
    latency_book_take_changes(keeper->book, &job->latencies, &job->latency_count);
    store_post(keeper->store, job);
}

static void was_stored(struct store_job *job)
{
    struct command *command = job->context;
    if (!job->is_done)
        log_error("latency samples were not stored: %s", job->error.text);
    if (command != NULL) {
        command->error = job->error;
        command_return(command, job->is_done ? RESULT_DONE : RESULT_UNAVAILABLE);
    }
    store_job_free(job);
}

static struct command *command_of(struct letter *letter)
{
    struct task *task = (struct task *)letter;
    struct command *command = task->command;
    free(task);
    return command;
}

static void take_letter(struct latency_keeper *keeper, struct letter *letter)
{
    switch (letter->kind) {
    case STORE_PUT_LATENCY: was_stored((struct store_job *)letter); return;
    case TASK_STOP:
        free(letter);
        keeper->is_stopping = true;
        return;
    case TASK_SAMPLES: {
        struct command *command = command_of(letter);
        take_samples(keeper, command);
        keeper->has_news = true;
        store_changes(keeper, command);
        return;
    }
    default: assert(false); /* nobody sends anything else */
    }
}

static void take_letters(struct latency_keeper *keeper)
{
    struct letter *next;
    for (struct letter *letter = mailbox_take(keeper->box); letter != NULL; letter = next) {
        next = letter->next;
        take_letter(keeper, letter);
    }
}

static void tell(struct latency_keeper *keeper)
{
    struct latency_news *news = xcalloc(1, sizeof *news);
    news->letter.kind = LETTER_LATENCY;
    news->table = latency_book_table(keeper->book, clock_wall_ms());
    mailbox_post(keeper->control, &news->letter);
    keeper->has_news = false;
    keeper->told_ms = clock_monotonic_ms();
}

/* How long until control is to be told; -1: not before there are samples. */
static int wait_ms(const struct latency_keeper *keeper)
{
    if (!keeper->has_news && latency_book_count(keeper->book) == 0)
        return -1;
    uint64_t due_ms = keeper->told_ms + (keeper->has_news ? NEWS_MS : AGE_MS), now_ms = clock_monotonic_ms();
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

static void *keeper_main(void *arg)
{
    struct latency_keeper *keeper = arg;
    priority_give_way();
    snapshot_register_thread();
    while (!keeper->is_stopping) {
        int left_ms = wait_ms(keeper);
        if (left_ms == 0) {
            bool is_aging = !keeper->has_news;
            tell(keeper);
            if (is_aging) /* what was forgotten goes from the store as well */
                store_changes(keeper, NULL);
            continue;
        }
        mailbox_wait(keeper->box, left_ms);
        take_letters(keeper);
    }
    snapshot_unregister_thread();
    return NULL;
}

bool latency_keeper_start(struct store *store, struct mailbox *control, const struct store_head *head,
                          struct latency_keeper **out, struct error *err)
{
    struct latency_keeper *keeper = xcalloc(1, sizeof *keeper);
    keeper->box = mailbox_new();
    keeper->control = control;
    keeper->store = store;
    keeper->book = latency_book_new(LATENCY_PAIRS_MOST);
    for (size_t i = 0; i < head->latency_count; i++)
        latency_book_restore(keeper->book, &head->latencies[i]);
    keeper->has_news = head->latency_count > 0;
    if (pthread_create(&keeper->thread, NULL, keeper_main, keeper) != 0) {
        mailbox_free(keeper->box);
        latency_book_free(keeper->book);
        free(keeper);
        return error_set(err, "cannot start the latency thread");
    }
    pthread_setname_np(keeper->thread, "latency");
    *out = keeper;
    return true;
}

void latency_keeper_stop(struct latency_keeper *keeper)
{
    struct letter *stop = xcalloc(1, sizeof *stop);
    stop->kind = TASK_STOP;
    mailbox_post(keeper->box, stop);
    pthread_join(keeper->thread, NULL);
}

void latency_keeper_free(struct latency_keeper *keeper)
{
    struct letter *next;
    if (keeper == NULL)
        return;
    for (struct letter *letter = mailbox_take(keeper->box); letter != NULL; letter = next) {
        next = letter->next;
        if (letter->kind == STORE_PUT_LATENCY)
            was_stored((struct store_job *)letter);
        else
            command_return(command_of(letter), RESULT_UNAVAILABLE);
    }
    latency_book_free(keeper->book);
    mailbox_free(keeper->box);
    free(keeper);
}

/* Samples to endpoints that do not exist would only take room. */
static bool are_known(const struct world *world, struct command *command)
{
    for (size_t i = 0; i < command->sample_count; i++) {
        const char *endpoint = command->samples[i].endpoint;
        if (world_has_endpoint(world, endpoint))
            continue;
        char *pointer = xasprintf("/samples/%zu/endpoint", i);
        problems_add(&command->problems, NULL, 0, 0, pointer, "there is no endpoint \"%s\"", endpoint);
        free(pointer);
    }
    return command->problems.error_count == 0;
}

void latency_keeper_post(struct latency_keeper *keeper, const struct world *world, struct command *command)
{
    if (!are_known(world, command)) {
        command_return(command, RESULT_INVALID);
        return;
    }
    struct task *task = xcalloc(1, sizeof *task);
    *task = (struct task){ { .kind = TASK_SAMPLES }, command };
    mailbox_post(keeper->box, &task->letter);
}
