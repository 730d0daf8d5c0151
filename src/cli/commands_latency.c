/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients measured, place by place. */
#include "cli/call.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static void add_figure(struct grid *grid, const char *place, const cJSON *figure)
{
    bool is_enough = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(figure, "enough"));
    char ms[32], samples[32], newest[32];
    char *name = xasprintf("%s/%s", json_text(figure, "pool"), json_text(figure, "endpoint"));
    snprintf(ms, sizeof ms, "%.1f", json_number(figure, "ms"));
    snprintf(samples, sizeof samples, "%.0f%s", json_number(figure, "samples"),
             is_enough ? "" : " (too few)");
    screen_short_time(json_text(figure, "newest"), newest);
    grid_add(grid, GRID_PLAIN, place);
    grid_add(grid, GRID_PLAIN, name);
    grid_add(grid, GRID_PLAIN, ms);
    grid_add(grid, is_enough ? GRID_PLAIN : GRID_WARN, samples);
    grid_add(grid, GRID_PLAIN, newest);
    free(name);
}

static enum cli_exit print_places(const struct options *options, const struct answer *answer)
{
    static const char *const headings[] = { "PLACE", "ENDPOINT", ">MS", "SAMPLES", "NEWEST", NULL };
    struct grid grid;
    const cJSON *item, *figure;
    (void)options;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer->json, "items"))
        cJSON_ArrayForEach(figure, cJSON_GetObjectItemCaseSensitive(item, "figures"))
            add_figure(&grid, json_text(item, "place"), figure);
    return screen_put_grid(&grid);
}

enum cli_exit command_latency(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/latency");
    client_add_param(&path, "place", options->argument_count > 0 ? options->arguments[0] : NULL);
    client_add_param(&path, "pool", options->pool);
    client_add_param(&path, "limit", options->limit);
    return call_and_print(options, (struct call){ .method = "GET", .path = text_take(&path) }, print_places);
}
