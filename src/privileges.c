/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <grp.h>
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
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return error_set(err, "state_dir %s: %s", path, strerror(errno));
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

/* The directory's own files; steerd makes no directories in it, and links are not followed. */
static bool give_directory(const char *path, const struct passwd *user, struct error *err)
{
    DIR *directory = opendir(path);
    err->text[0] = '\0';
    if (directory == NULL || fchown(dirfd(directory), user->pw_uid, user->pw_gid) != 0) {
        error_set(err, "state_dir %s: cannot give it to %s: %s", path, user->pw_name, strerror(errno));
        if (directory != NULL)
            closedir(directory);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        if (fchownat(dirfd(directory), entry->d_name, user->pw_uid, user->pw_gid, AT_SYMLINK_NOFOLLOW) != 0)
            error_set(err, "%s/%s: cannot give it to %s: %s", path, entry->d_name, user->pw_name,
                      strerror(errno));
    }
    closedir(directory);
    return err->text[0] == '\0';
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
    if (setgroups(0, NULL) != 0 || setgid(found->pw_gid) != 0 || setuid(found->pw_uid) != 0 || setuid(0) == 0)
        return error_set(err, "cannot become user %s: %s", found->pw_name, strerror(errno));
    return true;
}
