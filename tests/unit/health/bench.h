/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/checker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 }; /* for what must come; a test that waits that long has failed */

/* Group fixtures: a line a verdict would bury what the tests say. */
static inline int quiet(void **state)
{
    (void)state;
    log_start(LOG_ERROR);
    return 0;
}

static inline int loud(void **state)
{
    (void)state;
    log_stop();
    return 0;
}

/* A checker and the reports it sends. */
struct bench {
    struct mailbox *reports;
    struct letter *unread;
    struct checker *checker;
};

static inline void bench_open_limited(struct bench *bench, unsigned concurrent_most,
                                      unsigned per_address_most, const char *name_servers)
{
    struct error err = { 0 };
    *bench = (struct bench){ .reports = mailbox_new() };
    const struct checker_settings settings = { .reports = bench->reports,
                                               .concurrent_most = concurrent_most,
                                               .per_address_most = per_address_most,
                                               .allows_exec = true,
                                               .name_servers = name_servers,
                                               .stale_ms = 3600000 };
    if (!checker_start(&settings, &bench->checker, &err))
        fail_msg("%s", err.text);
}

static inline void bench_open(struct bench *bench, unsigned concurrent_most, const char *name_servers)
{
    bench_open_limited(bench, concurrent_most, 0, name_servers);
}

static inline void bench_close(struct bench *bench)
{
    checker_stop(bench->checker);
    struct letter *lists[] = { bench->unread, mailbox_take(bench->reports) };
    for (size_t i = 0; i < 2; i++) {
        for (struct letter *letter = lists[i], *next; letter != NULL; letter = next) {
            next = letter->next;
            free(letter);
        }
    }
    mailbox_free(bench->reports);
}

/* The next report, which the caller frees; NULL if none comes in time. */
static inline struct health_report *bench_report(struct bench *bench, int patience_ms)
{
    uint64_t end_ms = clock_monotonic_ms() + (uint64_t)patience_ms;
    while (bench->unread == NULL) {
        uint64_t now_ms = clock_monotonic_ms();
        if (now_ms >= end_ms)
            return NULL;
        mailbox_wait(bench->reports, (int)(end_ms - now_ms));
        bench->unread = mailbox_take(bench->reports);
    }
    struct letter *letter = bench->unread;
    bench->unread = letter->next;
    if (letter->kind == LETTER_HEALTH_REPORT)
        return (struct health_report *)letter;
    free(letter); /* about a name */
    return bench_report(bench, patience_ms);
}

/* The next report with this verdict. */
static inline struct health_report bench_await(struct bench *bench, enum health_verdict verdict)
{
    for (;;) {
        struct health_report *report = bench_report(bench, PATIENCE_MS);
        if (report == NULL)
            fail_msg("no report of verdict %d came", verdict);
        struct health_report copy = *report;
        health_report_free(report);
        if (copy.verdict == verdict)
            return copy;
    }
}

/* Waits until the condition holds. */
#define bench_until(condition)                                 \
    do {                                                       \
        uint64_t end_ms_ = clock_monotonic_ms() + PATIENCE_MS; \
        while (!(condition)) {                                 \
            if (clock_monotonic_ms() > end_ms_)                \
                fail_msg("never: %s", #condition);             \
            usleep(1000);                                      \
        }                                                      \
    } while (false)

static inline struct check *check_of(enum check_type type, uint16_t port, uint32_t interval_ms,
                                     uint32_t timeout_ms)
{
    struct check *check = xcalloc(1, sizeof *check);
    check->references = 1;
    check->name = xstrdup("web");
    check->type = type;
    check->interval_ms = interval_ms;
    check->timeout_ms = timeout_ms;
    check->rise = 2;
    check->fall = 3;
    check->port = port;
    check->path = xstrdup("/healthz");
    check->method = xstrdup("GET");
    check->codes[0] = (struct code_range){ 200, 299 };
    check->code_count = 1;
    check->verify = true;
    return check;
}

/* Binds one check of an IPv4 endpoint to `slot` and gives the check away. */
static inline void bench_bind(struct bench *bench, uint32_t slot, struct check *check, const char *address)
{
    struct check_binding binding = { .endpoint_slot = slot,
                                     .check = check,
                                     .endpoint_name = (char *)"us/us-1" };
    if (!address_parse(address, &binding.address))
        binding.hostname = (char *)address;
    checker_bind(bench->checker, slot, &binding, 1);
    check_release(check);
}
