/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/*
 * A service whose endpoint is a hostname leads to another service where that name is one of ours, directly or
 * by static CNAMEs.  Where that comes back to the service, whoever asks for it is sent in a circle, or we
 * would have to ask ourselves.
 */

/** An error, which names them all, if services that the change may have linked lead to each other in a
 * circle. After build_zones. */
void service_check_loops(struct build *build);
