/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/**
 * Copies the database of `state_dir` as it is at one moment into `file`, which must not exist (mode 0600).
 * steerd may go on writing meanwhile, in another process.  Checks the copy.
 */
bool backup_make(const char *state_dir, const char *file, struct error *err);

/**
 * Makes `state_dir` (the last directory of its path only) start from the backup `file`: checks that it is a
 * whole database that this steerd reads, and that there is none yet.  No steerd may run on the directory.
 */
bool backup_restore(const char *file, const char *state_dir, struct error *err);
