/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/line_file.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

bool line_file_open(const char *path, struct line_file *out, struct error *err)
{
    *out = (struct line_file){ .path = path, .fd = open_file(path) };
    return out->fd >= 0 || error_set(err, "query_log: %s: %s", path, strerror(errno));
}

void line_file_close(struct line_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static void say_failure(struct line_file *file, const char *why)
{
    if (!file->is_failing)
        log_warning("query log: %s: %s; queries are not logged until it works", file->path, why);
    file->is_failing = true;
}

void line_file_reopen(struct line_file *file)
{
    int fd = open_file(file->path);
    if (fd < 0) {
        say_failure(file, strerror(errno)); /* the old one is better than none */
        return;
    }
    line_file_close(file);
    file->fd = fd;
    file->is_torn = false;
}

static bool write_all(struct line_file *file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file->fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        file->is_torn = bytes[written - 1] != '\n';
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool line_file_append(struct line_file *file, const struct text *lines)
{
    bool is_written =
        (!file->is_torn || write_all(file, "\n", 1)) && write_all(file, lines->bytes, lines->size);
    if (!is_written)
        say_failure(file, strerror(errno));
    else if (file->is_failing)
        log_notice("query log: %s: works again", file->path);
    file->is_failing = !is_written;
    return is_written;
}
