/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of the server's database, through its API. */
#include "cli/client.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum cli_exit complain(const char *file)
{
    return command_complain(CLI_REFUSED, "%s: %s", file, strerror(errno));
}

static bool sync_directory_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *directory = slash == NULL   ? xstrdup(".")
                      : slash == file ? xstrdup("/")
                                      : xstrndup(file, (size_t)(slash - file));
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    free(directory);
    return is_done;
}

/* Under its name only when it is whole and on disk; link() takes nobody's place. */
static enum cli_exit keep(int fd, const char *part, const char *file)
{
    if (fsync(fd) != 0)
        return complain(part);
    if (link(part, file) != 0 || !sync_directory_of(file))
        return complain(file);
    return CLI_DONE;
}

static enum cli_exit download(struct client *client, const char *part, const char *file, struct text *said)
{
    char digest[64] = "";
    uint64_t size = 0;
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return complain(part);
    enum cli_exit code = client_download(client, xstrdup("/v1/backup"), fd, digest, &size);
    if (code == CLI_DONE)
        code = keep(fd, part, file);
    close(fd);
    unlink(part);
    if (code == CLI_DONE)
        text_printf(said, "%s: %llu bytes, sha-256 %s\n", file, (unsigned long long)size, digest);
    return code;
}

enum cli_exit command_backup(const struct options *options)
{
    struct client *client;
    struct text said = { 0 };
    const char *file = options->arguments[0];
    if (access(file, F_OK) == 0)
        return command_complain(CLI_REFUSED, "%s: it is there already; give the backup another name", file);
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    char *part = xasprintf("%s.%ld.part", file, (long)getpid());
    code = download(client, part, file, &said);
    if (code == CLI_DONE)
        code = screen_put(&said);
    text_free(&said);
    free(part);
    client_close(client);
    return code;
}
