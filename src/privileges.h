/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

/**
 * Makes `state_dir` (mode 0700) where it is missing.  Started as root it gives the directory and what lies in
 * it to `user` (NULL: "steerd" if there is such a user, else "nobody") and becomes that user for good;
 * otherwise it only makes sure that the directory is writable.
 */
bool privileges_drop(const char *user, const char *state_dir, struct error *err);
