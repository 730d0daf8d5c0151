/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is about endpoints: the list, weights, overrides. */
#include "cli/call.h"
#include "cli/changes.h"
#include "cli/screen.h"
#include "cli/waiting.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

static enum grid_colour colour_of(const char *state)
{
    if (strcmp(state, "up") == 0)
        return GRID_GOOD;
    return strcmp(state, "drain") == 0 ? GRID_WARN : GRID_BAD;
}

static void add_address(struct grid *grid, const cJSON *endpoint)
{
    static const char *const keys[] = { "ipv4", "ipv6", "hostname" };
    struct text addresses = { 0 };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *address = json_text(endpoint, keys[i]);
        if (address[0] != '\0')
            text_printf(&addresses, "%s%s", addresses.size > 0 ? "," : "", address);
    }
    grid_add(grid, GRID_PLAIN, addresses.bytes);
    text_free(&addresses);
}

/* "9", or "9 (3)" where the one in force is not the declared one. */
static void add_weight(struct grid *grid, const cJSON *endpoint, const cJSON *effective)
{
    char text[48];
    double declared = json_number(endpoint, "weight"), in_force = json_number(effective, "weight");
    if (declared == in_force || effective == NULL)
        snprintf(text, sizeof text, "%.0f", declared);
    else
        snprintf(text, sizeof text, "%.0f (declared %.0f)", in_force, declared);
    grid_add(grid, declared == in_force ? GRID_PLAIN : GRID_WARN, text);
}

static void add_latency(struct grid *grid, const cJSON *health)
{
    char text[32] = "";
    double latency_ms = json_number(health, "latency_ms");
    if (latency_ms > 0)
        snprintf(text, sizeof text, "%.1f ms", latency_ms);
    grid_add(grid, GRID_PLAIN, text);
}

static void add_row(struct grid *grid, const cJSON *endpoint)
{
    const cJSON *effective = cJSON_GetObjectItemCaseSensitive(endpoint, "effective");
    const char *state = json_text(effective, "state");
    char *name = xasprintf("%s/%s", json_text(endpoint, "pool"), json_text(endpoint, "name"));
    grid_add(grid, GRID_PLAIN, name);
    add_address(grid, endpoint);
    grid_add(grid, colour_of(state), state);
    add_weight(grid, endpoint, effective);
    add_latency(grid, cJSON_GetObjectItemCaseSensitive(endpoint, "health"));
    grid_add(grid, GRID_PLAIN, json_text(effective, "why"));
    free(name);
}

static enum cli_exit print_list(const cJSON *items)
{
    static const char *const headings[] = {
        "ENDPOINT", "ADDRESS", "STATE", ">WEIGHT", ">LATENCY", "WHY", NULL
    };
    struct grid grid;
    const cJSON *endpoint;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(endpoint, items) add_row(&grid, endpoint);
    return screen_put_grid(&grid);
}

enum cli_exit command_endpoints(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/endpoints");
    client_add_param(&path, "pool", options->pool);
    return call_and_print_list(options, text_take(&path), print_list);
}

/* ---- changes ---- */

static void add_drain_clock(struct text *line, const cJSON *override)
{
    char time[32];
    screen_short_time(json_text(override, "cached_until"), time);
    if (time[0] != '\0')
        text_printf(line, "; the last cached answer expires at %s", time);
}

static enum cli_exit print_endpoint(const struct options *options, const struct answer *answer)
{
    if (options->wants_json)
        return screen_put_json(answer);
    const cJSON *effective = cJSON_GetObjectItemCaseSensitive(answer->json, "effective");
    struct text line = { 0 }, out = { 0 };
    if (options->is_dry_run) {
        changes_print(cJSON_GetObjectItemCaseSensitive(answer->json, "changes"), &out);
        text_puts(&line, "it would be accepted; nothing was changed");
    } else {
        text_printf(&line, "%s/%s: %s, weight %.0f", json_text(answer->json, "pool"),
                    json_text(answer->json, "name"), json_text(effective, "state"),
                    json_number(effective, "weight"));
        text_printf(&line, " (%s)", json_text(effective, "why"));
        add_drain_clock(&line, cJSON_GetObjectItemCaseSensitive(answer->json, "override"));
    }
    grid_add_safe(&out, line.bytes, false);
    text_puts(&out, "\n");
    text_free(&line);
    return screen_put(&out);
}

/* What a change of an endpoint is for. */
static enum cli_exit wait_for_it(const struct options *options, struct client *client)
{
    const char *known;
    bool is_drain = strcmp(options->command->name, "drain") == 0;
    return condition_wait(condition_find(is_drain ? "drained" : "serving", &known), options, client,
                          options->arguments[0]);
}

/* One change of the endpoint that the first argument names. */
static enum cli_exit change(const struct options *options, const char *method, const char *below,
                            const char *body)
{
    struct error err;
    struct client *client;
    struct answer answer;
    struct text path = { 0 };
    char *pool, *endpoint;
    if (!options_split_endpoint(options->arguments[0], &pool, &endpoint, &err))
        return command_complain(CLI_USAGE, "%s", err.text);
    text_puts(&path, "/v1/pools/");
    client_add_escaped(&path, pool);
    text_puts(&path, "/endpoints/");
    client_add_escaped(&path, endpoint);
    text_puts(&path, below);
    call_add_write_params(options, &path);
    free(pool);
    free(endpoint);
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE) {
        text_free(&path);
        return code;
    }
    code = client_call(
        client,
        (struct call){ .method = method, .path = text_take(&path), .body = body, .is_own_body = true },
        &answer);
    if (code == CLI_DONE)
        code = print_endpoint(options, &answer);
    if (code == CLI_DONE && options->waits)
        code = wait_for_it(options, client);
    answer_free(&answer);
    client_close(client);
    return code;
}

enum cli_exit command_set_weight(const struct options *options)
{
    unsigned long long weight;
    char body[48];
    if (!options_parse_number(options->arguments[1], 65535, &weight))
        return command_complain(CLI_USAGE, "a weight is 0..65535, not \"%s\"", options->arguments[1]);
    snprintf(body, sizeof body, "{\"weight\": %llu}", weight);
    return change(options, "PATCH", "", body);
}

enum cli_exit command_override(const struct options *options)
{
    struct text body = { 0 };
    text_puts(&body, "{\"state\": ");
    text_put_json(&body, options->command->name);
    if (options->reason != NULL) {
        text_puts(&body, ", \"reason\": ");
        text_put_json(&body, options->reason);
    }
    if (options->expires != NULL) {
        text_puts(&body, ", \"expires\": ");
        text_put_json(&body, options->expires);
    }
    text_puts(&body, "}");
    enum cli_exit code = change(options, "PUT", "/override", body.bytes);
    text_free(&body);
    return code;
}

enum cli_exit command_undrain(const struct options *options)
{
    return change(options, "DELETE", "/override", NULL);
}
