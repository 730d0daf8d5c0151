/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/audit_log.h"

#include "api/state.h"
#include "base/clock.h"
#include "base/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_SIZE_MOST = 500, STRANGERS_A_MINUTE = 60, MINUTE_MS = 60000 };

struct audit_log {
    pthread_mutex_t mutex;
    uint64_t minute; /* since which `strangers` are counted */
    unsigned strangers;
};

struct audit_log *audit_log_new(void)
{
    struct audit_log *log = xcalloc(1, sizeof *log);
    pthread_mutex_init(&log->mutex, NULL);
    return log;
}

void audit_log_free(struct audit_log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

/* The path as it was meant, in visible ASCII.  Not the query: somebody may have put a token there. */
static char *target_of(const struct request *request)
{
    struct text out = { 0 };
    for (size_t i = 0; i < request->target.segment_count && out.size < TARGET_SIZE_MOST; i++) {
        text_puts(&out, "/");
        for (const char *at = request->target.segments[i]; *at != '\0' && out.size < TARGET_SIZE_MOST; at++) {
            if (isgraph((unsigned char)*at) && *at != '/' && *at != '%')
                text_add(&out, at, 1);
            else
                text_printf(&out, "%%%02X", (unsigned char)*at);
        }
    }
    return text_take(&out);
}

/* The entry is copied, nothing is written through it. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void write_origin(const struct request *request, char out[ADDRESS_TEXT_SIZE])
{
    if (request->peer.family != ADDRESS_NONE)
        address_format(&request->peer, out);
    else if (request->has_peer_uid)
        snprintf(out, ADDRESS_TEXT_SIZE, "unix uid %" PRIu32, request->peer_uid);
    else
        strcpy(out, "unix");
}

static void fill(const struct request *request, unsigned status, struct audit *out)
{
    char from[ADDRESS_TEXT_SIZE];
    write_origin(request, from);
    const char *comment = target_param(&request->target, "comment");
    const char *dry_run = target_param(&request->target, "dry_run");
    char *target = target_of(request);
    const struct audit_entry entry = {
        .wall_ms = clock_wall_ms(),
        .who = request->who.name,
        .how = borrow(request->who.how),
        .from = from,
        .method = borrow(method_name(request->method)),
        .target = target,
        .comment = borrow(comment),
        .detail = status >= 400 ? request->reply.detail : NULL,
        .status = status,
        .is_dry_run = dry_run != NULL && (strcmp(dry_run, "true") == 0 || strcmp(dry_run, "1") == 0),
        .generation = request->reply.has_etag ? request->reply.etag : 0,
    };
    audit_add(out, &entry);
    free(target);
}

void audit_log_give(const struct request *request, struct command *command)
{
    audit_free(&command->audit);
    fill(request, 200, &command->audit);
}

/* Measurements come all the time and change nothing that is configured: only strangers' are written down. */
static bool is_feed(const struct request *request)
{
    static const char *const paths[] = { "/v1/latency/samples", "/v1/checks/{push_check}/report" };
    for (size_t i = 0; request->route != NULL && i < sizeof paths / sizeof *paths; i++)
        if (strcmp(request->route->path, paths[i]) == 0)
            return request->who.role >= request->route->role;
    return false;
}

/* Whoever has a backup has everything: that is written down like a change. */
static bool is_backup(const struct request *request)
{
    return request->route != NULL && strcmp(request->route->path, "/v1/backup") == 0;
}

static bool is_noted(const struct request *request)
{
    bool is_write = request->method != METHOD_GET && request->method != METHOD_OTHER;
    return (is_write && !is_feed(request)) || is_backup(request);
}

/* True if this stranger still gets a line. */
static bool has_line_left(struct audit_log *log)
{
    uint64_t minute = clock_monotonic_ms() / MINUTE_MS;
    pthread_mutex_lock(&log->mutex);
    if (log->minute != minute) {
        log->minute = minute;
        log->strangers = 0;
    }
    bool has_left = log->strangers < STRANGERS_A_MINUTE;
    log->strangers += has_left;
    pthread_mutex_unlock(&log->mutex);
    return has_left;
}

void audit_log_reply(struct request *request)
{
    struct api *api = request->api;
    if (!is_noted(request) || request->is_audited || atomic_load(&api->is_stopping))
        return;
    if (request->who.role == ROLE_NONE && !has_line_left(api->audit_log))
        return;
    struct command *command = command_new(COMMAND_AUDIT_ADD);
    fill(request, request->reply.status, &command->audit);
    control_post(api->control, command);
}
