/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "privileges.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* Like mkdir -p, for the parents too. */
static bool make_directory(const char *path, struct error *err)
{
    char copy[PATH_SIZE];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return error_set(err, "state_dir %s: the path is too long", path);
    for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            return error_set(err, "state_dir %s: cannot make %s: %s", path, copy, strerror(errno));
        *slash = '/';
    }
    struct stat status;
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return error_set(err, "state_dir %s: %s", path, strerror(errno));
    if (stat(copy, &status) != 0 || !S_ISDIR(status.st_mode))
        return error_set(err, "state_dir %s: is no directory", path);
    return true;
}

static const struct passwd *find_user(const char *user, struct error *err)
{
    const struct passwd *found = getpwnam(user != NULL ? user : "steerd");
    if (found == NULL && user == NULL)
        found = getpwnam("nobody");
    if (found == NULL)
        error_set(err, "there is no user \"%s\": add it, or set \"user\" in the configuration",
                  user != NULL ? user : "nobody");
    return found;
}

/* True and its name if there is something that steerd would not have put there. */
static bool find_stranger(DIR *directory, char name[NAME_MAX + 1])
{
    static const char *const own[] = { "steerd.db", "admin.token", "cookie.secrets" };
    bool has_stranger = false;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            if (strcmp(entry->d_name, own[i]) == 0)
                return false; /* it was a state_dir before */
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
            has_stranger = true;
        }
    }
    return has_stranger;
}

/* A wrong word, as "/etc", must not give the system away: only what is steerd's or empty changes hands. */
static bool may_be_given(DIR *directory, const char *path, const struct passwd *user, struct error *err)
{
    struct stat status;
    char name[NAME_MAX + 1];
    if (fstat(dirfd(directory), &status) != 0 || status.st_uid == user->pw_uid ||
        !find_stranger(directory, name))
        return true;
    return error_set(err, "state_dir %s: holds \"%s\", which is not steerd's: name a directory of its own",
                     path, name);
}

/* Links are not followed, and a file that has a second name is somebody's elsewhere too. */
static bool give_files(DIR *directory, const char *path, const struct passwd *user, struct error *err)
{
    bool is_good = true;
    rewinddir(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode) || status.st_nlink != 1)
            continue;
        if (fchownat(dirfd(directory), entry->d_name, user->pw_uid, user->pw_gid, AT_SYMLINK_NOFOLLOW) != 0)
            is_good = error_set(err, "%s/%s: cannot give it to %s: %s", path, entry->d_name, user->pw_name,
                                strerror(errno));
    }
    return is_good;
}

/* The directory and its own files; steerd makes no directories in it. */
static bool give_directory(const char *path, const struct passwd *user, struct error *err)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return error_set(err, "state_dir %s: %s", path, strerror(errno));
    bool is_good = may_be_given(directory, path, user, err);
    if (is_good && fchown(dirfd(directory), user->pw_uid, user->pw_gid) != 0)
        is_good =
            error_set(err, "state_dir %s: cannot give it to %s: %s", path, user->pw_name, strerror(errno));
    is_good = is_good && give_files(directory, path, user, err);
    closedir(directory);
    return is_good;
}

bool privileges_check(const char *user, const char *state_dir, struct error *err)
{
    struct stat status;
    if (stat(state_dir, &status) == 0 && !S_ISDIR(status.st_mode))
        return error_set(err, "state_dir %s: is no directory", state_dir);
    if (geteuid() != 0)
        return true;
    const struct passwd *found = find_user(user, err);
    DIR *directory = found != NULL ? opendir(state_dir) : NULL;
    bool is_good = found != NULL && (directory == NULL || may_be_given(directory, state_dir, found, err));
    if (directory != NULL)
        closedir(directory);
    return is_good;
}

bool privileges_drop(const char *user, const char *state_dir, struct error *err)
{
    if (!make_directory(state_dir, err))
        return false;
    if (geteuid() != 0) {
        if (access(state_dir, W_OK | X_OK) != 0)
            return error_set(err, "state_dir %s: %s; give it to the user that runs steerd", state_dir,
                             strerror(errno));
        return true;
    }
    const struct passwd *found = find_user(user, err);
    if (found == NULL || !give_directory(state_dir, found, err))
        return false;
    if (found->pw_uid == 0)
        return true; /* asked for: "user": "root" */
    if (user == NULL && strcmp(found->pw_name, "steerd") != 0)
        log_warning(
            "running as nobody, for there is no user steerd: whatever else runs as nobody can read %s "
            "and take the sockets over; make the user (useradd --system steerd) and restart",
            state_dir);
    if (setgroups(0, NULL) != 0 || setgid(found->pw_gid) != 0 || setuid(found->pw_uid) != 0 || setuid(0) == 0)
        return error_set(err, "cannot become user %s: %s", found->pw_name, strerror(errno));
    return true;
}
