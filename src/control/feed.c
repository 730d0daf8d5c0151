/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/feed.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A ring of single events: number n stands at n % most. */
struct feed {
    pthread_mutex_t mutex;
    struct events *ring; /* each with one event, or empty */
    size_t most;
    uint64_t oldest, last; /* numbers; none are there while oldest is above last */
    _Atomic uint64_t expected;
    struct mailbox *box;
    struct letter letter;
    bool is_posted;
};

struct feed *feed_new(size_t most, uint64_t last)
{
    struct feed *feed = xcalloc(1, sizeof *feed);
    feed->ring = xcalloc(most, sizeof *feed->ring);
    feed->most = most;
    feed->last = last;
    feed->expected = last;
    feed->oldest = last + 1;
    pthread_mutex_init(&feed->mutex, NULL);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    for (size_t i = 0; i < feed->most; i++)
        events_free(&feed->ring[i]);
    free(feed->ring);
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
}

static void post_letter(struct feed *feed)
{
    if (feed->box == NULL || feed->is_posted)
        return;
    feed->is_posted = true;
    mailbox_post(feed->box, &feed->letter);
}

void feed_tell(struct feed *feed, const struct events *events)
{
    pthread_mutex_lock(&feed->mutex);
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->items[i];
        struct events *place = &feed->ring[event->number % feed->most];
        events_free(place);
        events_add(place, event);
        if (event->number != feed->last + 1)
            feed->oldest = event->number; /* some were lost: those before are no part of the row */
        feed->last = event->number;
        if (feed->last - feed->oldest >= feed->most)
            feed->oldest = feed->last - feed->most + 1;
    }
    if (events->count > 0)
        post_letter(feed);
    pthread_mutex_unlock(&feed->mutex);
}

void feed_notify(struct feed *feed, struct mailbox *box, int kind)
{
    pthread_mutex_lock(&feed->mutex);
    feed->box = box;
    if (box != NULL)
        feed->letter.kind = kind; /* else it may be on its way still */
    pthread_mutex_unlock(&feed->mutex);
}

void feed_heard(struct feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    feed->is_posted = false;
    pthread_mutex_unlock(&feed->mutex);
}

static size_t size_of(const struct event *event)
{
    return sizeof *event + strlen(event->subject) + strlen(event->check) + strlen(event->author) +
           strlen(event->text);
}

bool feed_read(struct feed *feed, uint64_t *after, const struct event_filter *filter, size_t most,
               struct events *out)
{
    size_t size = 0;
    pthread_mutex_lock(&feed->mutex);
    bool is_whole = *after + 1 >= feed->oldest;
    while (is_whole && *after < feed->last && size < most) {
        const struct event *event = feed->ring[++*after % feed->most].items;
        if (!event_matches(event, filter))
            continue;
        events_add(out, event);
        size += size_of(event);
    }
    pthread_mutex_unlock(&feed->mutex);
    return is_whole;
}

uint64_t feed_last(struct feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    uint64_t last = feed->last;
    pthread_mutex_unlock(&feed->mutex);
    return last;
}

void feed_expect(struct feed *feed, uint64_t number)
{
    atomic_store(&feed->expected, number);
}

uint64_t feed_expected(struct feed *feed)
{
    return atomic_load(&feed->expected);
}
