/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/grid.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const colour_codes[] = {
    [GRID_PLAIN] = "",        [GRID_GOOD] = "\033[32m", [GRID_BAD] = "\033[31m",
    [GRID_WARN] = "\033[33m", [GRID_FAINT] = "\033[2m",
};

/* C0, DEL, and C1 as UTF-8 writes it (U+0080 … U+009F): what a terminal obeys. */
void grid_add_safe(struct text *out, const char *text, bool keeps_lines)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        bool is_control = (at[0] < 0x20 || at[0] == 0x7f) && !(keeps_lines && at[0] == '\n');
        if (is_control || is_c1)
            text_add(out, "?", 1);
        else
            text_add(out, (const char *)at, 1);
        at += is_c1;
    }
}

size_t grid_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80; /* continuation bytes take no place */
    return width;
}

void grid_begin(struct grid *grid, const char *const *headings)
{
    *grid = (struct grid){ 0 };
    for (size_t i = 0; headings[i] != NULL; i++) {
        assert(i < GRID_COLUMNS_MAX);
        grid->is_right[i] = headings[i][0] == '>';
        grid->columns++;
    }
    for (size_t i = 0; i < grid->columns; i++)
        grid_add(grid, GRID_FAINT, headings[i] + grid->is_right[i]);
}

void grid_add(struct grid *grid, enum grid_colour colour, const char *text)
{
    struct text safe = { 0 };
    grid_add_safe(&safe, text != NULL && text[0] != '\0' ? text : "-", false);
    if (grid->count == grid->room) {
        grid->room = grid->room > 0 ? grid->room * 2 : 64;
        grid->cells = xrealloc(grid->cells, grid->room, sizeof *grid->cells);
    }
    grid->cells[grid->count++] = (struct grid_cell){ .text = text_take(&safe), .colour = colour };
}

void grid_paint(struct text *out, enum grid_colour colour, bool wants_colour, const char *text)
{
    bool is_painted = wants_colour && colour != GRID_PLAIN;
    if (is_painted)
        text_puts(out, colour_codes[colour]);
    text_puts(out, text);
    if (is_painted)
        text_puts(out, "\033[0m");
}

static void put_cell(struct text *out, const struct grid_cell *cell, size_t padding, bool is_right,
                     bool is_last, bool wants_colour)
{
    if (is_right)
        text_printf(out, "%*s", (int)padding, "");
    grid_paint(out, cell->colour, wants_colour, cell->text);
    if (!is_right && !is_last)
        text_printf(out, "%*s", (int)padding, "");
    text_puts(out, is_last ? "\n" : "  ");
}

void grid_print(const struct grid *grid, bool wants_colour, struct text *out)
{
    size_t widths[GRID_COLUMNS_MAX] = { 0 };
    for (size_t i = 0; i < grid->count; i++) {
        size_t width = grid_width(grid->cells[i].text);
        size_t *widest = &widths[i % grid->columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t i = 0; i < grid->count; i++) {
        size_t column = i % grid->columns;
        size_t padding = widths[column] - grid_width(grid->cells[i].text);
        put_cell(out, &grid->cells[i], padding, grid->is_right[column], column == grid->columns - 1,
                 wants_colour);
    }
}

void grid_free(struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cells[i].text);
    free(grid->cells);
    *grid = (struct grid){ 0 };
}
