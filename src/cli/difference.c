/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/difference.h"

#include "base/memory.h"
#include "cli/grid.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT   3
#define CELLS_MAX ((size_t)16 << 20) /* of the table; beyond, all lines between are shown as changed */

struct lines {
    const char **start;
    size_t *size;
    size_t count;
};

static struct lines split(const char *text)
{
    struct lines lines = { 0 };
    size_t room = 1;
    for (const char *at = text; *at != '\0'; at++)
        room += *at == '\n';
    lines.start = xcalloc(room, sizeof *lines.start);
    lines.size = xcalloc(room, sizeof *lines.size);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        lines.start[lines.count] = text;
        lines.size[lines.count++] = size;
        text += size + (text[size] == '\n');
    }
    return lines;
}

static void lines_free(struct lines *lines)
{
    free(lines->start);
    free(lines->size);
}

static bool is_equal(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
    return a->size[i] == b->size[k] && memcmp(a->start[i], b->start[k], a->size[i]) == 0;
}

/* What happens line by line: '-', '+' or ' '. */
struct script {
    char *marks;
    size_t count;
};

static void put(struct script *script, char mark, size_t times)
{
    memset(script->marks + script->count, mark, times);
    script->count += times;
}

/*
 * The longest common subsequence of the middles; table[i * (m + 1) + k] is its length for what follows line i
 * of one and line k of the other.
 */
static void compare_middles(const struct lines *a, const struct lines *b, size_t head, size_t n, size_t m,
                            struct script *script)
{
    size_t width = m + 1, i = 0, k = 0;
    if ((n + 1) > CELLS_MAX / width) {
        put(script, '-', n);
        put(script, '+', m);
        return;
    }
    uint32_t *table = xcalloc((n + 1) * width, sizeof *table);
    for (i = n; i-- > 0;) {
        for (k = m; k-- > 0;) {
            uint32_t down = table[(i + 1) * width + k], right = table[i * width + k + 1];
            bool is_same = is_equal(a, head + i, b, head + k);
            table[i * width + k] = is_same ? table[(i + 1) * width + k + 1] + 1 : down > right ? down : right;
        }
    }
    for (i = k = 0; i < n || k < m;) {
        bool is_same = i < n && k < m && is_equal(a, head + i, b, head + k);
        bool takes =
            !is_same && (k == m || (i < n && table[(i + 1) * width + k] >= table[i * width + k + 1]));
        put(script, is_same ? ' ' : takes ? '-' : '+', 1);
        i += is_same || takes;
        k += is_same || !takes;
    }
    free(table);
}

static void compare(const struct lines *a, const struct lines *b, struct script *script)
{
    size_t head = 0, tail = 0;
    while (head < a->count && head < b->count && is_equal(a, head, b, head))
        head++;
    while (tail < a->count - head && tail < b->count - head &&
           is_equal(a, a->count - 1 - tail, b, b->count - 1 - tail))
        tail++;
    put(script, ' ', head);
    compare_middles(a, b, head, a->count - head - tail, b->count - head - tail, script);
    put(script, ' ', tail);
}

/* True if a change is near enough for the line to be shown. */
static bool is_near(const struct script *script, size_t at)
{
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    for (size_t i = from; i < script->count && i <= at + CONTEXT; i++) {
        if (script->marks[i] != ' ')
            return true;
    }
    return false;
}

static void print_line(char mark, const char *start, size_t size, bool wants_colour, struct text *out)
{
    enum grid_colour colour = mark == '+' ? GRID_GOOD : mark == '-' ? GRID_BAD : GRID_PLAIN;
    char *line = xstrndup(start, size);
    struct text safe = { 0 };
    for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
        *tab = ' '; /* an editor's: it moves nothing but the eye */
    text_printf(&safe, "%c ", mark);
    grid_add_safe(&safe, line, false);
    grid_paint(out, colour, wants_colour, safe.bytes);
    text_puts(out, "\n");
    text_free(&safe);
    free(line);
}

void difference_print(const char *before, const char *after, bool wants_colour, struct text *out)
{
    struct lines a = split(before), b = split(after);
    struct script script = { .marks = xcalloc(a.count + b.count + 1, 1) };
    bool was_near = true;
    compare(&a, &b, &script);
    for (size_t at = 0, i = 0, k = 0; at < script.count; at++) {
        char mark = script.marks[at];
        bool near = is_near(&script, at);
        if (near && !was_near)
            text_puts(out, "  ...\n");
        if (near)
            print_line(mark, mark == '+' ? b.start[k] : a.start[i], mark == '+' ? b.size[k] : a.size[i],
                       wants_colour, out);
        was_near = near;
        i += mark != '+';
        k += mark != '-';
    }
    free(script.marks);
    lines_free(&a);
    lines_free(&b);
}
