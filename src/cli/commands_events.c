/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, and with -f what happens. */
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_TEXT "50" /* the newest, without --limit */

static enum grid_colour colour_of(const char *state)
{
    static const char *const good[] = { "up", "available", "trusts", "accepted", "loaded", NULL };
    static const char *const bad[] = { "down", "unavailable", "suspects", NULL };
    for (size_t i = 0; good[i] != NULL; i++)
        if (strcmp(state, good[i]) == 0)
            return GRID_GOOD;
    for (size_t i = 0; bad[i] != NULL; i++)
        if (strcmp(state, bad[i]) == 0)
            return GRID_BAD;
    return GRID_PLAIN;
}

/* "connection refused (check web)", "new disks (by jo)" */
static char *words_of(const cJSON *event)
{
    struct text words = { 0 };
    const char *text = json_text(event, "text"), *check = json_text(event, "check"),
               *author = json_text(event, "author");
    text_puts(&words, text);
    if (check[0] != '\0')
        text_printf(&words, "%s(check %s)", words.size > 0 ? " " : "", check);
    if (author[0] != '\0')
        text_printf(&words, "%s(by %s)", words.size > 0 ? " " : "", author);
    return text_take(&words);
}

static enum cli_exit print_events(const cJSON *items)
{
    static const char *const headings[] = { ">EVENT", "TIME", "KIND", "SUBJECT", "STATE", "WHY", NULL };
    struct grid grid;
    const cJSON *event;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(event, items)
    {
        char number[32], time[32], *words = words_of(event);
        const char *subject = json_text(event, "subject"), *state = json_text(event, "state");
        snprintf(number, sizeof number, "%.0f", json_number(event, "number"));
        screen_short_time(json_text(event, "time"), time);
        grid_add(&grid, GRID_FAINT, number);
        grid_add(&grid, GRID_PLAIN, time);
        grid_add(&grid, GRID_PLAIN, json_text(event, "kind"));
        grid_add(&grid, GRID_PLAIN, subject[0] != '\0' ? subject : NULL);
        grid_add(&grid, colour_of(state), state);
        grid_add(&grid, GRID_PLAIN, words);
        free(words);
    }
    return screen_put_grid(&grid);
}

static char *path_of(const struct options *options, const char *path, const char *after, bool has_limit)
{
    struct text text = { 0 };
    text_puts(&text, path);
    client_add_param(&text, "kind", options->kind);
    client_add_param(&text, "subject", options->subject);
    client_add_param(&text, "after", after);
    if (has_limit)
        client_add_param(&text, "limit", options->limit != NULL ? options->limit : LIMIT_TEXT);
    return text_take(&text);
}

/* ---- live ---- */

struct follower {
    const struct options *options;
    struct text line;
    char last[32]; /* id of the last event that was printed whole */
    char id[32];
    bool has_failed; /* standard output */
};

static void print_followed(struct follower *follower, const char *data)
{
    struct text out = { 0 };
    cJSON *event = cJSON_Parse(data);
    char time[32], *words = words_of(event);
    screen_short_time(json_text(event, "time"), time);
    if (follower->options->wants_json) {
        text_printf(&out, "%s\n", data);
    } else {
        struct text line = { 0 };
        text_printf(&line, "%s  %s %s: ", time, json_text(event, "kind"), json_text(event, "subject"));
        grid_add_safe(&out, line.bytes, false);
        grid_paint(&out, colour_of(json_text(event, "state")), screen_has_colour(),
                   json_text(event, "state"));
        text_puts(&out, words[0] != '\0' ? "  " : "");
        grid_add_safe(&out, words, false);
        text_puts(&out, "\n");
        text_free(&line);
    }
    free(words);
    cJSON_Delete(event);
    follower->has_failed = screen_put(&out) != CLI_DONE;
    snprintf(follower->last, sizeof follower->last, "%s", follower->id);
}

/* One line of the stream (WHATWG HTML §9.2.6); our server writes `id` before `data`. */
static void take_line(struct follower *follower)
{
    const char *line = follower->line.bytes != NULL ? follower->line.bytes : "";
    if (strncmp(line, "id: ", 4) == 0)
        snprintf(follower->id, sizeof follower->id, "%s", line + 4);
    else if (strncmp(line, "data: ", 6) == 0)
        print_followed(follower, line + 6);
    text_free(&follower->line);
}

static bool take_bytes(void *context, const char *bytes, size_t size)
{
    struct follower *follower = context;
    for (size_t i = 0; i < size && !follower->has_failed; i++) {
        if (bytes[i] == '\n')
            take_line(follower);
        else
            text_add(&follower->line, &bytes[i], 1);
    }
    return !follower->has_failed;
}

/* Begins behind what was printed; whenever the server ends the stream, goes on where it was. */
static enum cli_exit follow(struct client *client, const struct options *options, double last)
{
    struct follower follower = { .options = options };
    enum cli_exit code = CLI_DONE;
    snprintf(follower.last, sizeof follower.last, "%.0f", last);
    for (bool was_there = false; code == CLI_DONE && !follower.has_failed; was_there = true) {
        char *path = path_of(options, "/v1/events/stream", follower.last, false);
        code = client_follow(client, path, was_there, take_bytes, &follower);
        text_free(&follower.line);
        if (was_there && code == CLI_UNREACHABLE)
            code = CLI_DONE; /* it restarts: people see that nothing comes, and have their Ctrl-C */
        if (code == CLI_DONE && !follower.has_failed)
            sleep(1);
    }
    return follower.has_failed ? CLI_REFUSED : code;
}

enum cli_exit command_events(const struct options *options)
{
    struct client *client;
    struct answer answer;
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    char *path = path_of(options, "/v1/events", NULL, true);
    code = client_call(client, (struct call){ .method = "GET", .path = path }, &answer);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(answer.json, "items");
    double last = json_number(answer.json, "last");
    if (code == CLI_DONE && !(options->follows && options->wants_json))
        code = options->wants_json ? screen_put_json(&answer) : print_events(items);
    if (code == CLI_DONE && options->follows)
        code = follow(client, options, last);
    answer_free(&answer);
    client_close(client);
    return code;
}
