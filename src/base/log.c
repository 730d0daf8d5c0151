/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/memory.h"
#include "base/priority.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUE_MOST 10000

struct line {
    struct letter letter;
    char *text;
};

enum { LETTER_LINE, LETTER_STOP };

static struct mailbox *_Atomic queue; /* NULL: write at once */
static atomic_uint queued, lost;
static atomic_int most_level = LOG_INFO;
static pthread_t logger;

static void write_all(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, text, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

static void write_line(struct line *line)
{
    write_all(line->text, __builtin_strlen(line->text));
    free(line->text);
    free(line);
}

static void say_lost(void)
{
    unsigned count = atomic_exchange(&lost, 0);
    if (count == 0)
        return;
    char text[80];
    int size = snprintf(text, sizeof text, "(%u log lines lost: standard error is slow)\n", count);
    write_all(text, (size_t)size);
}

static void *logger_main(void *arg)
{
    struct mailbox *box = arg;
    priority_give_way();
    for (;;) {
        mailbox_wait(box, -1);
        struct letter *next;
        for (struct letter *letter = mailbox_take(box); letter != NULL; letter = next) {
            next = letter->next;
            if (letter->kind == LETTER_STOP) {
                free(letter);
                return NULL;
            }
            write_line((struct line *)letter);
            atomic_fetch_sub(&queued, 1);
        }
        say_lost();
    }
}

void log_start(enum log_level most)
{
    atomic_store(&most_level, (int)most);
    struct mailbox *box = mailbox_new();
    if (pthread_create(&logger, NULL, logger_main, box) != 0) {
        mailbox_free(box);
        return;
    }
    pthread_setname_np(logger, "logger");
    atomic_store(&queue, box);
}

void log_stop(void)
{
    struct mailbox *box = atomic_exchange(&queue, NULL);
    if (box == NULL)
        return;
    struct letter *stop = xcalloc(1, sizeof *stop);
    stop->kind = LETTER_STOP;
    mailbox_post(box, stop);
    pthread_join(logger, NULL);
    mailbox_free(box);
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
    if ((int)level > atomic_load_explicit(&most_level, memory_order_relaxed))
        return;
    char *message = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&message, format, args);
    va_end(args);
    if (size < 0)
        return;
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_wall_ms(), time);
    struct text text = { 0 };
    text_printf(&text, "%s %s ", time, names[level]);
    text_put_visible(&text, message); /* a reason, a check's evidence: not ours, and no second line */
    text_add(&text, "\n", 1);
    free(message);
    struct line *line = xcalloc(1, sizeof *line);
    line->letter.kind = LETTER_LINE;
    line->text = text_take(&text);
    struct mailbox *box = atomic_load(&queue);
    if (box == NULL) {
        write_line(line);
    } else if (atomic_fetch_add(&queued, 1) >= QUEUE_MOST) {
        atomic_fetch_sub(&queued, 1);
        atomic_fetch_add(&lost, 1);
        free(line->text);
        free(line);
    } else {
        mailbox_post(box, &line->letter);
    }
}
