/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What needs no server. */
#include "cli/screen.h"

#include "base/memory.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void try_run(const char *directory, const char *below, char **arguments)
{
    char *program = xasprintf("%s/%s", directory, below);
    execv(program, arguments); /* comes back only if it cannot */
    free(program);
}

/* Runs steerd in our place: the one beside us, or in ../sbin, or the one that PATH finds. */
enum cli_exit command_check_config(const struct options *options)
{
    char name[] = "steerd", check[] = "--check", file[] = "-c";
    char *arguments[] = { name, check, file, options->arguments[0], NULL };
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size > 0) {
        self[size] = '\0';
        const char *directory = dirname(self);
        try_run(directory, "steerd", arguments);
        try_run(directory, "../sbin/steerd", arguments);
    }
    execvp(name, arguments);
    return command_complain(CLI_REFUSED, "cannot run steerd: %s\nput it beside steerctl or into PATH",
                            strerror(errno));
}

enum cli_exit command_version(const struct options *options)
{
    struct text out = { 0 };
    (void)options;
    text_printf(&out, "steerctl %s\n", STEERD_VERSION);
    return screen_put(&out);
}

/* "  -f, --file FILE    the file; …" */
static void add_option(struct text *out, const struct option_row *row)
{
    char name[64];
    int size = snprintf(name, sizeof name, "--%s%s%s", row->name, row->value != NULL ? " " : "",
                        row->value != NULL ? row->value : "");
    if (row->letter != 0)
        text_printf(out, "  -%c, %s", row->letter, name);
    else
        text_printf(out, "      %s", name);
    text_printf(out, "%*s  %s\n", size < 20 ? 20 - size : 0, "", row->doc);
}

static void add_options(struct text *out, unsigned bits)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        if (bits == 0 ? row->bit == 0 : (row->bit & bits) != 0)
            add_option(out, row);
}

static void add_overview(struct text *out)
{
    text_puts(out, "usage: steerctl COMMAND [OPTION]...\n\n");
    const struct command_row *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++)
        text_printf(out, "  %-13s %s\n", row->name, row->summary);
    text_puts(out, "\n");
    add_options(out, 0);
    text_puts(
        out, "\n"
             "Servers have names in ~/.config/steerctl.json; STEERD_URL and STEERD_TOKEN_FILE (or the token\n"
             "in STEERD_TOKEN) name one, too. Without: http://127.0.0.1:8053 and\n"
             "/var/lib/steerd/admin.token.\n"
             "\n"
             "exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server, 4 not allowed, 5 not in time\n"
             "steerctl help COMMAND says more\n");
}

static void add_command(struct text *out, const struct command_row *row)
{
    text_printf(out, "usage: steerctl %s%s%s%s\n%s\n", row->name, row->arguments[0] != '\0' ? " " : "",
                row->arguments, row->options != 0 ? " [OPTION]..." : "", row->summary);
    if (row->doc[0] != '\0')
        text_printf(out, "%s\n", row->doc);
    if (row->options != 0) {
        text_puts(out, "\n");
        add_options(out, row->options);
    }
}

enum cli_exit command_help(const struct options *options)
{
    struct text out = { 0 };
    const struct command_row *row = options->command;
    bool is_about_help = row == NULL || row->run == command_help;
    if (is_about_help && options->argument_count > 0) {
        struct error err;
        row = command_find(options->arguments[0]);
        if (row == NULL && !command_refuse(options->arguments[0], &err))
            return command_complain(CLI_USAGE, "%s", err.text);
        is_about_help = false;
    }
    if (is_about_help)
        add_overview(&out);
    else
        add_command(&out, row);
    return screen_put(&out);
}
