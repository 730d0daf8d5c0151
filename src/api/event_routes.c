/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/exchange.h"
#include "api/page.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/state.h"
#include "api/stream.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATCH_UP_SIZE ((size_t)1 << 20) /* bytes; a peer with more to read comes again */

/* ---- what is wanted ---- */

static bool read_filter(struct request *request, struct event_filter *out)
{
    const char *kind = target_param(&request->target, "kind");
    *out = (struct event_filter){ .subject = target_param(&request->target, "subject"),
                                  .scope = request->scope };
    if (kind == NULL)
        return true;
    out->has_kind = event_kind_parse(kind, &out->kind);
    if (out->has_kind)
        return true;
    struct text known = { 0 };
    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        text_printf(&known, "%s%s", i > 0 ? ", " : "", event_kind_names[i]);
    problem_parameter(request, "kind", "must be one of %s, got \"%s\"", known.bytes, kind);
    text_free(&known);
    return false;
}

static struct command *ask(const struct event_filter *filter, bool has_after, uint64_t after, unsigned most)
{
    struct command *command = command_new(COMMAND_EVENTS);
    command->has_after = has_after;
    command->after = after;
    command->most = most;
    command->has_event_kind = filter->has_kind;
    command->event_kind = filter->kind;
    command->name = filter->subject != NULL ? xstrdup(filter->subject) : NULL;
    return command;
}

/* ---- history ---- */

/* Who sees a part is not told how much there is of the rest. */
static uint64_t last_number(const struct request *request)
{
    const struct command *command = request->command;
    const struct events *events = &command->events;
    if (request->scope == NULL)
        return feed_last(control_feed(request->api->control));
    return events->count > 0 ? events->items[events->count - 1].number : command->after;
}

static void reply_list(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct events *events = &request->command->events;
    struct text item = { 0 };
    struct writer json = { 0 };
    char next[24];
    writer_object(&json, NULL);
    writer_array(&json, "items");
    for (size_t i = 0; i < events->count; i++) {
        item.size = 0;
        event_print(&events->items[i], &item);
        writer_raw(&json, NULL, item.bytes, item.size);
    }
    writer_end(&json);
    text_free(&item);
    bool is_full = request->command->has_after && events->count == request->command->most;
    if (is_full)
        snprintf(next, sizeof next, "%" PRIu64, events->items[events->count - 1].number);
    writer_string(&json, "next", is_full ? next : NULL);
    writer_uint(&json, "last", last_number(request));
    writer_end(&json);
    reply_json(request, &json);
}

void event_list(struct request *request)
{
    struct event_filter filter;
    uint64_t after, limit;
    bool has_after = target_param(&request->target, "after") != NULL;
    if (read_filter(request, &filter) && request_number(request, "after", 0, INT64_MAX, 0, &after) &&
        page_limit(request, &limit))
        exchange_send(request, ask(&filter, has_after, after, (unsigned)limit), reply_list);
}

/* ---- live ---- */

static void reply_stream(struct request *request)
{
    request->reply.status = 200;
    request->reply.content_type = "text/event-stream; charset=utf-8";
}

/* The history came: what the feed had told before it was asked for is in it. */
static void catch_up(struct request *request)
{
    struct stream *stream = request->reply.stream;
    const struct events *events = &request->command->events;
    bool is_whole = events->count < PAGE_LIMIT_USUAL;
    if (!exchange_succeeded(request)) {
        stream_free(stream);
        request->reply.stream = NULL;
        return;
    }
    stream_catch_up(stream, events, is_whole ? request->command->before : 0);
    if (!is_whole && stream_size(stream) < CATCH_UP_SIZE) {
        struct command *more = ask(stream_filter(stream), true, stream_after(stream), PAGE_LIMIT_USUAL);
        more->before = feed_last(control_feed(request->api->control));
        exchange_send(request, more, catch_up);
        return;
    }
    if (!is_whole)
        stream_cut(stream);
    reply_stream(request);
}

static bool read_start(struct request *request, bool *has_after, uint64_t *after)
{
    const char *id = request->last_event_id;
    *has_after = id != NULL || target_param(&request->target, "after") != NULL;
    if (id == NULL)
        return request_number(request, "after", 0, INT64_MAX, 0, after);
    size_t digits = strspn(id, "0123456789");
    *after = strtoull(id, NULL, 10);
    return (digits > 0 && digits <= 18 && id[digits] == '\0') ||
           problem_reply(request, 400, "Last-Event-ID: %.40s is no number of an event", id);
}

void event_stream(struct request *request)
{
    struct event_filter filter;
    bool has_after;
    struct feed *feed = control_feed(request->api->control);
    uint64_t after, last = feed_last(feed);
    if (!read_filter(request, &filter) || !read_start(request, &has_after, &after))
        return;
    bool has_history = has_after && after < last;
    uint64_t start = has_history ? after : has_after ? last : feed_expected(feed);
    request->reply.stream = stream_new(request->api->streams, start, &filter);
    if (request->reply.stream != NULL)
        stream_know(request->reply.stream, &request->who);
    if (request->reply.stream == NULL) {
        request->reply.retry_in_s = 5;
        problem_reply(request, 503, "too many follow the events already");
    } else if (has_history) {
        struct command *command = ask(&filter, true, after, PAGE_LIMIT_USUAL);
        command->before = last;
        exchange_send(request, command, catch_up);
    } else {
        reply_stream(request);
    }
}
