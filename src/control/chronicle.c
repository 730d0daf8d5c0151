/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/chronicle.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    FEED_EVENTS = 4096,
    PENDING_MOST = 100000, /* while the disk does not answer */
    SEEN_EVERY_MS = 15000, /* how stale the word that the verdicts hold may be after kill -9 */
    GATHER_MS = 50,        /* in a storm of events they go to disk together, so often: a commit takes CPU */
};

struct chronicle {
    struct store *store;
    struct mailbox *store_box;
    struct feed *feed;
    uint64_t last_number;
    struct events pending;
    struct store_verdict *verdicts;
    size_t verdict_count, verdict_room;
    struct store_report *reports;
    size_t report_count, report_room;
    struct store_pace *paces;
    size_t pace_count, pace_room;
    struct known_name *hostnames;
    size_t hostname_count, hostname_room;
    unsigned under_way; /* jobs at the store: the next one gathers meanwhile */
    bool has_ended;
    uint64_t seen_ms; /* monotonic, of the last job; 0: none yet */
    _Atomic uint64_t lost;
};

struct chronicle *chronicle_new(struct store *store, struct mailbox *store_box, uint64_t last_number)
{
    struct chronicle *chronicle = xcalloc(1, sizeof *chronicle);
    chronicle->store = store;
    chronicle->store_box = store_box;
    chronicle->last_number = last_number;
    chronicle->feed = feed_new(FEED_EVENTS, last_number);
    return chronicle;
}

void chronicle_free(struct chronicle *chronicle)
{
    if (chronicle == NULL)
        return;
    events_free(&chronicle->pending);
    store_verdicts_free(chronicle->verdicts, chronicle->verdict_count);
    store_reports_free(chronicle->reports, chronicle->report_count);
    store_paces_free(chronicle->paces, chronicle->pace_count);
    store_hostnames_free(chronicle->hostnames, chronicle->hostname_count);
    feed_free(chronicle->feed);
    free(chronicle);
}

void chronicle_note(struct chronicle *chronicle, const struct event *event)
{
    if (chronicle == NULL)
        return;
    if (chronicle->pending.count >= PENDING_MOST) {
        chronicle->lost++;
        return;
    }
    struct event *noted = events_add(&chronicle->pending, event);
    noted->number = ++chronicle->last_number;
    noted->wall_ms = clock_wall_ms();
    feed_expect(chronicle->feed, noted->number);
}

void chronicle_verdict(struct chronicle *chronicle, const struct store_verdict *verdict)
{
    if (chronicle == NULL)
        return;
    if (chronicle->verdict_count == chronicle->verdict_room) {
        chronicle->verdict_room = chronicle->verdict_room == 0 ? 16 : 2 * chronicle->verdict_room;
        chronicle->verdicts =
            xrealloc(chronicle->verdicts, chronicle->verdict_room, sizeof *chronicle->verdicts);
    }
    struct store_verdict *copy = &chronicle->verdicts[chronicle->verdict_count++];
    *copy = *verdict;
    copy->endpoint = xstrdup(verdict->endpoint);
    copy->target = xstrdup(verdict->target != NULL ? verdict->target : "");
}

void chronicle_report(struct chronicle *chronicle, const struct store_report *report)
{
    if (chronicle == NULL || chronicle->report_count >= PENDING_MOST)
        return; /* the next one will do */
    if (chronicle->report_count == chronicle->report_room) {
        chronicle->report_room = chronicle->report_room == 0 ? 16 : 2 * chronicle->report_room;
        chronicle->reports = xrealloc(chronicle->reports, chronicle->report_room, sizeof *chronicle->reports);
    }
    struct store_report *copy = &chronicle->reports[chronicle->report_count++];
    *copy = *report;
    copy->endpoint = xstrdup(report->endpoint);
    copy->check = xstrdup(report->check);
}

void chronicle_pace(struct chronicle *chronicle, const struct store_pace *pace)
{
    if (chronicle == NULL)
        return;
    if (chronicle->pace_count == chronicle->pace_room) {
        chronicle->pace_room = chronicle->pace_room == 0 ? 16 : 2 * chronicle->pace_room;
        chronicle->paces = xrealloc(chronicle->paces, chronicle->pace_room, sizeof *chronicle->paces);
    }
    struct store_pace *copy = &chronicle->paces[chronicle->pace_count++];
    *copy = *pace;
    copy->endpoint = xstrdup(pace->endpoint);
}

void chronicle_hostname(struct chronicle *chronicle, const struct known_name *name)
{
    if (chronicle->hostname_count >= PENDING_MOST)
        return;
    if (chronicle->hostname_count == chronicle->hostname_room) {
        chronicle->hostname_room = chronicle->hostname_room == 0 ? 16 : 2 * chronicle->hostname_room;
        chronicle->hostnames =
            xrealloc(chronicle->hostnames, chronicle->hostname_room, sizeof *chronicle->hostnames);
    }
    struct known_name *copy = &chronicle->hostnames[chronicle->hostname_count++];
    *copy = *name;
    copy->hostname = xstrdup(name->hostname);
}

const struct events *chronicle_pending(const struct chronicle *chronicle)
{
    return &chronicle->pending;
}

static void send_history(struct chronicle *chronicle, uint64_t now_ms)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->reply_to = chronicle->store_box;
    job->value = xasprintf("%" PRId64, clock_wall_ms());
    job->events = chronicle->pending;
    job->verdicts = chronicle->verdicts;
    job->verdict_count = chronicle->verdict_count;
    job->reports = chronicle->reports;
    job->report_count = chronicle->report_count;
    job->paces = chronicle->paces;
    job->pace_count = chronicle->pace_count;
    job->hostnames = chronicle->hostnames;
    job->hostname_count = chronicle->hostname_count;
    chronicle->pending = (struct events){ 0 };
    chronicle->reports = NULL;
    chronicle->report_count = chronicle->report_room = 0;
    chronicle->paces = NULL;
    chronicle->pace_count = chronicle->pace_room = 0;
    chronicle->hostnames = NULL;
    chronicle->hostname_count = chronicle->hostname_room = 0;
    chronicle->verdicts = NULL;
    chronicle->verdict_count = chronicle->verdict_room = 0;
    chronicle->under_way++;
    chronicle->seen_ms = now_ms;
    store_post(chronicle->store, job);
}

static bool has_news(const struct chronicle *chronicle)
{
    return chronicle->pending.count > 0 || chronicle->verdict_count > 0 || chronicle->report_count > 0 ||
           chronicle->pace_count > 0 || chronicle->hostname_count > 0;
}

int chronicle_flush(struct chronicle *chronicle)
{
    uint64_t now_ms = clock_monotonic_ms(), since_ms = now_ms - chronicle->seen_ms;
    if (chronicle->has_ended || chronicle->under_way > 0)
        return SEEN_EVERY_MS; /* its return wakes the loop */
    bool is_first = chronicle->seen_ms == 0;
    if (!is_first && has_news(chronicle) && since_ms < GATHER_MS)
        return (int)(GATHER_MS - since_ms);
    if (is_first || has_news(chronicle) || since_ms >= SEEN_EVERY_MS)
        send_history(chronicle, now_ms);
    return (int)(chronicle->seen_ms + SEEN_EVERY_MS - now_ms);
}

void chronicle_hurry(struct chronicle *chronicle)
{
    if (!chronicle->has_ended && has_news(chronicle))
        send_history(chronicle, clock_monotonic_ms());
}

void chronicle_came(struct chronicle *chronicle, const struct store_job *job)
{
    chronicle->under_way--;
    if (!job->is_done) {
        chronicle->lost += job->events.count;
        log_error("%zu events were not stored: %s", job->events.count, job->error.text);
    }
    feed_tell(chronicle->feed, &job->events); /* who follows live hears them even so */
}

void chronicle_end(struct chronicle *chronicle)
{
    if (!chronicle->has_ended)
        send_history(chronicle, clock_monotonic_ms());
    chronicle->has_ended = true;
}

struct feed *chronicle_feed(const struct chronicle *chronicle)
{
    return chronicle->feed;
}

uint64_t chronicle_lost(const struct chronicle *chronicle)
{
    return chronicle->lost;
}
