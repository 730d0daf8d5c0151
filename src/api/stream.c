/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/stream.h"

#include "api/scope.h"
#include "api/state.h"
#include "base/clock.h"
#include "base/memory.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAMS_MOST = 64,
    HEARTBEAT_MS = 15000,
    LOOK_MS = 500,        /* at the follower's token */
    READ_SIZE = 64 << 10, /* of events taken from the feed at a time */
};

struct streams {
    pthread_mutex_t mutex; /* held while a connection is put to sleep, so that none is woken before */
    struct feed *feed;
    struct auth *auth;
    struct stream *first;
    unsigned count;
    bool is_over;
};

struct stream {
    struct streams *streams;
    struct stream *next, **place; /* in streams->first */
    struct MHD_Connection *connection;
    struct event_filter filter; /* with strings of its own */
    struct who who;
    uint64_t looked_ms; /* when it was last asked whether the follower is still welcome */
    uint64_t after;
    struct text out;
    size_t sent; /* of `out` */
    int fd;      /* of the connection, open while it sleeps */
    bool is_cut, sleeps;
    uint64_t spoke_ms;
};

struct streams *streams_new(struct feed *feed, struct auth *auth)
{
    struct streams *streams = xcalloc(1, sizeof *streams);
    streams->feed = feed;
    streams->auth = auth;
    pthread_mutex_init(&streams->mutex, NULL);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (streams == NULL)
        return;
    pthread_mutex_destroy(&streams->mutex);
    free(streams);
}

static bool has_to_speak(const struct stream *stream, uint64_t last, uint64_t now_ms)
{
    return last > stream->after || now_ms - stream->spoke_ms >= HEARTBEAT_MS || stream->streams->is_over;
}

/* MHD does not look at a connection that sleeps.  Whoever follows events has nothing more to say: half closed
 * is closed. */
static bool has_left(const struct stream *stream)
{
    struct pollfd look = { .fd = stream->fd, .events = POLLRDHUP };
    return poll(&look, 1, 0) == 1;
}

static bool is_welcome(struct stream *stream, uint64_t now_ms)
{
    struct auth *auth = stream->streams->auth;
    stream->looked_ms = now_ms;
    return auth == NULL || auth_still_holds(auth, &stream->who, clock_wall_ms());
}

void streams_wake(struct streams *streams)
{
    uint64_t now_ms = clock_monotonic_ms();
    pthread_mutex_lock(&streams->mutex);
    uint64_t last = feed_last(streams->feed);
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (!stream->sleeps)
            continue;
        stream->is_cut |= has_left(stream);
        stream->is_cut |= now_ms - stream->looked_ms >= LOOK_MS && !is_welcome(stream, now_ms);
        if (!stream->is_cut && !has_to_speak(stream, last, now_ms))
            continue;
        stream->sleeps = false;
        http_resume(stream->connection);
    }
    pthread_mutex_unlock(&streams->mutex);
}

void streams_end(struct streams *streams)
{
    if (streams == NULL)
        return;
    pthread_mutex_lock(&streams->mutex);
    streams->is_over = true;
    pthread_mutex_unlock(&streams->mutex);
    streams_wake(streams);
}

unsigned streams_count(struct streams *streams)
{
    pthread_mutex_lock(&streams->mutex);
    unsigned count = streams->count;
    pthread_mutex_unlock(&streams->mutex);
    return count;
}

struct stream *stream_new(struct streams *streams, uint64_t after, const struct event_filter *filter)
{
    struct stream *stream = xcalloc(1, sizeof *stream);
    stream->streams = streams;
    stream->after = after;
    stream->filter = *filter;
    stream->filter.subject = filter->subject != NULL ? xstrdup(filter->subject) : NULL;
    stream->filter.scope = filter->scope != NULL ? xstrdup(filter->scope) : NULL;
    stream->spoke_ms = clock_monotonic_ms();
    text_puts(&stream->out, "retry: 1000\n\n");
    pthread_mutex_lock(&streams->mutex);
    bool has_place = streams->count < STREAMS_MOST;
    if (has_place) {
        streams->count++;
        stream->next = streams->first;
        stream->place = &streams->first;
        if (stream->next != NULL)
            stream->next->place = &stream->next;
        streams->first = stream;
    }
    pthread_mutex_unlock(&streams->mutex);
    if (has_place)
        return stream;
    stream_free(stream);
    return NULL;
}

static void leave(struct stream *stream)
{
    if (stream->place == NULL)
        return;
    pthread_mutex_lock(&stream->streams->mutex);
    *stream->place = stream->next;
    if (stream->next != NULL)
        stream->next->place = stream->place;
    stream->streams->count--;
    pthread_mutex_unlock(&stream->streams->mutex);
}

void stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    leave(stream);
    free((char *)(uintptr_t)stream->filter.subject);
    free((char *)(uintptr_t)stream->filter.scope);
    who_clear(&stream->who);
    text_free(&stream->out);
    free(stream);
}

void stream_know(struct stream *stream, const struct who *who)
{
    who_set(&stream->who, who->role, who->name, who->how, who->scope);
    stream->who.made_wall_ms = who->made_wall_ms;
}

const struct event_filter *stream_filter(const struct stream *stream)
{
    return &stream->filter;
}

uint64_t stream_after(const struct stream *stream)
{
    return stream->after;
}

size_t stream_size(const struct stream *stream)
{
    return stream->out.size;
}

void stream_cut(struct stream *stream)
{
    stream->is_cut = true;
}

static void add_events(struct stream *stream, const struct events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->items[i];
        text_printf(&stream->out, "id: %" PRIu64 "\nevent: %s\ndata: ", event->number,
                    event_kind_names[event->kind]);
        event_print(event, &stream->out); /* one line: JSON escapes what would end it */
        text_puts(&stream->out, "\n\n");
    }
}

void stream_catch_up(struct stream *stream, const struct events *events, uint64_t until)
{
    add_events(stream, events);
    if (events->count > 0 && events->items[events->count - 1].number > stream->after)
        stream->after = events->items[events->count - 1].number;
    if (until > stream->after)
        stream->after = until;
}

void stream_begin(struct stream *stream, struct MHD_Connection *connection, int fd)
{
    stream->connection = connection;
    stream->fd = fd;
}

/* Zones come and go while somebody follows. */
static void renew_scope(struct stream *stream)
{
    if (scope_is_everything(stream->who.scope))
        return;
    free((char *)(uintptr_t)stream->filter.scope);
    stream->filter.scope = scope_now(stream->who.scope);
}

/* False: it fell behind the feed, or its follower is not welcome any more. */
static bool fill(struct stream *stream)
{
    struct events events = { 0 };
    if (!is_welcome(stream, clock_monotonic_ms()))
        return false;
    renew_scope(stream);
    text_free(&stream->out);
    stream->sent = 0;
    if (!feed_read(stream->streams->feed, &stream->after, &stream->filter, READ_SIZE, &events))
        return false;
    add_events(stream, &events);
    events_free(&events);
    if (stream->out.size == 0 && clock_monotonic_ms() - stream->spoke_ms >= HEARTBEAT_MS)
        text_puts(&stream->out, ":\n\n");
    return true;
}

static enum stream_step sleep_or_end(struct stream *stream)
{
    struct streams *streams = stream->streams;
    enum stream_step step = STREAM_SLEEPS;
    pthread_mutex_lock(&streams->mutex);
    if (streams->is_over) {
        step = STREAM_IS_OVER;
    } else if (feed_last(streams->feed) > stream->after) {
        step = STREAM_GOES_ON; /* it came meanwhile */
    } else {
        stream->sleeps = true;
        http_suspend(stream->connection);
    }
    pthread_mutex_unlock(&streams->mutex);
    return step;
}

enum stream_step stream_read(struct stream *stream, char *out, size_t room, size_t *size)
{
    *size = 0;
    while (stream->sent == stream->out.size) {
        if (stream->is_cut || !fill(stream))
            return STREAM_IS_OVER;
        if (stream->out.size > 0)
            break;
        enum stream_step step = sleep_or_end(stream);
        if (step != STREAM_GOES_ON)
            return step;
    }
    size_t left = stream->out.size - stream->sent;
    *size = left < room ? left : room;
    memcpy(out, stream->out.bytes + stream->sent, *size);
    stream->sent += *size;
    stream->spoke_ms = clock_monotonic_ms();
    return STREAM_GOES_ON;
}
