/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/screen.h"
#include "cli/tree.h"

enum cli_exit command_explain(const struct options *options)
{
    struct client *client;
    struct answer answer;
    struct text path = { 0 }, out = { 0 };
    bool has_name = options->argument_count > 0;
    if (has_name == (options->id != NULL))
        return command_complain(CLI_USAGE, "explain takes a name, or --id");
    if (options->id != NULL && (options->type != NULL || options->client != NULL))
        return command_complain(CLI_USAGE, "--id says who asked what: leave --type and --client out");
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    text_puts(&path, "/v1/explain");
    if (options->id != NULL) {
        text_puts(&path, "/");
        client_add_escaped(&path, options->id);
    }
    if (has_name)
        client_add_param(&path, "name", options->arguments[0]);
    client_add_param(&path, "type", options->type);
    client_add_param(&path, "client", options->client);
    code = client_call(client, (struct call){ .method = "GET", .path = text_take(&path) }, &answer);
    if (code == CLI_DONE && options->wants_json) {
        code = screen_put_json(&answer);
    } else if (code == CLI_DONE) {
        tree_draw(answer.json, screen_has_colour(), &out);
        code = screen_put(&out);
    }
    answer_free(&answer);
    client_close(client);
    return code;
}
