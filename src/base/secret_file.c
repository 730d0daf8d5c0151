/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/secret_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_whole(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0;
}

static bool sync_directory_of(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    int error_number = errno;
    if (fd >= 0)
        close(fd);
    free(copy);
    errno = error_number;
    return is_done;
}

bool secret_file_make(const char *path, const char *text, struct error *err)
{
    char *temporary = xasprintf("%s.new", path);
    (void)unlink(temporary); /* what a crash has left */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_done = fd >= 0 && write_whole(fd, text, strlen(text)) && rename(temporary, path) == 0 &&
                   sync_directory_of(path);
    if (!is_done)
        error_set(err, "cannot be made: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    free(temporary);
    return is_done;
}
