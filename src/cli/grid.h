/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define GRID_COLUMNS_MAX 12

/*
 * Rows of aligned columns, as people and `awk` like them: a heading in capitals, two spaces between columns,
 * no lines.  Cells are cleaned: a server's words can neither move the cursor nor break a line.
 */
enum grid_colour { GRID_PLAIN, GRID_GOOD, GRID_BAD, GRID_WARN, GRID_FAINT };

struct grid {
    size_t columns;
    bool is_right[GRID_COLUMNS_MAX]; /* numbers */
    struct grid_cell {
        char *text;
        enum grid_colour colour;
    } * cells; /* row by row, headings first */
    size_t count, room;
};

/** Headings end with NULL; one that starts with '>' is of a column of numbers. */
void grid_begin(struct grid *grid, const char *const *headings);
void grid_add(struct grid *grid, enum grid_colour colour, const char *text); /* NULL: "-" */
void grid_print(const struct grid *grid, bool wants_colour, struct text *out);
void grid_free(struct grid *grid);

/** Appends `text` with control characters replaced by '?'; `keeps_lines` lets "\n" pass. */
void grid_add_safe(struct text *out, const char *text, bool keeps_lines);

/** Columns on a terminal: characters, not bytes. */
size_t grid_width(const char *text);

/** Appends `text` in a colour. */
void grid_paint(struct text *out, enum grid_colour colour, bool wants_colour, const char *text);
