/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/screen.h"
#include "cli/tree.h"

enum cli_exit command_explain(const struct options *options)
{
    struct client *client;
    struct answer answer;
    struct text path = { 0 }, out = { 0 };
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    text_puts(&path, "/v1/explain");
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
