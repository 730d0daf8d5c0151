/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "server/observer.h"

/** Appends the observation as one line of JSON, with its end.  Any bytes may stand in it. */
void query_line_write(const struct observation *seen, struct text *out);
