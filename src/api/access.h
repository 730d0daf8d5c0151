/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

/** Looks at the certificate of the client, if it shows one.  False with a 403 replied if it has to. */
bool access_check_certificate(struct request *request);

/** Finds out who asks, and whether he may ask this: token, role, scope.  False with a 401, 403 or 429
 * replied. */
bool access_check(struct request *request);
