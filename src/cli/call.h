/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/client.h"

/* What most commands are: one call, and its answer printed. */

/** Calls and, unless --json wants the answer as it came, has `print` show it. */
enum cli_exit call_and_print(const struct options *options, struct call call,
                             enum cli_exit (*print)(const struct options *, const struct answer *));

/** Prints what a write brought back: warnings, then the generation. */
enum cli_exit call_print_written(const struct options *options, const struct answer *answer);

/** Adds --comment, --dry-run and --force to the path of a write. */
void call_add_write_params(const struct options *options, struct text *path);

/** Reads a list page after page; `path` may have parameters. */
enum cli_exit call_all_pages(struct client *client, const char *path, cJSON *items);

/** Reads a list and has `print` show it; --json gets it as one page.  Takes `path`. */
enum cli_exit call_and_print_list(const struct options *options, char *path,
                                  enum cli_exit (*print)(const cJSON *items));
