/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool screen_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

bool screen_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return screen_is_terminal() && (no_colour == NULL || no_colour[0] == '\0');
}

int screen_ask(const char *question, const char *known)
{
    char line[64];
    if (!isatty(STDIN_FILENO) || !screen_is_terminal())
        return 0;
    do {
        fputs(question, stdout);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            return 'n';
    } while (line[0] == '\n' || strchr(known, line[0]) == NULL);
    return line[0];
}

enum cli_exit screen_put(struct text *text)
{
    size_t size = text->size;
    bool is_done = size == 0 || fwrite(text->bytes, 1, size, stdout) == size;
    is_done = fflush(stdout) == 0 && is_done;
    int error = errno;
    text_free(text);
    return is_done ? CLI_DONE : command_complain(CLI_REFUSED, "standard output: %s", strerror(error));
}

enum cli_exit screen_put_grid(struct grid *grid)
{
    struct text out = { 0 };
    grid_print(grid, screen_has_colour(), &out);
    grid_free(grid);
    return screen_put(&out);
}

enum cli_exit screen_put_json(const struct answer *answer)
{
    struct text out = { 0 };
    text_add(&out, answer->body.bytes, answer->body.size);
    if (out.size > 0 && out.bytes[out.size - 1] != '\n')
        text_puts(&out, "\n");
    return screen_put(&out);
}

void screen_short_time(const char *time, char out[32])
{
    size_t seconds = strcspn(time, ".");
    snprintf(out, 32, "%.*s%s", (int)(seconds < 28 ? seconds : 28), time,
             time[seconds] == '.' && time[strlen(time) - 1] == 'Z' ? "Z" : "");
}
