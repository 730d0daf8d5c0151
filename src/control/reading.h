/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "control/control.h"

/** Answers COMMAND_CONFIG_READ, COMMAND_OBJECT_READ and COMMAND_OBJECT_LIST into command->body.  False: there
 * is no such object (error). */
bool reading_run(const struct compiler *compiler, struct command *command);

/** Sets command->outcome for a change that is compiled and not kept. */
void reading_put_result(const struct compiler *compiler, struct command *command,
                        const struct objects *changes);
/** The same when nothing changes. */
void reading_put_unchanged(const struct compiler *compiler, struct command *command);

/** Answers COMMAND_GENERATION_READ of `objects`, or COMMAND_GENERATION_DIFF from `before` to them.  What is
 * outside the command's scope goes. */
void reading_show_old(struct command *command, struct objects *objects, struct objects *before);

/** "generation", "author", "time", "comment" of each as a JSON array; the caller frees it. */
struct store_generation;
char *reading_generations(const struct store_generation *list, size_t count);
