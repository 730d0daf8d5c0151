/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/temporary.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

char *temporary_write(const char *text, struct error *err)
{
    const char *directory = variable("TMPDIR") != NULL ? variable("TMPDIR") : "/tmp";
    char *file = xasprintf("%s/steerctl-XXXXXX.json", directory);
    int fd = mkstemps(file, (int)strlen(".json"));
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool is_done = out != NULL && fputs(text, out) >= 0;
    if (out != NULL)
        is_done = fclose(out) == 0 && is_done;
    if (is_done)
        return file;
    error_set(err, "%s: %s", file, strerror(errno));
    free(file);
    return NULL;
}

bool temporary_edit(const char *file, struct error *err)
{
    const char *editor = variable("VISUAL") != NULL ? variable("VISUAL") : variable("EDITOR");
    char *command =
        xasprintf("%s \"$1\"", editor != NULL ? editor : "vi"); /* it may have options of its own */
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, "sh", file, (char *)NULL);
        _exit(127);
    }
    bool is_done =
        child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!is_done)
        error_set(err,
                  "the editor \"%s\" did not end well: nothing was changed; the text is in %s\nsay which "
                  "with EDITOR",
                  editor != NULL ? editor : "vi", file);
    free(command);
    return is_done;
}

bool temporary_read(const char *file, struct text *out, struct error *err)
{
    char block[65536];
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *from = is_stdin ? stdin : fopen(file, "re");
    if (from == NULL)
        return error_set(err, "%s: %s", file, strerror(errno));
    size_t size;
    while ((size = fread(block, 1, sizeof block, from)) > 0)
        text_add(out, block, size);
    bool is_done = ferror(from) == 0 || error_set(err, "%s: %s", file, strerror(errno));
    if (!is_stdin)
        fclose(from);
    if (is_done && out->size > 0 && memchr(out->bytes, '\0', out->size) != NULL)
        return error_set(err, "%s: there is a NUL byte in it", file);
    return is_done;
}

void temporary_remove(const char *file)
{
    (void)unlink(file);
}
