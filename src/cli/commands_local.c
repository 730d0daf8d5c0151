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

static void add_overview(struct text *out)
{
    text_puts(out, "usage: steerctl COMMAND [OPTION]...\n\n");
    const struct command_row *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++)
        text_printf(out, "  %-13s %s\n", row->name, row->summary);
    text_puts(
        out,
        "\n"
        "  --url URL         http://127.0.0.1:8053, unix:/run/steerd/api.sock (or STEERD_URL)\n"
        "  --token-file FILE where the token stands (or STEERD_TOKEN_FILE, or the token in STEERD_TOKEN);\n"
        "                    /var/lib/steerd/admin.token by default\n"
        "  --json            print what the API answers\n"
        "\n"
        "exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server, 4 not allowed\n"
        "steerctl help COMMAND says more\n");
}

enum cli_exit command_help(const struct options *options)
{
    struct text out = { 0 };
    const struct command_row *row = options->command;
    bool is_about_help = row == NULL || row->run == command_help;
    if (is_about_help && options->argument_count > 0) {
        row = command_find(options->arguments[0]);
        if (row == NULL)
            return command_complain(CLI_USAGE, "there is no command \"%s\"", options->arguments[0]);
        is_about_help = false;
    }
    if (is_about_help)
        add_overview(&out);
    else
        text_printf(&out, "usage: steerctl %s %s\n%s\n", row->name, row->usage, row->summary);
    return screen_put(&out);
}
