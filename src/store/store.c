/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include "base/clock.h"
#include "base/gathering.h"
#include "base/memory.h"
#include "base/priority.h"
#include "store/database.h"
#include "store/generations.h"
#include "store/history.h"
#include "store/latencies.h"
#include "store/ledger.h"
#include "store/overrides.h"
#include "store/hostnames.h"
#include "store/paces.h"
#include "store/reports.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LETTER_STOP = -1 };

#define KEEP_EVENTS_USUAL    100000
#define KEEP_EVENTS_USUAL_MS (UINT64_C(90) * 86400 * 1000)
#define KEEP_AUDIT_USUAL     1000000
#define KEEP_AUDIT_USUAL_MS  (UINT64_C(365) * 86400 * 1000)

struct store {
    struct database db;
    int directory_fd; /* holds the lock on state_dir */
    unsigned keep_generations;
    struct store_history keep_history, keep_audit;
    struct mailbox *jobs;
    struct gathering gathering;
    struct letter stop;
    pthread_t thread;
    bool is_running;
};

/* ---- jobs ---------------------------------------------------------------------------------------------- */

struct store_job *store_job_new(enum store_job_kind kind)
{
    struct store_job *job = xcalloc(1, sizeof *job);
    job->letter.kind = (int)kind;
    return job;
}

static void list_free(struct store_generation *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].author);
        free(list[i].comment);
    }
    free(list);
}

void store_verdicts_free(struct store_verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(verdicts[i].endpoint);
        free(verdicts[i].target);
    }
    free(verdicts);
}

static void job_free(struct store_job *job)
{
    free(job->author);
    free(job->comment);
    free(job->import_digest);
    free(job->key);
    free(job->value);
    free(job->scope);
    objects_free(&job->objects);
    events_free(&job->events);
    tokens_free(&job->tokens);
    audit_free(&job->audit);
    free(job->audit_filter.who);
    free(job->audit_filter.target);
    store_verdicts_free(job->verdicts, job->verdict_count);
    store_reports_free(job->reports, job->report_count);
    store_paces_free(job->paces, job->pace_count);
    store_hostnames_free(job->hostnames, job->hostname_count);
    store_latencies_free(job->latencies, job->latency_count);
    list_free(job->list, job->list_count);
    free(job);
}

void store_job_free(struct store_job *job)
{
    while (job != NULL) {
        struct store_job *also = job->also;
        job_free(job);
        job = also;
    }
}

static bool job_is_read(const struct store_job *job)
{
    return job->letter.kind == STORE_READ_GENERATION || job->letter.kind == STORE_LIST_GENERATIONS ||
           job->letter.kind == STORE_LIST_EVENTS || job->letter.kind == STORE_LIST_TOKENS ||
           job->letter.kind == STORE_LIST_AUDIT;
}

/* What a read has gathered before it failed is not shown. */
static void job_give_up(struct store_job *job, const struct error *why)
{
    job->is_done = false;
    job->error = *why;
    list_free(job->list, job->list_count);
    job->list = NULL;
    job->list_count = 0;
    if (job_is_read(job)) {
        objects_free(&job->objects);
        job->objects = (struct objects){ 0 };
        events_free(&job->events);
        tokens_free(&job->tokens);
        audit_free(&job->audit);
    }
}

static bool job_put_generation(struct store *store, struct store_job *job)
{
    for (const struct store_job *each = job; each != NULL; each = each->also)
        if (!generations_put(&store->db, each, &job->error))
            return false;
    return generations_prune(&store->db, store->keep_generations, &job->error);
}

static bool job_read_generations(struct store *store, struct store_job *job)
{
    for (struct store_job *each = job; each != NULL; each = each->also)
        if (!generations_read(&store->db, each->generation, &each->objects, &job->error))
            return false;
    return true;
}

static bool job_run(struct store *store, struct store_job *job)
{
    struct database *db = &store->db;
    switch ((enum store_job_kind)job->letter.kind) {
    case STORE_PUT_GENERATION: return job_put_generation(store, job);
    case STORE_PUT_OVERRIDE: return overrides_put(db, job->key, &job->override, &job->error);
    case STORE_DELETE_OVERRIDE: return overrides_delete(db, job->key, &job->error);
    case STORE_SET_META: return meta_put(db, job->key, job->value, &job->error);
    case STORE_LIST_GENERATIONS: return generations_list(db, job, &job->error);
    case STORE_READ_GENERATION: return job_read_generations(store, job);
    case STORE_PUT_HISTORY: return history_put(db, job, &store->keep_history, &job->error);
    case STORE_PUT_LATENCY: return latencies_put(db, job->latencies, job->latency_count, &job->error);
    case STORE_LIST_EVENTS: return history_list(db, job, &job->error);
    case STORE_PUT_TOKEN: return ledger_put_token(db, &job->tokens.items[0], &job->error);
    case STORE_DELETE_TOKEN: return ledger_delete_token(db, job->key, &job->error);
    case STORE_TOUCH_TOKENS: return ledger_touch_tokens(db, &job->tokens, &job->error);
    case STORE_LIST_TOKENS: return ledger_list_tokens(db, &job->tokens, &job->error);
    case STORE_PUT_AUDIT: return true; /* with every job */
    case STORE_LIST_AUDIT: return ledger_list_audit(db, &job->audit_filter, &job->audit, &job->error);
    }
    return error_set(&job->error, "no such store job: %d", job->letter.kind);
}

/* What is done and who wanted it become durable together. */
static bool job_run_audited(struct store *store, struct store_job *job)
{
    if (!job_run(store, job))
        return false;
    for (struct store_job *each = job; each != NULL && !job_is_read(job); each = each->also)
        if (!ledger_put_audit(&store->db, &each->audit, each->generation, &store->keep_audit, &job->error))
            return false;
    return true;
}

/* ---- group commit -------------------------------------------------------------------------------------- */

/* False if the whole transaction is gone; a job that fails alone has only itself undone. */
static bool batch_run_job(struct store *store, struct store_job *job, struct error *err)
{
    if (!database_step(&store->db, "SAVEPOINT job", err))
        return false;
    job->is_done = job_run_audited(store, job);
    if (job->is_done)
        return database_step(&store->db, "RELEASE job", err);
    struct error why = job->error;
    job_give_up(job, &why);
    *err = why;
    return database_in_transaction(&store->db) &&
           database_run(&store->db, "ROLLBACK TO job; RELEASE job", err);
}

/* No other has to survive it, so what undoes it is that of the whole transaction. */
static bool batch_run_only(struct store *store, struct store_job *job, struct error *err)
{
    job->is_done = job_run_audited(store, job);
    if (!job->is_done)
        *err = job->error;
    return job->is_done;
}

static bool batch_run(struct store *store, struct store_job **jobs, size_t count, struct error *err)
{
    if (!database_is_in_place(&store->db, err) || !database_step(&store->db, "BEGIN", err))
        return false;
    if (count == 1)
        return batch_run_only(store, jobs[0], err) && database_step(&store->db, "COMMIT", err);
    for (size_t i = 0; i < count; i++)
        if (!batch_run_job(store, jobs[i], err))
            return false;
    return database_step(&store->db, "COMMIT", err);
}

/* What is there can be read although nothing can be written. */
static void job_read_alone(struct store *store, struct store_job *job)
{
    job->error = (struct error){ 0 };
    job->is_done = job_run(store, job);
    if (!job->is_done) {
        struct error why = job->error;
        job_give_up(job, &why);
    }
}

/* All jobs in one transaction: acknowledged after its commit, all of them, or refused. */
static void batch_commit(struct store *store, struct store_job **jobs, size_t count)
{
    struct error err = { 0 };
    if (batch_run(store, jobs, count, &err))
        return;
    if (database_in_transaction(&store->db))
        database_run(&store->db, "ROLLBACK", NULL);
    for (size_t i = 0; i < count; i++) {
        job_give_up(jobs[i], &err);
        if (job_is_read(jobs[i]))
            job_read_alone(store, jobs[i]);
    }
}

static void job_reply(struct store_job *job)
{
    if (job->reply_to != NULL)
        mailbox_post(job->reply_to, &job->letter);
    else
        store_job_free(job);
}

/* Events and figures follow a change by themselves: they are no writer that will come again. */
static size_t count_awaited(struct store_job *const *jobs, size_t count)
{
    size_t awaited = 0;
    for (size_t i = 0; i < count; i++)
        awaited += jobs[i]->context != NULL;
    return awaited;
}

/* Runs all the letters; true when one of them said to stop. */
static bool store_work(struct store *store, struct letter *letter)
{
    struct store_job **jobs = NULL;
    size_t count = 0, room = 0;
    bool is_stopped = false;
    gathering_begin(&store->gathering, clock_monotonic_us());
    for (; letter != NULL; letter = letter->next) {
        if (letter->kind == LETTER_STOP) {
            is_stopped = true;
            continue;
        }
        if (count == room) {
            room = room == 0 ? 16 : 2 * room;
            jobs = xrealloc(jobs, room, sizeof *jobs);
        }
        jobs[count++] = (struct store_job *)letter; /* the letter is its first member */
    }
    if (count > 0)
        batch_commit(store, jobs, count);
    gathering_end(&store->gathering, count_awaited(jobs, count), mailbox_count(store->jobs),
                  clock_monotonic_us());
    for (size_t i = 0; i < count; i++)
        job_reply(jobs[i]);
    database_settle(&store->db);
    free(jobs);
    return is_stopped;
}

static struct letter *wait_for_jobs(struct store *store)
{
    int left_ms = gathering_left_ms(&store->gathering, 0, clock_monotonic_us());
    struct letter *first = left_ms > 0 ? mailbox_gather(store->jobs, store->gathering.expected, left_ms)
                                       : mailbox_take(store->jobs);
    while (first == NULL) {
        mailbox_wait(store->jobs, -1);
        first = mailbox_take(store->jobs);
    }
    return first;
}

static void *store_loop(void *argument)
{
    struct store *store = argument;
    priority_give_way();
    while (!store_work(store, wait_for_jobs(store)))
        ;
    return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------------------ */

/* The lock is the directory's own: nothing is left behind by a crash, and backups can still read the file. */
static bool directory_lock(const char *state_dir, int *out, struct error *err)
{
    int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, "%s: %s; state_dir must be a directory that steerd may read and write",
                         state_dir, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set(err, "%s: %s", state_dir,
                  errno == EWOULDBLOCK ? "another steerd works here; stop it or use another state_dir"
                                       : strerrordesc_np(errno));
        close(fd);
        return false;
    }
    *out = fd;
    return true;
}

/* SQLite gives its -wal and -shm files the mode of the database file. */
static bool file_make_private(int directory_fd, const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set(err, "%s: %s", path, strerrordesc_np(errno));
    bool is_done = fchmod(fd, 0600) == 0 && fsync(directory_fd) == 0;
    if (!is_done)
        error_set(err, "%s: %s", path, strerrordesc_np(errno));
    close(fd);
    return is_done;
}

static bool head_read_history(struct database *db, struct store_head *head, struct error *err)
{
    char *seen_ms = NULL;
    if (!history_last_number(db, &head->last_event, err) ||
        !history_verdicts(db, &head->verdicts, &head->verdict_count, err) ||
        !reports_read(db, &head->reports, &head->report_count, err) ||
        !paces_read(db, &head->paces, &head->pace_count, err) ||
        !hostnames_read(db, &head->hostnames, &head->hostname_count, err) ||
        !meta_get(db, "verdicts_seen_ms", &seen_ms, err))
        return false;
    head->verdicts_seen_ms = seen_ms != NULL ? strtoll(seen_ms, NULL, 10) : 0;
    free(seen_ms);
    return true;
}

static bool head_read(struct database *db, struct store_head *head, struct error *err)
{
    return generations_head(db, &head->generation, &head->origin, err) &&
           (head->generation == 0 || generations_read(db, head->generation, &head->objects, err)) &&
           meta_get(db, "import_digest", &head->import_digest, err) &&
           overrides_read(db, &head->overrides, &head->override_count, err) &&
           latencies_read(db, &head->latencies, &head->latency_count, err) &&
           head_read_history(db, head, err);
}

static bool database_make_ready(struct store *store, const char *state_dir, struct error *err)
{
    char *path = xasprintf("%s/steerd.db", state_dir);
    bool is_ready = file_make_private(store->directory_fd, path, err) &&
                    database_open(&store->db, path, err) && schema_bring_up_to_date(&store->db, err) &&
                    generations_prune(&store->db, store->keep_generations, err);
    free(path);
    return is_ready;
}

bool store_open(const char *state_dir, unsigned keep_generations, struct store **out, struct store_head *head,
                struct error *err)
{
    struct store *store = xcalloc(1, sizeof *store);
    store->directory_fd = -1;
    store->keep_generations = keep_generations;
    store->keep_history = (struct store_history){ KEEP_EVENTS_USUAL, KEEP_EVENTS_USUAL_MS };
    store->keep_audit = (struct store_history){ KEEP_AUDIT_USUAL, KEEP_AUDIT_USUAL_MS };
    store->jobs = mailbox_new();
    *head = (struct store_head){ 0 };
    if (!directory_lock(state_dir, &store->directory_fd, err) ||
        !database_make_ready(store, state_dir, err) || !head_read(&store->db, head, err)) {
        store_head_free(head);
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

void store_keep_history(struct store *store, const struct store_history *keep)
{
    store->keep_history = *keep;
}

void store_keep_audit(struct store *store, const struct store_history *keep)
{
    store->keep_audit = *keep;
}

bool store_start(struct store *store, struct error *err)
{
    int code = pthread_create(&store->thread, NULL, store_loop, store);
    if (code != 0)
        return error_set(err, "cannot start the store thread: %s", strerrordesc_np(code));
    pthread_setname_np(store->thread, "store");
    store->is_running = true;
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->is_running) {
        store->stop.kind = LETTER_STOP;
        mailbox_post(store->jobs, &store->stop);
        pthread_join(store->thread, NULL);
    }
    store_work(store, mailbox_take(store->jobs)); /* what came in behind the stop */
    mailbox_free(store->jobs);
    database_close(&store->db);
    if (store->directory_fd >= 0)
        close(store->directory_fd);
    free(store);
}

void store_head_free(struct store_head *head)
{
    objects_free(&head->objects);
    free(head->import_digest);
    for (size_t i = 0; i < head->override_count; i++)
        free(head->overrides[i].key);
    free(head->overrides);
    store_verdicts_free(head->verdicts, head->verdict_count);
    store_reports_free(head->reports, head->report_count);
    store_paces_free(head->paces, head->pace_count);
    store_hostnames_free(head->hostnames, head->hostname_count);
    store_latencies_free(head->latencies, head->latency_count);
    *head = (struct store_head){ 0 };
}

void store_post(struct store *store, struct store_job *job)
{
    mailbox_post(store->jobs, &job->letter);
}
