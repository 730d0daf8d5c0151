/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"

/* A set of an operator's locations under its name. */
struct overlay_set {
    const char *name;
    const struct declared_locations *said;
};

/**
 * A table of what `databases` (may be NULL) and on top of it operators say.  A network has what its most
 * specific declaration says; what that leaves open the next wider one says, and in the end the databases.
 * Where they disagree on the country (or below it), what is finer counts only if it comes from the upper one.
 * Of equal networks in several sets the first set of the alphabet lies on top.  A declaration that says
 * nothing hides all below it.  `sets` (at least one) gets sorted.
 */
struct geo *overlay_make(const struct geo *databases, struct overlay_set *sets, size_t count);
