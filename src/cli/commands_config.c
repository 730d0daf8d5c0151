/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is about the configuration: generations, rollback, apply, reload. */
#include "cli/call.h"
#include "cli/revision.h"
#include "cli/screen.h"
#include "cli/temporary.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cli_exit print_generations(const struct options *options, const struct answer *answer)
{
    static const char *const headings[] = { ">GENERATION", "TIME", "AUTHOR", "COMMENT", NULL };
    struct grid grid;
    const cJSON *item;
    (void)options;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer->json, "items"))
    {
        char number[32], time[32];
        snprintf(number, sizeof number, "%.0f", json_number(item, "generation"));
        screen_short_time(json_text(item, "time"), time);
        grid_add(&grid, GRID_PLAIN, number);
        grid_add(&grid, GRID_PLAIN, time);
        grid_add(&grid, GRID_PLAIN, json_text(item, "author"));
        grid_add(&grid, GRID_PLAIN, json_text(item, "comment"));
    }
    return screen_put_grid(&grid);
}

enum cli_exit command_generations(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/generations");
    client_add_param(&path, "limit", options->limit);
    return call_and_print(options, (struct call){ .method = "GET", .path = text_take(&path) },
                          print_generations);
}

/* ---- writes ---- */

enum cli_exit command_rollback(const struct options *options)
{
    unsigned long long generation;
    struct text path = { 0 };
    if (!options_parse_number(options->arguments[0], LLONG_MAX, &generation) || generation == 0)
        return command_complain(CLI_USAGE, "\"%s\" is no generation: see steerctl generations",
                                options->arguments[0]);
    text_printf(&path, "/v1/generations/%llu/rollback", generation);
    call_add_write_params(options, &path);
    return call_and_print(options, (struct call){ .method = "POST", .path = text_take(&path) },
                          call_print_written);
}

enum cli_exit command_reload(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/reload");
    call_add_write_params(options, &path);
    return call_and_print(options, (struct call){ .method = "POST", .path = text_take(&path) },
                          call_print_written);
}

/* The state that the file is to replace: what the user says, or what is there now. */
static enum cli_exit find_etag(const struct options *options, struct client *client, char out[64])
{
    unsigned long long generation;
    struct answer answer;
    if (options->if_generation != NULL) {
        if (!options_parse_number(options->if_generation, LLONG_MAX, &generation))
            return command_complain(CLI_USAGE, "\"%s\" is no generation", options->if_generation);
        snprintf(out, 64, "\"%llu\"", generation);
        return CLI_DONE;
    }
    enum cli_exit code = client_call(
        client, (struct call){ .method = "GET", .path = xstrdup("/v1/generations?limit=1") }, &answer);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(answer.json, "items");
    snprintf(out, 64, "\"%.0f\"", json_number(cJSON_GetArrayItem(items, 0), "generation"));
    answer_free(&answer);
    return code;
}

/* On a terminal, what is about to change is shown first. */
static enum cli_exit confirm(const struct options *options, struct client *client, const char *text,
                             bool *is_wanted)
{
    struct text out = { 0 };
    *is_wanted = true;
    if (options->says_yes || options->is_dry_run || !screen_is_terminal())
        return CLI_DONE;
    enum cli_exit code = revision_compare(client, text, &out);
    if (code == CLI_DONE)
        code = screen_put(&out);
    text_free(&out);
    *is_wanted = code == CLI_DONE && screen_ask("replace the configuration? [y]es, [n]o: ", "yn") != 'n';
    if (code == CLI_DONE && !*is_wanted)
        fputs("nothing was changed\n", stdout);
    return code;
}

static enum cli_exit put_config(const struct options *options, struct client *client, const char *body)
{
    char etag[64];
    struct text path = { 0 };
    struct answer answer;
    enum cli_exit code = find_etag(options, client, etag);
    if (code != CLI_DONE)
        return code;
    text_puts(&path, "/v1/config");
    call_add_write_params(options, &path);
    code = client_call(
        client, (struct call){ .method = "PUT", .path = text_take(&path), .body = body, .if_match = etag },
        &answer);
    if (code == CLI_DONE)
        code = options->wants_json ? screen_put_json(&answer) : call_print_written(options, &answer);
    answer_free(&answer);
    return code;
}

enum cli_exit command_apply(const struct options *options)
{
    struct error err;
    struct client *client;
    struct text body = { 0 };
    if (options->file == NULL)
        return command_complain_usage(options->command);
    if (!temporary_read(options->file, &body, &err)) {
        text_free(&body);
        return command_complain(CLI_REFUSED, "%s", err.text);
    }
    enum cli_exit code = client_open(options, &client);
    if (code == CLI_DONE) {
        bool is_wanted;
        const char *text = body.bytes != NULL ? body.bytes : "";
        code = confirm(options, client, text, &is_wanted);
        if (is_wanted)
            code = put_config(options, client, text);
        client_close(client);
    }
    text_free(&body);
    return code;
}
