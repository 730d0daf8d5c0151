/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control_parts.h"

/* What people ask of the store through control: overrides, generations, events.  A job goes there, and what
 * comes back is answered here. */

/** Sets or takes away an override, as `kind` says; durable before it is published. */
void requests_override(struct control *control, struct command *command, enum store_job_kind kind);
void requests_override_stored(struct control *control, struct store_job *job);
/** Publishes all that were stored together, then answers them. */
void requests_return_stored(struct control *control);
/** Ends what has expired; returns how long to wait for the next in ms, -1: nothing expires. */
int requests_expire_overrides(struct control *control);

/** Takes reports to a push check. */
void requests_report(struct control *control, struct command *command);

/** Asks for a list of generations, or for old ones: to go back to, to show, to compare. */
void requests_ask_store(struct control *control, struct command *command, enum store_job_kind kind);
void requests_generations_came(struct store_job *job);
void requests_old_generation_came(struct control *control, struct store_job *job);

void requests_ask_events(struct control *control, struct command *command);
void requests_events_came(struct store_job *job);
