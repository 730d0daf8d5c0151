/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/problems.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody mends more in one round; a hostile document could otherwise cost a multiple of its own size. */
#define KEPT_MAX 1000

/* A place to fill in, or NULL when enough is kept. */
static struct problem *add(struct problems *problems, unsigned line, unsigned column, bool is_warning)
{
    size_t kept = is_warning ? problems->count - problems->kept_errors : problems->kept_errors;
    if (!is_warning)
        problems->error_count++;
    if (kept >= KEPT_MAX)
        return NULL;
    if (problems->count == problems->room) {
        problems->room = problems->room ? problems->room * 2 : 8;
        problems->items = xrealloc(problems->items, problems->room, sizeof *problems->items);
    }
    if (!is_warning)
        problems->kept_errors++;
    struct problem *problem = &problems->items[problems->count++];
    *problem = (struct problem){
        .line = line, .column = column, .is_warning = is_warning, .number = problems->count
    };
    return problem;
}

static void fill(struct problem *problem, const char *file, const char *pointer, const char *format,
                 va_list args)
{
    problem->file = file != NULL ? xstrdup(file) : NULL;
    problem->pointer = xstrdup(pointer != NULL ? pointer : "");
    if (vasprintf(&problem->message, format, args) < 0)
        problem->message = xstrdup(format);
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *pointer, const char *format, ...)
{
    struct problem *problem = add(problems, line, column, false);
    if (problem == NULL)
        return;
    va_list args;
    va_start(args, format);
    fill(problem, file, pointer, format, args);
    va_end(args);
}

void problems_warn(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *pointer, const char *format, ...)
{
    struct problem *problem = add(problems, line, column, true);
    if (problem == NULL)
        return;
    va_list args;
    va_start(args, format);
    fill(problem, file, pointer, format, args);
    va_end(args);
}

/* Keys and values of a document come back in messages: what they would command a terminal is made visible. */
char *problem_format(const struct problem *problem)
{
    struct text line = { 0 };
    if (problem->file != NULL)
        text_put_visible(&line, problem->file);
    if (problem->line != 0)
        text_printf(&line, "%s%u", line.size > 0 ? ":" : "", problem->line);
    if (problem->line != 0 && problem->column != 0) /* master files have lines only */
        text_printf(&line, ":%u", problem->column);
    if (line.size > 0)
        text_puts(&line, ": ");
    if (problem->pointer[0] != '\0') {
        text_put_visible(&line, problem->pointer);
        text_puts(&line, ": ");
    }
    if (problem->is_warning)
        text_puts(&line, "warning: ");
    text_put_visible(&line, problem->message);
    return text_take(&line);
}

static int by_place(const void *one, const void *other)
{
    const struct problem *a = one, *b = other;
    int order = strcmp(a->file != NULL ? a->file : "", b->file != NULL ? b->file : "");
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

void problems_sort(struct problems *problems)
{
    if (problems->count > 1)
        qsort(problems->items, problems->count, sizeof *problems->items, by_place);
}

void problems_name_file(struct problems *problems, const char *file)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (problems->items[i].file == NULL)
            problems->items[i].file = xstrdup(file);
    }
}

const struct problem *problems_first_error(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (!problems->items[i].is_warning)
            return &problems->items[i];
    }
    return NULL;
}

void problems_free(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].file);
        free(problems->items[i].pointer);
        free(problems->items[i].message);
    }
    free(problems->items);
    *problems = (struct problems){ 0 };
}
