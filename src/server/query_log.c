/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/query_log.h"

#include "base/memory.h"
#include "base/priority.h"
#include "server/dnstap.h"
#include "server/line_file.h"
#include "server/query_line.h"
#include "server/tap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE_MS    20        /* workers ring no bell: that would be a call */
#define TURN_MOST   1024      /* of one worker, before somebody else has his turn */
#define LINES_BYTES (1 << 16) /* written at once */

struct query_log {
    struct query_log_settings settings;
    struct observer **observers;
    unsigned observer_count;
    _Atomic uint64_t *failed;
    struct line_file file;
    struct text lines;
    unsigned line_count; /* in `lines` */
    struct tap *tap;     /* NULL: none is wanted */
    _Atomic bool wants_reopen;
    int stop_fd;
    pthread_t thread;
};

static void add_failed(struct query_log *log, uint64_t count)
{
    uint64_t failed = atomic_load_explicit(log->failed, memory_order_relaxed);
    atomic_store_explicit(log->failed, failed + count, memory_order_relaxed);
}

static void flush(struct query_log *log)
{
    if (log->lines.size > 0 && !line_file_append(&log->file, &log->lines))
        add_failed(log, log->line_count);
    log->lines.size = 0;
    log->line_count = 0;
}

static void deliver(struct query_log *log, const struct observation *seen)
{
    uint8_t frame[DNSTAP_SIZE_MAX];
    if (seen->is_for_file) {
        query_line_write(seen, &log->lines);
        log->line_count++;
        if (log->lines.size >= LINES_BYTES)
            flush(log);
    }
    if (seen->is_for_tap && !tap_write(log->tap, frame, dnstap_write(seen, log->settings.identity, frame)))
        add_failed(log, 1);
}

/* False: nothing waited. */
static bool drain(struct query_log *log)
{
    bool is_any = false;
    for (unsigned i = 0; i < log->observer_count; i++) {
        const struct observation *seen;
        for (unsigned turn = 0; turn < TURN_MOST && (seen = observer_next(log->observers[i])) != NULL;
             turn++) {
            deliver(log, seen);
            observer_done(log->observers[i]);
            is_any = true;
        }
    }
    flush(log);
    return is_any;
}

static void *logger_main(void *context)
{
    struct query_log *log = context;
    struct pollfd stop = { .fd = log->stop_fd, .events = POLLIN };
    pthread_setname_np(pthread_self(), "query-log");
    priority_give_way();
    do {
        if (atomic_exchange(&log->wants_reopen, false) && log->settings.file != NULL)
            line_file_reopen(&log->file);
    } while (poll(&stop, 1, drain(log) ? 0 : PAUSE_MS) <= 0);
    while (drain(log))
        ;
    return NULL;
}

static void query_log_free(struct query_log *log)
{
    line_file_close(&log->file);
    tap_free(log->tap);
    text_free(&log->lines);
    if (log->stop_fd >= 0)
        close(log->stop_fd);
    free(log);
}

bool query_log_start(const struct query_log_settings *settings, struct observer **observers, unsigned count,
                     _Atomic uint64_t *failed, struct query_log **out, struct error *err)
{
    struct query_log *log = xcalloc(1, sizeof *log);
    log->settings = *settings;
    log->observers = observers;
    log->observer_count = count;
    log->failed = failed;
    log->file.fd = -1;
    log->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (settings->file != NULL && !line_file_open(settings->file, &log->file, err))
        goto undo;
    if (settings->tap != NULL)
        log->tap = tap_new(settings->tap);
    int error = log->stop_fd < 0 ? errno : pthread_create(&log->thread, NULL, logger_main, log);
    if (error != 0) {
        error_set(err, "query log: %s", strerror(error));
        goto undo;
    }
    *out = log;
    return true;
undo:
    query_log_free(log);
    return false;
}

void query_log_reopen(struct query_log *log)
{
    atomic_store(&log->wants_reopen, true);
}

void query_log_stop(struct query_log *log)
{
    if (log == NULL)
        return;
    (void)eventfd_write(log->stop_fd, 1);
    pthread_join(log->thread, NULL);
    query_log_free(log);
}
