/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "server/observer.h"

/* The logger: a thread that takes what the workers' observers saw to the file and to the reader of dnstap. */
struct query_log;

/** Opens the file and starts.  `observers`, one a worker, and what `settings` names are borrowed; what could
 * not be delivered is added to `failed`. */
bool query_log_start(const struct query_log_settings *settings, struct observer **observers, unsigned count,
                     _Atomic uint64_t *failed, struct query_log **out, struct error *err);
/** Any thread: the file may have been renamed. */
void query_log_reopen(struct query_log *log);
/** After the workers have ended: delivers what waits.  Accepts NULL. */
void query_log_stop(struct query_log *log);
