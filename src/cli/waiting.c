/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/waiting.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/memory.h"
#include "cli/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_USUAL_MS ((uint64_t)3600 * 1000)

enum progress { IS_SO, NOT_YET, NEVER };

struct condition {
    const char *name;
    char *(*path)(const char *subject, struct error *err); /* NULL: the subject is wrong */
    /** Judges what the API answered; `now_s` is the server's clock, `words` what to tell people. */
    enum progress (*judge)(const cJSON *answer, const char *subject, int64_t now_s, char words[256]);
};

static char *endpoint_path(const char *subject, struct error *err)
{
    char *pool, *endpoint;
    struct text path = { 0 };
    if (!options_split_endpoint(subject, &pool, &endpoint, err))
        return NULL;
    text_puts(&path, "/v1/pools/");
    client_add_escaped(&path, pool);
    text_puts(&path, "/endpoints/");
    client_add_escaped(&path, endpoint);
    free(pool);
    free(endpoint);
    return text_take(&path);
}

static char *status_path(const char *subject, struct error *err)
{
    unsigned long long generation;
    if (options_parse_number(subject, (unsigned long long)INT64_MAX, &generation))
        return xstrdup("/v1/status");
    error_set(err, "\"%s\" is no generation: see steerctl history", subject);
    return NULL;
}

/* Seconds since 1970 of "2026-11-21T12:00:00.123Z"; 0 for anything else. */
static int64_t seconds_of(const char *text)
{
    struct tm time = { 0 };
    return strptime(text, "%Y-%m-%dT%H:%M:%S", &time) != NULL ? (int64_t)timegm(&time) : 0;
}

static enum progress judge_healthy(const cJSON *answer, const char *subject, int64_t now_s, char words[256])
{
    const cJSON *health = cJSON_GetObjectItemCaseSensitive(answer, "health");
    const char *verdict = json_text(health, "verdict"), *evidence = json_text(health, "evidence");
    (void)subject, (void)now_s;
    snprintf(words, 256, "%s%s%s", verdict, evidence[0] != '\0' ? ": " : "", evidence);
    return strcmp(verdict, "up") == 0 || strcmp(verdict, "unchecked") == 0 ? IS_SO : NOT_YET;
}

static enum progress judge_serving(const cJSON *answer, const char *subject, int64_t now_s, char words[256])
{
    const cJSON *effective = cJSON_GetObjectItemCaseSensitive(answer, "effective");
    (void)subject, (void)now_s;
    snprintf(words, 256, "%s: %s", json_text(effective, "state"), json_text(effective, "why"));
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(effective, "available")) ? IS_SO : NOT_YET;
}

static enum progress judge_drained(const cJSON *answer, const char *subject, int64_t now_s, char words[256])
{
    const cJSON *override = cJSON_GetObjectItemCaseSensitive(answer, "override");
    if (strcmp(json_text(override, "state"), "drain") != 0) {
        snprintf(words, 256, "nobody drains it: steerctl drain %s", subject);
        return NEVER;
    }
    int64_t left_s = seconds_of(json_text(override, "cached_until")) - now_s;
    if (left_s < 0) {
        snprintf(words, 256, "drained: no cache names it any more");
        return IS_SO;
    }
    snprintf(words, 256, "%lld s until the last cached answer expires", (long long)left_s + 1);
    return NOT_YET;
}

static enum progress judge_generation(const cJSON *answer, const char *subject, int64_t now_s,
                                      char words[256])
{
    double served = json_number(answer, "generation");
    (void)now_s;
    snprintf(words, 256, "generation %.0f is served", served);
    return served >= strtod(subject, NULL) ? IS_SO : NOT_YET;
}

static const struct condition conditions[] = {
    { "healthy", endpoint_path, judge_healthy },
    { "serving", endpoint_path, judge_serving },
    { "drained", endpoint_path, judge_drained },
    { "generation", status_path, judge_generation },
};

const struct condition *condition_find(const char *name, const char **known)
{
    *known = "healthy, serving, drained, generation";
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (strcmp(conditions[i].name, name) == 0)
            return &conditions[i];
    }
    return NULL;
}

/* ---- asking again and again ---- */

/* The server's clock, to the second: its word on times is told by it. */
static enum cli_exit ask_time(struct client *client, int64_t *out)
{
    struct answer status;
    enum cli_exit code =
        client_call(client, (struct call){ .method = "GET", .path = xstrdup("/v1/status") }, &status);
    *out = seconds_of(json_text(status.json, "started")) + (int64_t)json_number(status.json, "uptime_s");
    answer_free(&status);
    return code;
}

static enum cli_exit ask(const struct condition *condition, struct client *client, const char *subject,
                         enum progress *progress, char words[256])
{
    struct error err = { "" };
    struct answer answer;
    int64_t now_s;
    char *path = condition->path(subject, &err);
    if (path == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    enum cli_exit code = ask_time(client, &now_s);
    if (code != CLI_DONE) {
        free(path);
        return code;
    }
    code = client_call(client, (struct call){ .method = "GET", .path = path }, &answer);
    if (code == CLI_DONE)
        *progress = condition->judge(answer.json, subject, now_s, words);
    answer_free(&answer);
    return code;
}

/* One line that is written over again and again, where somebody sees it. */
static void show(const char *subject, const char *words)
{
    struct text line = { 0 }, safe = { 0 };
    if (!isatty(STDERR_FILENO))
        return;
    text_printf(&line, "%s: %s", subject, words);
    grid_add_safe(&safe, line.bytes, false);
    fprintf(stderr, "\r\033[K%.100s", safe.bytes);
    fflush(stderr);
    text_free(&line);
    text_free(&safe);
}

static enum cli_exit say_so(const struct options *options, const char *subject, const char *words)
{
    struct text line = { 0 }, out = { 0 };
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    text_printf(&line, "%s: %s", subject, words);
    if (!options->wants_json)
        grid_add_safe(&out, line.bytes, false);
    text_puts(&out, options->wants_json ? "" : "\n");
    text_free(&line);
    return screen_put(&out);
}

static bool find_deadline(const struct options *options, uint64_t *out)
{
    uint64_t timeout_ms = TIMEOUT_USUAL_MS;
    bool is_good = options->timeout == NULL || duration_parse(options->timeout, &timeout_ms);
    *out = clock_monotonic_ms() + timeout_ms;
    return is_good;
}

enum cli_exit condition_wait(const struct condition *condition, const struct options *options,
                             struct client *client, const char *subject)
{
    char words[256] = "";
    uint64_t deadline_ms;
    enum progress progress = NOT_YET;
    if (!find_deadline(options, &deadline_ms))
        return command_complain(CLI_USAGE, "--timeout \"%s\" is no duration, as 30s or 5m", options->timeout);
    for (;;) {
        enum cli_exit code = ask(condition, client, subject, &progress, words);
        if (code != CLI_DONE)
            return code;
        if (progress == IS_SO)
            return say_so(options, subject, words);
        if (progress == NEVER)
            return command_complain(CLI_REFUSED, "%s: %s", subject, words);
        if (clock_monotonic_ms() >= deadline_ms)
            return command_complain(CLI_TOO_LATE, "%s is not %s yet: %s\nwait longer with --timeout", subject,
                                    condition->name, words);
        show(subject, words);
        sleep(1);
    }
}
