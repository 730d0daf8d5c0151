/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "control/control.h"

/** Answers COMMAND_CONFIG_READ and COMMAND_OBJECT_READ into command->body.  False: there is no such object
 * (error). */
bool reading_run(const struct compiler *compiler, struct command *command);

/** Puts what a change does into command->body: of one object its new JSON, of a dry run the list of changes.
 */
void reading_put_result(struct command *command, const struct objects *changes);
/** The same when nothing changes. */
void reading_put_unchanged(const struct compiler *compiler, struct command *command);

/** "generation", "author", "time", "comment" of each as a JSON array; the caller frees it. */
struct store_generation;
char *reading_generations(const struct store_generation *list, size_t count);
