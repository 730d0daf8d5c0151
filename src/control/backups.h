/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control.h"

/*
 * Copies of the database for those who ask for one, made one after the other by a thread of its own: neither
 * control nor the store waits for them.
 */
struct backups;

enum { LETTER_BACKUP = 220 };

/** Copies are made in `state_dir`, and have no name any more when they are handed out.  A letter to `box`
 * says that one is done: backups_came takes it. */
struct backups *backups_new(const char *state_dir, struct mailbox *box);
/** Waits for the copy that is being made; those who wait are answered when its letter is taken. */
void backups_end(struct backups *backups);
void backups_free(struct backups *backups); /* NULL is a no-op */

/** Takes COMMAND_BACKUP. */
void backups_ask(struct backups *backups, struct command *command);
/** Answers the command, and begins with the next. */
void backups_came(struct backups *backups);
