/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

/**
 * Makes `state_dir` (mode 0700) where it is missing.  Started as root it gives the directory and the files in
 * it to `user` (NULL: "steerd" if there is such a user, else "nobody") and becomes that user for good; a
 * directory of somebody else with other things in it is refused.  Not as root it only makes sure that the
 * directory is writable.
 */
bool privileges_drop(const char *user, const char *state_dir, struct error *err);

/** What a start would say about the two; changes nothing. */
bool privileges_check(const char *user, const char *state_dir, struct error *err);
