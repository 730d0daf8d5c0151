/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/settings.h"
#include "health/checker.h"

/* Measures the reference targets: hosts that always reply, unless it is this server that is cut off.  A
 * checker of its own, so that they are asked however much the other has to do. */
struct references;

/** NULL in `out` if there are none. */
bool references_start(const struct settings *settings, struct references **out, struct error *err);
void references_stop(struct references *references);

/** Readable while there is news, for poll; -1 for NULL. */
int references_fd(const struct references *references);
/** Takes the news in; how many there are and how many are silent. */
void references_read(struct references *references, unsigned *count, unsigned *silent);
