/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/client.h"

/* States of the whole configuration, and how they differ. */

/** What a file with comments says, in one order and shape for all that are compared, to be freed; NULL: it is
 * no JSON. */
char *revision_normalise(const char *text);

/** Reads the configuration at that path of the API (freed), printed so; `out` is to be freed. */
enum cli_exit revision_read(struct client *client, char *path, char **out);

/** Appends the lines in which `text` differs from the current configuration; nothing if it is no JSON: the
 * server says where it is wrong. */
enum cli_exit revision_compare(struct client *client, const char *text, struct text *out);
