/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/builder.h"
#include "control/chronicle.h"
#include "control/doubt.h"

/* What control itself does, put into words for the chronicle. */

void note_generation(struct chronicle *chronicle, const struct build *build);
/** `source` is NULL or "" when there is no database any more. */
void note_locations(struct chronicle *chronicle, const char *source);
void note_override_set(struct chronicle *chronicle, const char *key, const struct override *override);
void note_override_cleared(struct chronicle *chronicle, const char *key, const char *author);
void note_override_expired(struct chronicle *chronicle, const char *key);
/** Writes the alarm as well. */
void note_suspicion(struct chronicle *chronicle, const struct doubt *doubt, enum doubt_turn turn);
