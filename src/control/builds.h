/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control_parts.h"

/* What becomes of builds: durable, then published, then acknowledged; a group of them in one go. */

/** Builds came from the builder. */
void builds_take(struct control *control, struct build *first);
/** Their changes came back from the store. */
void builds_were_stored(struct control *control, struct store_job *job);
