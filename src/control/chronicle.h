/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/feed.h"
#include "store/store.h"

/*
 * Writes down what happens: events get their numbers here, go to the store with the next flush, and are told
 * to the feed when they are on disk, so that nobody hears a number that a crash could give away again.
 *
 *     note, verdict ──▶ flush ──▶ store ──▶ came ──▶ feed
 *
 * One thread owns it, and never waits for it.
 */
struct chronicle;

/** `last_number`: of the newest event ever.  Jobs come back to `store_box`. */
struct chronicle *chronicle_new(struct store *store, struct mailbox *store_box, uint64_t last_number);
void chronicle_free(struct chronicle *chronicle);

/** Notes an event (copied); number and time are set here.  A NULL chronicle notes nothing. */
void chronicle_note(struct chronicle *chronicle, const struct event *event);
/** Notes a verdict to be there after a restart (copied); as store_verdict says.  Of what waits for the disk
 * the latest one of an endpoint and check counts, so there are never more than those. */
void chronicle_verdict(struct chronicle *chronicle, const struct store_verdict *verdict);

/** The same for the last report to a push check. */
void chronicle_report(struct chronicle *chronicle, const struct store_report *report);

/** The same for how far an endpoint is on its way back. */
void chronicle_pace(struct chronicle *chronicle, const struct store_pace *pace);

/** The same for what a hostname resolved to. */
void chronicle_hostname(struct chronicle *chronicle, const struct known_name *name);

/** Sends what is noted to the store: at once after a silence, else what some tens of milliseconds gathered;
 * or, every few seconds, that the verdicts still hold.  Returns in how many ms it wants to be called at the
 * latest. */
int chronicle_flush(struct chronicle *chronicle);
/** Sends the events that are noted now: somebody reads them, and what he did himself shall be among them. */
void chronicle_hurry(struct chronicle *chronicle);
/** The job of a flush is back.  Of what the disk refused the events are lost; the rest is tried again. */
void chronicle_came(struct chronicle *chronicle, struct store_job *job);
/** The last flush: nothing is sent any more. */
void chronicle_end(struct chronicle *chronicle);

struct feed *chronicle_feed(const struct chronicle *chronicle);
/** Events that were noted while too many waited for the disk, or that the disk refused. */
uint64_t chronicle_lost(const struct chronicle *chronicle);
