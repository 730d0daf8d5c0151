/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

/** Finds out who asks, and whether he may ask this: token, role, scope.  False with a 401, 403 or 429
 * replied. */
bool access_check(struct request *request);
