/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http, https: the endpoint answers a request with an expected status, and the body contains what it should.
 * libcurl carries what needs TLS or follows redirects. */
#include "health/http_judge.h"
#include "health/http_plain.h"
#include "health/transfer.h"

#include "base/memory.h"
#include "health/probe_socket.h"

#include <stdlib.h>
#include <string.h>

/* libcurl looks through all connections of a loop when a transfer ends: many loops, few connections each.
 * They are made when needed, for each holds two descriptors. */
enum { HTTP_FRESH_LOOPS = 4, HTTP_KEPT_LOOPS = 16 };

struct http_shared {
    struct loop *loop;
    struct curl_loop *fresh[HTTP_FRESH_LOOPS];
    struct curl_loop *kept[HTTP_KEPT_LOOPS]; /* of checks that reuse their connection */
    size_t turn;
    struct plain_shared plain;
};

struct http_probe {
    struct transfer transfer;
    struct http_judge judge;
    /* of the run under way */
    size_t head_size;
    bool has_head;   /* the headers are complete */
    bool has_enough; /* ended by us: what is known decides */
};

/* ---- the end of a run ---- */

static void http_explain_timeout(struct probe *probe, struct finding *out)
{
    const struct http_probe *http = (const struct http_probe *)probe;
    out->status = transfer_status(&http->transfer);
    if (out->status != 0)
        http_judge_say_late(&http->judge, out->status, out);
    else
        transfer_explain_timeout(&http->transfer, "status line", out);
}

/* Its lines do not end: libcurl has a limit of its own for a single one. */
static bool http_is_too_long(const struct http_probe *http, CURLcode code)
{
    return http->head_size > HTTP_HEAD_MOST || code == CURLE_OUT_OF_MEMORY;
}

static void http_done(CURL *easy, CURLcode code)
{
    struct transfer *transfer = transfer_of(easy);
    struct http_probe *http = (struct http_probe *)transfer;
    if (transfer_goes_on(transfer, code))
        return;
    struct finding finding = transfer_finding(transfer);
    int status = finding.status;
    bool is_whole = code == CURLE_OK && http->has_head; /* libcurl does not mind if the headers do not end */
    bool is_decided = is_whole || http->has_enough || !http_judge_expects(&http->judge, status);
    if (code == CURLE_OPERATION_TIMEDOUT)
        http_explain_timeout(&transfer->probe, &finding);
    else if (status == 0 || transfer->socket_errno != 0)
        transfer_explain(transfer, code, &finding);
    else if (http_is_too_long(http, code))
        http_judge_say_too_long(&http->judge, status, &finding);
    else if (is_decided)
        http_judge_say(&http->judge, status, &finding);
    else if (code == CURLE_OK || code == CURLE_PARTIAL_FILE)
        http_judge_say_cut(&http->judge, status, http->has_head ? "body" : "headers", &finding);
    else
        transfer_explain(transfer, code, &finding);
    probe_end(&transfer->probe, &finding);
}

/* ---- what comes in ---- */

/* Fewer bytes than were given end the transfer. */
static size_t http_on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_probe *http = context;
    http->head_size += size * count;
    if (bytes[0] == '\r' || bytes[0] == '\n')
        http->has_head = true; /* trailers may follow */
    else if (strncmp(bytes, "HTTP/", size * count < 5 ? size * count : 5) == 0)
        http->has_head = false; /* of an interim reply, or a redirect */
    return http->head_size > HTTP_HEAD_MOST ? 0 : size * count;
}

static size_t http_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_probe *http = context;
    bool goes_on = http_judge_expects(&http->judge, transfer_status(&http->transfer)) &&
                   http_judge_body(&http->judge, bytes, size * count);
    http->has_enough = !goes_on;
    return goes_on ? size * count : 0;
}

/* ---- its life ---- */

static void http_put_method(CURL *easy, const struct check *check)
{
    if (strcmp(check->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(check->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, check->method);
    if (check->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(check->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, check->body);
    }
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, check->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)check->redirects);
}

static struct curl_loop *http_loop(struct http_shared *shared, const struct check *check)
{
    bool is_kept = check->reuse_ms > 0;
    size_t turn = shared->turn++;
    struct curl_loop **place =
        is_kept ? &shared->kept[turn % HTTP_KEPT_LOOPS] : &shared->fresh[turn % HTTP_FRESH_LOOPS];
    if (*place == NULL)
        *place = curl_loop_new(shared->loop, http_done, is_kept ? HTTP_KEPT_LOOPS : 1);
    return *place;
}

static struct probe *http_new(void *context, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop;
    struct http_shared *shared = context;
    if (plain_can_carry(check))
        return plain_new(&shared->plain, check, peer);
    struct http_probe *http = xcalloc(1, sizeof *http);
    struct transfer *transfer = &http->transfer;
    transfer_open(transfer, http_loop(shared, check), check, peer);
    if (!http_judge_open(&http->judge, check, &transfer->unusable) || transfer->easy == NULL)
        return &transfer->probe;
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, http);
    http_put_method(transfer->easy, check);
    return &transfer->probe;
}

static void http_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct http_probe *http = (struct http_probe *)probe;
    http->head_size = 0;
    http->has_head = http->has_enough = false;
    http_judge_restart(&http->judge);
    transfer_start(probe, address, port);
}

static void http_stop(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    transfer_stop(&http->transfer);
    http_judge_restart(&http->judge);
}

static void http_free(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    transfer_close(&http->transfer);
    http_judge_close(&http->judge);
    free(http);
}

static void *http_open(struct loop *loop, const struct checker_settings *settings)
{
    (void)settings;
    struct http_shared *shared = xcalloc(1, sizeof *shared);
    shared->loop = loop;
    shared->plain = (struct plain_shared){ .loop = loop, .kept_most = probe_sockets_kept_most() };
    return shared;
}

static void http_close(void *context)
{
    struct http_shared *shared = context;
    for (size_t i = 0; i < HTTP_FRESH_LOOPS; i++)
        curl_loop_free(shared->fresh[i]);
    for (size_t i = 0; i < HTTP_KEPT_LOOPS; i++)
        curl_loop_free(shared->kept[i]);
    free(shared);
}

#define HTTP_PROBE_TYPE(port)                                                                               \
    {                                                                                                       \
        .default_port = (port), .open = http_open, .close = http_close, .new = http_new, .free = http_free, \
        .start = http_start, .explain_timeout = http_explain_timeout, .stop = http_stop,                    \
    }
const struct probe_type probe_http = HTTP_PROBE_TYPE(80);
const struct probe_type probe_https = HTTP_PROBE_TYPE(443);
