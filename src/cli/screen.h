/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "cli/client.h"
#include "cli/grid.h"

/* Standard output. */

/** True on a terminal, unless NO_COLOR is set. */
bool screen_has_colour(void);
bool screen_is_terminal(void);
/** Asks on the terminal until one of the letters in `known` is given; 0 where nobody can be asked. */
int screen_ask(const char *question, const char *known);
/** Writes and frees.  CLI_REFUSED if it cannot be written: a full disk is no success. */
enum cli_exit screen_put(struct text *text);
/** Prints and frees the grid. */
enum cli_exit screen_put_grid(struct grid *grid);
/** What --json prints: the API's answer as it came. */
enum cli_exit screen_put_json(const struct answer *answer);

/** "2026-11-21T12:00:00.123Z" without the fraction, as people read it; "" stays. */
void screen_short_time(const char *time, char out[32]);
