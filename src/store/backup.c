/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/backup.h"

#include "base/memory.h"
#include "store/database.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 10000, RETRY_MS = 50, RETRIES_MOST = 200 };

/* Opens an existing file as it is. */
static bool open_database(const char *path, struct database *out, struct error *err)
{
    *out = (struct database){ .path = xstrdup(path) };
    int code = sqlite3_open_v2(path, &out->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(out->handle, BUSY_TIMEOUT_MS);
    return code == SQLITE_OK || database_error(out, code, err);
}

static bool check_whole(struct database *db, struct error *err)
{
    struct query query;
    query_begin(&query, db, "PRAGMA integrity_check(1)");
    bool is_whole = query_next(&query) && strcmp(query_string(&query, 0), "ok") == 0;
    if (!query_end(&query, err))
        return false;
    return is_whole || error_set(err, "%s: the database is damaged; take another backup", db->path);
}

/* In one step, so that what others write meanwhile is no part of it. */
static bool copy_pages(struct database *from, struct database *to, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (backup == NULL)
        return database_error(to, sqlite3_errcode(to->handle), err);
    int code = sqlite3_backup_step(backup, -1);
    for (int tries = 0; (code == SQLITE_BUSY || code == SQLITE_LOCKED) && tries < RETRIES_MOST; tries++) {
        sqlite3_sleep(RETRY_MS);
        code = sqlite3_backup_step(backup, -1);
    }
    int last = sqlite3_backup_finish(backup);
    return last == SQLITE_OK || database_error(to, last, err);
}

static bool sync_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (!is_done)
        error_set(err, "%s: %s", path, strerrordesc_np(errno));
    if (fd >= 0)
        close(fd);
    return is_done;
}

/* Into a new file, whole and on disk; without a log of its own beside it. */
static bool copy_to(struct database *from, const char *path, struct error *err)
{
    struct database to = { 0 };
    unlink(path); /* what a copy that was interrupted has left */
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set(err, "%s: %s", path, strerrordesc_np(errno));
    close(fd);
    bool is_done = open_database(path, &to, err) && copy_pages(from, &to, err) &&
                   database_run(&to, "PRAGMA journal_mode=DELETE", err) && check_whole(&to, err);
    database_close(&to);
    is_done = is_done && sync_file(path, err);
    if (!is_done)
        unlink(path);
    return is_done;
}

static bool sync_directory_of(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char *directory =
        slash != NULL ? xstrndup(path, slash > path ? (size_t)(slash - path) : 1) : xstrdup(".");
    bool is_done = sync_file(directory, err);
    free(directory);
    return is_done;
}

/* Copies beside `path` and gives the copy its name, unless somebody else has it. */
static bool copy_whole(struct database *from, const char *path, struct error *err)
{
    char *part = xasprintf("%s.part", path);
    bool is_done = copy_to(from, part, err);
    if (is_done && link(part, path) != 0)
        is_done = error_set(err, "%s: %s", path, strerrordesc_np(errno));
    unlink(part);
    free(part);
    return is_done && sync_directory_of(path, err);
}

static bool is_absent(const char *path, const char *advice, struct error *err)
{
    struct stat status;
    return lstat(path, &status) != 0 || error_set(err, "%s: it is there already; %s", path, advice);
}

bool backup_make(const char *state_dir, const char *file, struct error *err)
{
    struct database from = { 0 };
    char *path = xasprintf("%s/steerd.db", state_dir);
    bool is_done = is_absent(file, "give the backup another name", err) && open_database(path, &from, err) &&
                   schema_check(&from, err) && copy_whole(&from, file, err);
    database_close(&from);
    free(path);
    return is_done;
}

/* No steerd works here while the lock is held. */
static bool lock_directory(const char *state_dir, int *out, struct error *err)
{
    if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
        return error_set(err, "%s: %s", state_dir, strerrordesc_np(errno));
    *out = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0)
        return error_set(err, "%s: %s", state_dir, strerrordesc_np(errno));
    return flock(*out, LOCK_EX | LOCK_NB) == 0 ||
           error_set(err, "%s: steerd works here; stop it, or restore elsewhere", state_dir);
}

bool backup_restore(const char *file, const char *state_dir, struct error *err)
{
    static const char advice[] = "move it and its -wal file away first, or set another state_dir";
    struct database from = { 0 };
    int directory_fd = -1;
    char *path = xasprintf("%s/steerd.db", state_dir), *log = xasprintf("%s-wal", path);
    bool is_done = open_database(file, &from, err) && schema_check(&from, err) && check_whole(&from, err) &&
                   lock_directory(state_dir, &directory_fd, err) && is_absent(path, advice, err) &&
                   is_absent(log, advice, err) && copy_whole(&from, path, err);
    database_close(&from);
    if (directory_fd >= 0)
        close(directory_fd);
    free(path);
    free(log);
    return is_done;
}
