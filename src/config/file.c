/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, also of a file that grows meanwhile. */
static char *read_all(int fd, size_t expected, size_t *size, struct error *err)
{
    size_t room = expected + 2, used = 0;
    char *bytes = xrealloc(NULL, room, 1);
    memory_fill_soon(bytes, room);
    for (;;) {
        ssize_t got = read(fd, bytes + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set(err, "cannot be read: %s", strerror(errno));
            free(bytes);
            return NULL;
        }
        used += (size_t)got;
        bytes[used] = '\0';
        *size = used;
        if (got == 0)
            return bytes;
        if (used + 1 == room) {
            room *= 2;
            bytes = xrealloc(bytes, room, 1);
        }
    }
}

char *file_read(const char *path, size_t *size, struct error *err)
{
    struct stat status;
    char *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (fd < 0) {
        error_set(err, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    if (fstat(fd, &status) != 0)
        error_set(err, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(status.st_mode))
        error_set(err, "is not a regular file");
    else
        bytes = read_all(fd, (size_t)status.st_size, size, err);
    close(fd);
    return bytes;
}

char *file_path(const char *directory, const char *path)
{
    if (path[0] == '/' || directory == NULL || strcmp(directory, ".") == 0)
        return xstrdup(path);
    return xasprintf("%s/%s", directory, path);
}

char *file_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}
