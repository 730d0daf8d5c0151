/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens when the disk or the process gives up in the middle. */
#include "store_test.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { OBJECTS = 5, ROUNDS = 50, IN_FLIGHT = 4 };

/* All objects of a generation carry its number: a half-applied one shows. */
static struct store_job *numbered_job(uint64_t generation, size_t padding)
{
    struct store_job *job = put_job(generation);
    for (int i = 0; i < OBJECTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "pool-%d", i);
        char *text = xcalloc(32 + padding, 1);
        int size = snprintf(text, 32, "%" PRIu64, generation);
        memset(text + size, ' ', padding);
        objects_add(&job->objects, OBJECT_POOL, name, text, (size_t)size + padding);
    }
    return job;
}

/* Returns the head's number. */
static uint64_t expect_whole(const struct store_head *head)
{
    assert_int_equal(head->objects.count, head->generation == 0 ? 0 : OBJECTS);
    for (size_t i = 0; i < head->objects.count; i++)
        assert_int_equal(strtoull(head->objects.items[i].text, NULL, 10), head->generation);
    return head->generation;
}

/* ---- a log that grows long ----------------------------------------------------------------------------- */

static off_t size_of(const struct fixture *fixture, const char *name)
{
    struct stat status;
    char *path = fixture_path(fixture, name);
    assert_int_equal(stat(path, &status), 0);
    free(path);
    return status.st_size;
}

static void a_long_log_goes_into_the_database_behind_the_reply(void **state)
{
    enum { PADDING = 2 << 20, PATIENCE_MS = 10000 };
    struct store *store = start_keeping(*state, 1000);
    run_well(*state, store, numbered_job(1, PADDING));
    uint64_t start_ms = clock_monotonic_ms();
    while (size_of(*state, "steerd.db") < OBJECTS * PADDING) {
        assert_true(clock_monotonic_ms() - start_ms < PATIENCE_MS);
        sched_yield();
    }
    off_t log = size_of(*state, "steerd.db-wal");
    run_well(*state, store, numbered_job(2, PADDING));
    run_well(*state, store, numbered_job(3, PADDING));
    assert_true(size_of(*state, "steerd.db-wal") <= log + (1 << 20)); /* begun anew, not continued */
    store_close(store);
}

/* ---- a file that may not grow -------------------------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_failing_disk_refuses_jobs_until_it_works_again(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    struct store *store = start_keeping(*state, 1000);
    run_well(*state, store, numbered_job(1, 0));

    limit_files(65536);
    struct store_job *refused = run(*state, store, numbered_job(2, 100000));
    limit_files(RLIM_INFINITY);
    assert_false(refused->is_done);
    assert_non_null(
        strstr(refused->error.text, "/steerd.db: disk I/O error (File too large); check the disk"));
    store_job_free(refused);

    run_well(*state, store, override_job("us/a", 1));
    run_well(*state, store, numbered_job(2, 100000));
    store_close(store);
    struct store_head head;
    store = open_keeping(*state, 1000, &head);
    assert_int_equal(expect_whole(&head), 2);
    assert_int_equal(head.override_count, 1);
    store_head_free(&head);
    store_close(store);
}

/* ---- a small disk, really full --------------------------------------------------------------------------
 */

static bool id_map(const char *path, unsigned id)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    fprintf(file, "0 %u 1", id);
    return fclose(file) == 0;
}

/* As root of a user namespace of our own: needs no rights outside it. */
static bool tmpfs_mount(const char *directory)
{
    unsigned uid = getuid(), gid = getgid();
    FILE *setgroups;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || (setgroups = fopen("/proc/self/setgroups", "w")) == NULL)
        return false;
    fputs("deny", setgroups); /* or the group may not be mapped */
    fclose(setgroups);
    return id_map("/proc/self/uid_map", uid) && id_map("/proc/self/gid_map", gid) &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", directory, "tmpfs", 0, "size=512k") == 0;
}

static void fill(const struct fixture *fixture)
{
    char *path = fixture_path(fixture, "filler");
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    char block[4096] = { 0 };
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
    free(path);
}

static void full_disk_story(const struct fixture *fixture)
{
    struct store *store = start_keeping(fixture, 1000);
    run_well(fixture, store, numbered_job(1, 0));
    fill(fixture);
    for (uint64_t attempt = 0; attempt < 3; attempt++) {
        struct store_job *refused = run(fixture, store, numbered_job(2, 20000));
        assert_false(refused->is_done);
        assert_non_null(strstr(refused->error.text, "database or disk is full; free space and retry"));
        store_job_free(refused);
    }
    struct store_job *read = store_job_new(STORE_READ_GENERATION);
    read->generation = 1;
    read = run(fixture, store, read);
    assert_true(read->is_done); /* reading goes on */
    store_job_free(read);

    char *path = fixture_path(fixture, "filler");
    unlink(path);
    free(path);
    run_well(fixture, store, numbered_job(2, 20000));
    store_close(store);
}

static void a_full_disk_refuses_jobs_until_there_is_space(void **state)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* its own mounts vanish with it */
        if (!tmpfs_mount(((struct fixture *)*state)->directory))
            _exit(77);
        full_disk_story(*state);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- kill -9 ------------------------------------------------------------------------------------------- */

/* Writes generations as fast as it can, and tells each that was acknowledged. */
static void write_until_killed(const struct fixture *fixture, uint64_t next, int told)
{
    struct store *store = start_keeping(fixture, 3);
    for (int i = 0; i < IN_FLIGHT; i++) {
        struct store_job *job = numbered_job(next++, 100);
        job->reply_to = fixture->replies;
        store_post(store, job);
    }
    for (;;) {
        mailbox_wait(fixture->replies, -1);
        struct letter *letter = mailbox_take(fixture->replies);
        while (letter != NULL) {
            struct store_job *job = (struct store_job *)letter;
            letter = letter->next;
            if (!job->is_done || write(told, &job->generation, sizeof job->generation) < 0)
                _exit(1);
            store_job_free(job);
            job = numbered_job(next++, 100);
            job->reply_to = fixture->replies;
            store_post(store, job);
        }
    }
}

/* Lets a child write until it has told `acknowledged` generations and a moment more, then kills it. Returns
 * the last generation it told. */
static uint64_t write_and_kill(const struct fixture *fixture, uint64_t head, int acknowledged)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(told[0]);
        write_until_killed(fixture, head + 1, told[1]);
    }
    close(told[1]);
    uint64_t last = head;
    for (int i = 0; i < acknowledged; i++)
        assert_int_equal(read(told[0], &last, sizeof last), sizeof last);
    for (uint64_t until = clock_monotonic_us() + (uint64_t)(rand() % 3000); clock_monotonic_us() < until;)
        sched_yield(); /* a random point in the middle of a write */
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(told[0], &last, sizeof last) == sizeof last)
        ;
    close(told[0]);
    return last;
}

static void kill_9_loses_nothing_acknowledged(void **state)
{
    unsigned seed = (unsigned)clock_monotonic_us();
    print_message("seed %u\n", seed);
    srand(seed);
    uint64_t head = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t acknowledged = write_and_kill(*state, head, 1 + rand() % 12);
        struct store_head found;
        struct store *store = open_keeping(*state, 3, &found);
        head = expect_whole(&found);
        assert_in_range(head, acknowledged, acknowledged + IN_FLIGHT);
        store_head_free(&found);
        store_close(store);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_log_goes_into_the_database_behind_the_reply),
        TEST(a_failing_disk_refuses_jobs_until_it_works_again),
        TEST(a_full_disk_refuses_jobs_until_there_is_space),
        TEST(kill_9_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
