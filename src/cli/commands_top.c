/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who gets how much: again and again on a terminal, once elsewhere. */
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LIMIT_TEXT "10" /* rows of each kind, without --limit */
#define PERIOD_S   2
#define CLEAR      "\033[H\033[2J"

/* "us/us-east-1" is down: its state, or NULL. */
static const char *ill_state(const cJSON *ills, const cJSON *endpoint)
{
    const cJSON *ill;
    cJSON_ArrayForEach(ill, cJSON_GetObjectItemCaseSensitive(ills, "unavailable_endpoints"))
    {
        if (strcmp(json_text(ill, "pool"), json_text(endpoint, "pool")) == 0 &&
            strcmp(json_text(ill, "endpoint"), json_text(endpoint, "endpoint")) == 0)
            return json_text(ill, "state");
    }
    return NULL;
}

static void add_figures(struct grid *grid, const cJSON *item, double whole)
{
    char rate[32], share[32], answers[32];
    double of_all = whole > 0 ? 100 * json_number(item, "rate") / whole : 0;
    snprintf(rate, sizeof rate, "%.1f", json_number(item, "rate"));
    snprintf(share, sizeof share, "%.1f %%", of_all);
    snprintf(answers, sizeof answers, "%.0f", json_number(item, "answers"));
    grid_add(grid, GRID_PLAIN, rate);
    grid_add(grid, GRID_PLAIN, share);
    grid_add(grid, GRID_FAINT, answers);
}

static void end_grid(struct grid *grid, struct text *out)
{
    text_puts(out, "\n");
    grid_print(grid, screen_has_colour(), out);
    grid_free(grid);
}

static void add_endpoints(struct text *out, const cJSON *traffic, const cJSON *ills, double whole)
{
    static const char *const headings[] = { "ENDPOINT", "STATE", ">ANSWERS/S", ">SHARE", ">TOTAL", NULL };
    struct grid grid;
    const cJSON *item;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(traffic, "endpoints"))
    {
        char name[600];
        const char *state = ill_state(ills, item);
        snprintf(name, sizeof name, "%s/%s", json_text(item, "pool"), json_text(item, "endpoint"));
        grid_add(&grid, GRID_PLAIN, name);
        grid_add(&grid, state == NULL ? GRID_GOOD : GRID_BAD, state == NULL ? "up" : state);
        add_figures(&grid, item, whole);
    }
    end_grid(&grid, out);
}

static void add_names(struct text *out, const cJSON *items, const char *heading, const char *key,
                      double whole)
{
    const char *const headings[] = { heading, ">ANSWERS/S", ">SHARE", ">TOTAL", NULL };
    struct grid grid;
    const cJSON *item;
    if (cJSON_GetArraySize(items) == 0)
        return;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, items)
    {
        const char *name = json_text(item, key);
        grid_add(&grid, GRID_PLAIN, name[0] != '\0' ? name : "unknown");
        add_figures(&grid, item, whole);
    }
    end_grid(&grid, out);
}

static void draw(const cJSON *traffic, const cJSON *ills, struct text *out)
{
    char time[32];
    double whole = json_number(cJSON_GetObjectItemCaseSensitive(traffic, "steered"), "rate");
    screen_short_time(json_text(traffic, "time"), time);
    text_printf(out, "%s  %.1f steered answers a second in the last %.1f s\n", time, whole,
                json_number(traffic, "period_s"));
    add_endpoints(out, traffic, ills, whole);
    add_names(out, cJSON_GetObjectItemCaseSensitive(traffic, "services"), "SERVICE", "service", whole);
    add_names(out, cJSON_GetObjectItemCaseSensitive(traffic, "countries"), "COUNTRY", "country", whole);
}

static char *traffic_path(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/traffic");
    client_add_param(&path, "limit", options->limit != NULL ? options->limit : LIMIT_TEXT);
    return text_take(&path);
}

/* No more lines than the terminal has, or the head would scroll away. */
static void cut(struct text *out)
{
    struct winsize window;
    unsigned lines = 1;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0)
        return;
    for (size_t i = 0; i < out->size; i++) {
        lines += out->bytes[i] == '\n';
        if (lines == window.ws_row) {
            out->bytes[i + 1] = '\0';
            out->size = i + 1;
            return;
        }
    }
}

static enum cli_exit look(const struct options *options, struct client *client, bool is_live)
{
    struct answer traffic, ills = { 0 };
    struct text out = { 0 };
    enum cli_exit code =
        client_call(client, (struct call){ .method = "GET", .path = traffic_path(options) }, &traffic);
    if (code == CLI_DONE && options->wants_json) {
        code = screen_put_json(&traffic);
    } else if (code == CLI_DONE) {
        code = client_call(client, (struct call){ .method = "GET", .path = xstrdup("/v1/health") }, &ills);
        draw(traffic.json, ills.json, &out);
    }
    if (out.size > 0 && is_live) {
        cut(&out);
        struct text cleared = { 0 };
        text_puts(&cleared, CLEAR);
        text_add(&cleared, out.bytes, out.size);
        text_free(&out);
        out = cleared;
    }
    if (code == CLI_DONE && out.size > 0)
        code = screen_put(&out);
    text_free(&out);
    answer_free(&traffic);
    answer_free(&ills);
    return code;
}

/* So that the first view is of now, and not of all since somebody looked last. */
static enum cli_exit begin_period(const struct options *options, struct client *client)
{
    struct answer answer;
    enum cli_exit code =
        client_call(client, (struct call){ .method = "GET", .path = traffic_path(options) }, &answer);
    answer_free(&answer);
    if (code == CLI_DONE)
        usleep(1100 * 1000);
    return code;
}

enum cli_exit command_top(const struct options *options)
{
    struct client *client;
    bool is_live = screen_is_terminal() && !options->wants_json;
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    code = begin_period(options, client);
    if (code == CLI_DONE)
        code = look(options, client, is_live);
    while (is_live && code == CLI_DONE) {
        sleep(PERIOD_S);
        code = look(options, client, true);
    }
    client_close(client);
    return code;
}
