/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/mailbox.h"
#include "snapshot/resolved.h"

/*
 * The addresses of hostnames beyond the life of this process: what an earlier one knew, and letters about
 * what is to be known by the next.  A name that is not used is not remembered.
 */
struct name_memory;

/** `known`: of the earlier process (copied); LETTER_NAME_KNOWN goes to `reports`. */
struct name_memory *name_memory_new(const struct known_name *known, size_t count, struct mailbox *reports);
void name_memory_free(struct name_memory *memory);

/** What the earlier process knew of a name that is used from now on, or NULL; lives until the next call. */
const struct resolved *name_memory_find(struct name_memory *memory, const char *hostname);

/** Tells what is known now, if that is news; of names that change with every answer once a minute. */
void name_memory_note(struct name_memory *memory, const char *hostname, const struct resolved *now);

/** The name is not used any more. */
void name_memory_forget(struct name_memory *memory, const char *hostname);
/** All names that are used have been asked for: the others of the earlier process are forgotten. */
void name_memory_forget_rest(struct name_memory *memory);
/** Tells nothing any more: names go because the process does. */
void name_memory_end(struct name_memory *memory);
