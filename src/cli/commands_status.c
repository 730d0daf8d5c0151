/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static void add_line(struct text *out, const char *label, const char *value, enum grid_colour colour)
{
    struct text safe = { 0 };
    grid_add_safe(&safe, value[0] != '\0' ? value : "-", false);
    text_printf(out, "%-14s", label);
    grid_paint(out, colour, screen_has_colour(), safe.bytes);
    text_puts(out, "\n");
    text_free(&safe);
}

static void add_uptime(struct text *out, double uptime_s)
{
    unsigned long long s = uptime_s > 0 ? (unsigned long long)uptime_s : 0;
    char value[64];
    snprintf(value, sizeof value, "%llud %02llu:%02llu:%02llu", s / 86400, s / 3600 % 24, s / 60 % 60,
             s % 60);
    add_line(out, "uptime", value, GRID_PLAIN);
}

static void add_configuration(struct text *out, const cJSON *status)
{
    char value[128], time[32];
    screen_short_time(json_text(status, "published"), time);
    snprintf(value, sizeof value, "generation %.0f, published %s", json_number(status, "generation"), time);
    add_line(out, "configuration", value, GRID_PLAIN);
    add_line(out, "steering mode", json_text(status, "steering_mode"), GRID_PLAIN);
    const char *import_error = json_text(status, "import_error");
    if (import_error[0] != '\0')
        add_line(out, "import error", import_error, GRID_BAD);
    const char *geoip = json_text(status, "geoip");
    if (cJSON_HasObjectItem(status, "geoip")) /* a token with a scope is not told */
        add_line(out, "geoip", geoip[0] != '\0' ? geoip : "none", GRID_PLAIN);
    snprintf(value, sizeof value, "%.0f, pools %.0f", json_number(status, "zones"),
             json_number(status, "pools"));
    add_line(out, "zones", value, GRID_PLAIN);
}

static void add_suspicion(struct text *out, const cJSON *suspicion)
{
    char value[320], since[32];
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(suspicion, "suspects_itself")))
        return;
    screen_short_time(json_text(suspicion, "since"), since);
    snprintf(value, sizeof value, "verdicts are frozen since %s: %s", since, json_text(suspicion, "why"));
    add_line(out, "SUSPECTS ITSELF", value, GRID_BAD);
}

static void add_endpoints(struct text *out, const cJSON *endpoints)
{
    char value[256];
    double total = json_number(endpoints, "total"), available = json_number(endpoints, "available");
    snprintf(value, sizeof value,
             "%.0f of %.0f available; %.0f down, %.0f held by operators, %.0f not yet checked", available,
             total, json_number(endpoints, "down"), json_number(endpoints, "held"),
             json_number(endpoints, "unknown"));
    add_line(out, "endpoints", value, available < total ? GRID_WARN : GRID_GOOD);
}

static void add_work(struct text *out, const cJSON *status)
{
    char value[256];
    const cJSON *checks = cJSON_GetObjectItemCaseSensitive(status, "checks");
    const cJSON *queries = cJSON_GetObjectItemCaseSensitive(status, "queries");
    snprintf(value, sizeof value, "%.0f under way; %.0f succeeded, %.0f failed",
             json_number(checks, "in_flight"), json_number(checks, "succeeded"),
             json_number(checks, "failed"));
    add_line(out, "checks", value, GRID_PLAIN);
    snprintf(value, sizeof value, "%.0f by UDP, %.0f by TCP; %.0f steered", json_number(queries, "udp"),
             json_number(queries, "tcp"), json_number(queries, "steered"));
    add_line(out, "queries", value, GRID_PLAIN);
    snprintf(value, sizeof value, "%.0f, TCP connections %.0f", json_number(status, "workers"),
             json_number(status, "tcp_connections"));
    add_line(out, "workers", value, GRID_PLAIN);
}

static enum cli_exit print_status(const cJSON *status)
{
    struct text out = { 0 };
    add_line(&out, "steerd", json_text(status, "version"), GRID_PLAIN);
    add_uptime(&out, json_number(status, "uptime_s"));
    add_configuration(&out, status);
    add_suspicion(&out, cJSON_GetObjectItemCaseSensitive(status, "suspicion"));
    add_endpoints(&out, cJSON_GetObjectItemCaseSensitive(status, "endpoints"));
    if (cJSON_HasObjectItem(status, "queries")) /* neither */
        add_work(&out, status);
    return screen_put(&out);
}

enum cli_exit command_status(const struct options *options)
{
    struct client *client;
    struct answer answer;
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    code = client_call(client, (struct call){ .method = "GET", .path = xstrdup("/v1/status") }, &answer);
    if (code == CLI_DONE)
        code = options->wants_json ? screen_put_json(&answer) : print_status(answer.json);
    answer_free(&answer);
    client_close(client);
    return code;
}
