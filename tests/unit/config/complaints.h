/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "config/problems.h"

#include <stdlib.h>

/* All problems, one a line, as an operator sees them; empties `problems`.  The caller frees it. */
static inline char *complaints_take(struct problems *problems)
{
    struct text lines = { 0 };
    for (size_t i = 0; i < problems->count; i++) {
        char *line = problem_format(&problems->items[i]);
        text_puts(&lines, i > 0 ? "\n" : "");
        text_puts(&lines, line);
        free(line);
    }
    problems_free(problems);
    return text_take(&lines);
}
