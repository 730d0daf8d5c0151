/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/chronicle.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "control/latest.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    FEED_EVENTS = 4096,
    PENDING_MOST = 100000, /* events, while the disk does not answer */
    SEEN_EVERY_MS = 15000, /* how stale the word that the verdicts hold may be after kill -9 */
    RETRY_MS = 1000,       /* after the disk has refused */
    GATHER_MS = 50,        /* in a storm of events they go to disk together, so often: a commit takes CPU */
};

/* ---- rows of which the latest counts ---- */

static char *verdict_key(const void *row)
{
    const struct store_verdict *verdict = row;
    return xasprintf("%s\n%s", verdict->endpoint, verdict->evidence.check);
}

static void verdict_release(void *row)
{
    struct store_verdict *verdict = row;
    free(verdict->endpoint);
    free(verdict->target);
}

static char *report_key(const void *row)
{
    const struct store_report *report = row;
    return xasprintf("%s\n%s", report->endpoint, report->check);
}

static void report_release(void *row)
{
    struct store_report *report = row;
    free(report->endpoint);
    free(report->check);
}

static char *pace_key(const void *row)
{
    return xstrdup(((const struct store_pace *)row)->endpoint);
}

static void pace_release(void *row)
{
    free(((struct store_pace *)row)->endpoint);
}

static char *hostname_key(const void *row)
{
    return xstrdup(((const struct known_name *)row)->hostname);
}

static void hostname_release(void *row)
{
    free(((struct known_name *)row)->hostname);
}

static const struct latest_kind verdict_rows = { sizeof(struct store_verdict), verdict_key, verdict_release },
                                report_rows = { sizeof(struct store_report), report_key, report_release },
                                pace_rows = { sizeof(struct store_pace), pace_key, pace_release },
                                hostname_rows = { sizeof(struct known_name), hostname_key, hostname_release };

struct chronicle {
    struct store *store;
    struct mailbox *store_box;
    struct feed *feed;
    uint64_t last_number;
    struct events pending;
    struct latest verdicts, reports, paces, hostnames;
    size_t events_under_way;
    bool was_refused;   /* the last job: what it brought is here again */
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
    chronicle->verdicts.kind = &verdict_rows;
    chronicle->reports.kind = &report_rows;
    chronicle->paces.kind = &pace_rows;
    chronicle->hostnames.kind = &hostname_rows;
    return chronicle;
}

void chronicle_free(struct chronicle *chronicle)
{
    if (chronicle == NULL)
        return;
    events_free(&chronicle->pending);
    latest_free(&chronicle->verdicts);
    latest_free(&chronicle->reports);
    latest_free(&chronicle->paces);
    latest_free(&chronicle->hostnames);
    feed_free(chronicle->feed);
    free(chronicle);
}

/* ---- noting ---- */

void chronicle_note(struct chronicle *chronicle, const struct event *event)
{
    if (chronicle == NULL)
        return;
    if (chronicle->pending.count + chronicle->events_under_way >= PENDING_MOST) {
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
    struct store_verdict *copy = latest_add(&chronicle->verdicts);
    *copy = *verdict;
    copy->endpoint = xstrdup(verdict->endpoint);
    copy->target = xstrdup(verdict->target != NULL ? verdict->target : "");
}

void chronicle_report(struct chronicle *chronicle, const struct store_report *report)
{
    if (chronicle == NULL)
        return;
    struct store_report *copy = latest_add(&chronicle->reports);
    *copy = *report;
    copy->endpoint = xstrdup(report->endpoint);
    copy->check = xstrdup(report->check);
}

void chronicle_pace(struct chronicle *chronicle, const struct store_pace *pace)
{
    if (chronicle == NULL)
        return;
    struct store_pace *copy = latest_add(&chronicle->paces);
    *copy = *pace;
    copy->endpoint = xstrdup(pace->endpoint);
}

void chronicle_hostname(struct chronicle *chronicle, const struct known_name *name)
{
    struct known_name *copy = latest_add(&chronicle->hostnames);
    *copy = *name;
    copy->hostname = xstrdup(name->hostname);
}

/* ---- to the store and back ---- */

static struct store_job *job_of_events(struct chronicle *chronicle)
{
    struct store_job *job = store_job_new(STORE_PUT_HISTORY);
    job->reply_to = chronicle->store_box;
    job->events = chronicle->pending;
    chronicle->pending = (struct events){ 0 };
    chronicle->events_under_way += job->events.count;
    chronicle->under_way++;
    return job;
}

static void send_history(struct chronicle *chronicle, uint64_t now_ms)
{
    struct store_job *job = job_of_events(chronicle);
    job->value = xasprintf("%" PRId64, clock_wall_ms());
    latest_take(&chronicle->verdicts, &job->verdicts, &job->verdict_count);
    latest_take(&chronicle->reports, &job->reports, &job->report_count);
    latest_take(&chronicle->paces, &job->paces, &job->pace_count);
    latest_take(&chronicle->hostnames, &job->hostnames, &job->hostname_count);
    chronicle->seen_ms = now_ms;
    store_post(chronicle->store, job);
}

static bool has_news(const struct chronicle *chronicle)
{
    return chronicle->pending.count > 0 || chronicle->verdicts.count > 0 || chronicle->reports.count > 0 ||
           chronicle->paces.count > 0 || chronicle->hostnames.count > 0;
}

int chronicle_flush(struct chronicle *chronicle)
{
    uint64_t now_ms = clock_monotonic_ms(), since_ms = now_ms - chronicle->seen_ms;
    uint64_t gather_ms = chronicle->was_refused ? RETRY_MS : GATHER_MS;
    if (chronicle->has_ended || chronicle->under_way > 0)
        return SEEN_EVERY_MS; /* its return wakes the loop */
    bool is_first = chronicle->seen_ms == 0;
    if (!is_first && has_news(chronicle) && since_ms < gather_ms)
        return (int)(gather_ms - since_ms);
    if (is_first || has_news(chronicle) || since_ms >= SEEN_EVERY_MS)
        send_history(chronicle, now_ms);
    return (int)(chronicle->seen_ms + SEEN_EVERY_MS - now_ms);
}

/* Who hears of a death shall find the endpoint dead after a crash.  But while the disk hangs the rest waits
 * for its turn: readers must not make one job after the other of it. */
void chronicle_hurry(struct chronicle *chronicle)
{
    if (chronicle->has_ended || chronicle->pending.count == 0)
        return;
    if (chronicle->under_way == 0 && !chronicle->was_refused)
        send_history(chronicle, clock_monotonic_ms());
    else
        store_post(chronicle->store, job_of_events(chronicle));
}

/* What is true now must not be missing after a restart because the disk was full for a while. */
static void take_back(struct chronicle *chronicle, struct store_job *job)
{
    latest_put_back(&chronicle->verdicts, job->verdicts, job->verdict_count);
    latest_put_back(&chronicle->reports, job->reports, job->report_count);
    latest_put_back(&chronicle->paces, job->paces, job->pace_count);
    latest_put_back(&chronicle->hostnames, job->hostnames, job->hostname_count);
    job->verdicts = NULL;
    job->reports = NULL;
    job->paces = NULL;
    job->hostnames = NULL;
    job->verdict_count = job->report_count = job->pace_count = job->hostname_count = 0;
}

void chronicle_came(struct chronicle *chronicle, struct store_job *job)
{
    chronicle->under_way--;
    chronicle->events_under_way -= job->events.count;
    if (!job->is_done) {
        chronicle->lost += job->events.count;
        if (job->events.count > 0 || !chronicle->was_refused)
            log_error("events that were not stored: %zu; %s", job->events.count, job->error.text);
        take_back(chronicle, job);
    }
    chronicle->was_refused = !job->is_done;
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
