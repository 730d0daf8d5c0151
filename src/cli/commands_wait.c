/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/waiting.h"

enum cli_exit command_wait(const struct options *options)
{
    struct client *client;
    const char *known;
    const struct condition *condition = condition_find(options->arguments[0], &known);
    if (condition == NULL)
        return command_complain(CLI_USAGE, "nothing is called \"%s\" here; wait for: %s",
                                options->arguments[0], known);
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    code = condition_wait(condition, options, client, options->arguments[1]);
    client_close(client);
    return code;
}
