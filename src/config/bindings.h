/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/** Lists what is to be measured: the endpoints of pools that changed, and of those where a check did, or what
 * services want of them.  After build_zones. */
void bindings_of_build(struct build *build);
