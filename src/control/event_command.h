/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/settings.h"
#include "control/control.h"
#include "store/event.h"

/*
 * Tells a program of events: it is run once for each, in order, one at a time, with the event on its standard
 * input as in GET /v1/events, and with none of our privileges (base/helper.h).  One thread and one bounded
 * queue, so that a slow one stops nobody.  What fails is not tried again: it is in the store.
 */
struct event_command;

enum { EVENT_COMMAND_QUEUE_MOST = 1000 };

/** Says what is wrong with the settings: kinds that do not exist, a program that cannot be run. */
bool event_command_check(const struct settings *settings, struct problems *problems);

/** NULL in `out` if there is none. */
bool event_command_start(const struct settings *settings, struct event_command **out, struct error *err);
/** Ends at once, and the program with it. */
void event_command_stop(struct event_command *command);

/** Queues those events that are wanted.  Never blocks; NULL is a no-op. */
void event_command_tell(struct event_command *command, const struct events *events);

void event_command_count(const struct event_command *command, struct event_command_counters *out);
