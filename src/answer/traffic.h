/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/assembly.h"

/** Counts a steered answer: by endpoint and by service, and now and then by country.  Worker thread. */
void traffic_count(struct answer_counters *counters, const struct assembly *assembly);
