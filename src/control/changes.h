/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "control/control.h"

/*
 * From what somebody asks to the objects that change.
 */

/** What has to change in the compiler's head so that it equals `wanted`; an object that is only in the head
 * is deleted.  With `keeps_zone_data` the contents of a zone's file stay when `wanted` has the zone but not
 * its data.  Texts are taken from `wanted`, which then borrows them from `out`. */
void changes_to(const struct compiler *compiler, struct objects *wanted, bool keeps_zone_data,
                struct objects *out);

/** Works a configuration command out: what it would leave as it stands is not in `out`.  False:
 * command->result, problems, error say why. */
bool changes_of_command(const struct compiler *compiler, struct command *command, struct objects *out);

/** Makes the problems of an object's change speak of the body that was sent. */
void changes_relate_problems(const struct command *command, struct problems *problems);

/** A digest of the objects' names and contents; the caller frees it. */
char *changes_digest(const struct objects *objects);
