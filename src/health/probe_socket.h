/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"

/** A non-blocking socket, bound to the check's source address if it has one.  -1 with errno on failure. */
int probe_socket(const struct check *check, int family, int type, int protocol);
