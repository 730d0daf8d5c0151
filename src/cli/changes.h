/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <cjson/cJSON.h>

/** Appends what a dry run says would change, object by object ("changes" of its reply; NULL: nothing). */
void changes_print(const cJSON *changes, struct text *out);
