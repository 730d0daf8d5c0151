/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not well. */
#include "cli/call.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static void add_endpoints(struct text *out, const cJSON *items)
{
    static const char *const headings[] = { "ENDPOINT", "STATE", "SINCE", "WHY", NULL };
    struct grid grid;
    const cJSON *item;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, items)
    {
        char since[32], *name = xasprintf("%s/%s", json_text(item, "pool"), json_text(item, "endpoint"));
        screen_short_time(json_text(item, "since"), since);
        grid_add(&grid, GRID_PLAIN, name);
        grid_add(&grid, GRID_BAD, json_text(item, "state"));
        grid_add(&grid, GRID_PLAIN, since);
        grid_add(&grid, GRID_PLAIN, json_text(item, "why"));
        free(name);
    }
    grid_print(&grid, screen_has_colour(), out);
    grid_free(&grid);
}

static void add_nodes(struct text *out, const cJSON *items)
{
    static const char *const headings[] = { "POOL OR POLICY", "AVAILABLE", NULL };
    struct grid grid;
    const cJSON *item;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, items)
    {
        char available[64];
        snprintf(available, sizeof available, "%.0f of %.0f", json_number(item, "available"),
                 json_number(item, "of"));
        grid_add(&grid, GRID_PLAIN, json_text(item, "name"));
        grid_add(&grid, GRID_BAD, available);
    }
    grid_print(&grid, screen_has_colour(), out);
    grid_free(&grid);
}

enum cli_exit command_health(const struct options *options)
{
    struct client *client;
    struct answer answer;
    struct text out = { 0 };
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    code = client_call(client, (struct call){ .method = "GET", .path = xstrdup("/v1/health") }, &answer);
    const cJSON *endpoints = cJSON_GetObjectItemCaseSensitive(answer.json, "unavailable_endpoints");
    const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(answer.json, "unavailable_nodes");
    bool is_well = cJSON_GetArraySize(endpoints) == 0 && cJSON_GetArraySize(nodes) == 0;
    if (code == CLI_DONE && options->wants_json) {
        code = screen_put_json(&answer);
    } else if (code == CLI_DONE) {
        if (cJSON_GetArraySize(nodes) > 0)
            add_nodes(&out, nodes);
        if (cJSON_GetArraySize(endpoints) > 0)
            add_endpoints(&out, endpoints);
        if (is_well)
            text_puts(&out, "all endpoints, pools and policies are available\n");
        code = screen_put(&out);
    }
    answer_free(&answer);
    client_close(client);
    return code == CLI_DONE && !is_well ? CLI_REFUSED : code;
}
