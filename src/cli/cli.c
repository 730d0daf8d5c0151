/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include "cli/command.h"

#include <curl/curl.h>

static enum cli_exit run(int argc, char **argv)
{
    struct options options;
    struct error err;
    if (!options_parse(argc, argv, &options, &err))
        return command_complain(CLI_USAGE, "%s", err.text);
    if (options.wants_version)
        return command_version(&options);
    if (options.wants_help)
        return command_help(&options);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    enum cli_exit code = options.command->run(&options);
    curl_global_cleanup();
    return code;
}

int cli_run(int argc, char **argv)
{
    return (int)run(argc, argv);
}
