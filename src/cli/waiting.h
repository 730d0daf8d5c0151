/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/client.h"

/* Waiting until something is so, with progress on a terminal. */

/** What there is to wait for, by name. */
struct condition;
/** NULL: there is no such condition; `known` gets the names of all. */
const struct condition *condition_find(const char *name, const char **known);

/** Asks every second until the condition holds of `subject` ("us/us-east-1", "42"), at most for --timeout. */
enum cli_exit condition_wait(const struct condition *condition, const struct options *options,
                             struct client *client, const char *subject);
