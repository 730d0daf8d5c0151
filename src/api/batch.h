/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control.h"

/** Where in the batch that was sent stands what made the place `pointer` of the configuration:
 * "/items/3/body/ttl". NULL if no item did.  The caller frees it. */
char *batch_place(const struct command *batch, const char *pointer);
