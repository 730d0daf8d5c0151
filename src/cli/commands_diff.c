/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How states of the configuration differ: two generations, or a file and what is now. */
#include "cli/call.h"
#include "cli/difference.h"
#include "cli/revision.h"
#include "cli/screen.h"
#include "cli/temporary.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>

/* Prints the difference; 1 says that there is one. */
static enum cli_exit put_difference(struct text *out)
{
    bool differs = out->size > 0;
    enum cli_exit code = screen_put(out);
    return code == CLI_DONE && differs ? CLI_REFUSED : code;
}

static enum cli_exit compare_file(const struct options *options, struct client *client)
{
    struct error err;
    struct text body = { 0 }, out = { 0 };
    enum cli_exit code = CLI_DONE;
    if (!temporary_read(options->file, &body, &err)) {
        text_free(&body);
        return command_complain(CLI_REFUSED, "%s", err.text);
    }
    const char *text = body.bytes != NULL ? body.bytes : "";
    char *normal = revision_normalise(text);
    if (normal == NULL)
        code = command_complain(CLI_REFUSED, "%s is no JSON: steerctl apply --dry-run -f %s says where",
                                options->file, options->file);
    else
        code = revision_compare(client, text, &out);
    free(normal);
    text_free(&body);
    return code == CLI_DONE ? put_difference(&out) : code;
}

static char *generation_path(const char *generation)
{
    return generation != NULL ? xasprintf("/v1/generations/%s", generation) : xstrdup("/v1/config");
}

static enum cli_exit compare_generations(const struct options *options, struct client *client)
{
    const char *from = options->arguments[0];
    const char *to = options->argument_count > 1 ? options->arguments[1] : NULL;
    char *before = NULL, *after = NULL;
    struct text out = { 0 };
    enum cli_exit code = revision_read(client, generation_path(from), &before);
    if (code == CLI_DONE)
        code = revision_read(client, generation_path(to), &after);
    if (code == CLI_DONE && before != NULL && after != NULL)
        difference_print(before, after, screen_has_colour(), &out);
    free(before);
    free(after);
    return code == CLI_DONE ? put_difference(&out) : code;
}

enum cli_exit command_diff(const struct options *options)
{
    struct client *client;
    unsigned long long generation;
    for (int i = 0; i < options->argument_count; i++) {
        if (!options_parse_number(options->arguments[i], LLONG_MAX, &generation))
            return command_complain(CLI_USAGE, "\"%s\" is no generation: see steerctl history",
                                    options->arguments[i]);
    }
    if ((options->file == NULL) == (options->argument_count == 0))
        return command_complain_usage(options->command);
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    code = options->file != NULL ? compare_file(options, client) : compare_generations(options, client);
    client_close(client);
    return code;
}
