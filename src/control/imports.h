/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/builder_parts.h"

/** Imports changed files and launches what comes of it.  `command`: a reload (or NULL: the start), which is
 * held to the guard over the last healthy endpoints; a start serves first, and says what it costs. */
void imports_run(struct builder *builder, struct command *command);
