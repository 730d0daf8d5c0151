/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"

/** A copy with its own strings and a reference to the check. */
struct check_binding binding_copy(const struct check_binding *from);
void binding_clear(struct check_binding *binding);

/** Whether both mean the same thing to go on measuring: same place, checks equal in every field. */
bool binding_equal(const struct check_binding *a, const struct check_binding *b);
