/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said to push checks. */
#include "cli/call.h"
#include "cli/screen.h"

#include <string.h>

static enum cli_exit print_taken(const struct options *options, const struct answer *answer)
{
    struct text out = { 0 };
    (void)answer;
    grid_add_safe(&out, options->arguments[2], false);
    text_printf(&out, ": reported %s\n", options->arguments[3]);
    return screen_put(&out);
}

static void add_member(struct text *body, const char *key, const char *value)
{
    if (value == NULL)
        return;
    text_printf(body, "%s\"%s\": ", body->size > 0 ? ", " : "{", key);
    text_put_json(body, value);
}

enum cli_exit command_check(const struct options *options)
{
    struct text path = { 0 }, body = { 0 };
    if (strcmp(options->arguments[0], "report") != 0)
        return command_complain(CLI_USAGE,
                                "check does not know \"%s\": check report CHECK POOL/ENDPOINT up|down",
                                options->arguments[0]);
    text_puts(&path, "/v1/checks/");
    client_add_escaped(&path, options->arguments[1]);
    text_puts(&path, "/report");
    add_member(&body, "endpoint", options->arguments[2]);
    add_member(&body, "status", options->arguments[3]);
    add_member(&body, "message", options->message);
    add_member(&body, "ttl", options->ttl);
    text_puts(&body, "}");
    enum cli_exit code = call_and_print(
        options,
        (struct call){ .method = "POST", .path = text_take(&path), .body = body.bytes, .is_own_body = true },
        print_taken);
    text_free(&body);
    return code;
}
