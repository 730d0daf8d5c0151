/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that operators say now. */
#include "cli/call.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static void add_row(struct grid *grid, const cJSON *item)
{
    const cJSON *override = cJSON_GetObjectItemCaseSensitive(item, "override");
    const cJSON *weight = cJSON_GetObjectItemCaseSensitive(override, "weight");
    const char *state = json_text(override, "state");
    char set[32], expires[32], number[32] = "";
    char *name = xasprintf("%s/%s", json_text(item, "pool"), json_text(item, "endpoint"));
    screen_short_time(json_text(override, "set"), set);
    screen_short_time(json_text(override, "expires"), expires);
    if (cJSON_IsNumber(weight))
        snprintf(number, sizeof number, "%.0f", weight->valuedouble);
    grid_add(grid, GRID_PLAIN, name);
    grid_add(grid, GRID_WARN, state[0] != '\0' ? state : NULL);
    grid_add(grid, GRID_PLAIN, number[0] != '\0' ? number : NULL);
    grid_add(grid, GRID_PLAIN, set);
    grid_add(grid, GRID_PLAIN, expires[0] != '\0' ? expires : NULL);
    grid_add(grid, GRID_PLAIN, json_text(override, "author"));
    grid_add(grid, GRID_PLAIN, json_text(override, "reason"));
    free(name);
}

static enum cli_exit print_list(const cJSON *items)
{
    static const char *const headings[] = { "ENDPOINT", "STATE",  ">WEIGHT", "SET",
                                            "EXPIRES",  "AUTHOR", "REASON",  NULL };
    struct grid grid;
    const cJSON *item;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, items) add_row(&grid, item);
    return screen_put_grid(&grid);
}

enum cli_exit command_overrides(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/overrides");
    client_add_param(&path, "pool", options->pool);
    return call_and_print_list(options, text_take(&path), print_list);
}
