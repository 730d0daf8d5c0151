/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http, https: the endpoint answers a request with an expected status, and the body contains what it should.
 */
#include "health/transfer.h"

#include "base/duration.h"
#include "base/memory.h"
#include "base/text.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
    HTTP_HEADERS_MOST = 65536, /* bytes */
    HTTP_BODY_MOST = 65536,    /* bytes that are read; what is known then decides */
    HTTP_REGEX_MOST = 16384,   /* bytes that are matched: the time it takes may grow with their square */
};

/* libcurl looks through all connections of a loop when a transfer ends: many loops, few connections each.
 * They are made when needed, for each holds two descriptors. */
enum { HTTP_FRESH_LOOPS = 4, HTTP_KEPT_LOOPS = 16 };

struct http_shared {
    struct loop *loop;
    struct curl_loop *fresh[HTTP_FRESH_LOOPS];
    struct curl_loop *kept[HTTP_KEPT_LOOPS]; /* of checks that reuse their connection */
    size_t turn;
};

struct http_probe {
    struct transfer transfer;
    regex_t regex; /* if the check has one */
    /* of the run under way */
    size_t headers_size, body_size;
    struct text body; /* kept only while something is looked for */
    bool has_enough;  /* ended by us: what is known decides */
    bool has_match;   /* the body contains what was looked for */
};

/* ---- judging ---- */

static bool status_is_expected(const struct check *check, int status)
{
    for (size_t i = 0; i < check->code_count; i++)
        if (status >= check->codes[i].low && status <= check->codes[i].high)
            return true;
    return check->code_count == 0 && status >= 200 && status <= 299;
}

/* "HTTP 503, expected 200-299, 304". */
static void http_set_unexpected(const struct check *check, int status, struct finding *out)
{
    struct text codes = { 0 };
    for (size_t i = 0; i < check->code_count; i++) {
        const struct code_range *range = &check->codes[i];
        text_printf(&codes, i > 0 ? ", %u" : "%u", range->low);
        if (range->high != range->low)
            text_printf(&codes, "-%u", range->high);
    }
    const char *hint = status < 300 || status > 399 ? ""
                       : check->redirects == 0      ? "; redirects are not followed"
                                                    : "; too many redirects";
    finding_set(out, FINDING_FAILURE, "HTTP %d, expected %s%s", status,
                codes.size > 0 ? codes.bytes : "200-299", hint);
    text_free(&codes);
}

static bool body_matches(struct http_probe *http)
{
    size_t size = http->body.size < HTTP_REGEX_MOST ? http->body.size : HTTP_REGEX_MOST;
    regmatch_t range = { .rm_so = 0, .rm_eo = (regoff_t)size };
    return regexec(&http->regex, size > 0 ? http->body.bytes : "", 1, &range, REG_STARTEND) == 0;
}

static void http_judge_body(struct http_probe *http, int status, struct finding *out)
{
    const struct check *check = http->transfer.probe.check;
    if (check->body_contains != NULL && !http->has_match) {
        if (http->body_size >= HTTP_BODY_MOST)
            finding_set(out, FINDING_FAILURE, "first %d KiB of the body do not contain \"%s\"",
                        HTTP_BODY_MOST / 1024, check->body_contains);
        else
            finding_set(out, FINDING_FAILURE, "body does not contain \"%s\"", check->body_contains);
    } else if (check->body_matches != NULL && !body_matches(http)) {
        finding_set(out, FINDING_FAILURE, "body does not match \"%s\"", check->body_matches);
    } else {
        finding_set(out, FINDING_SUCCESS, "HTTP %d", status);
    }
}

static void http_judge(struct http_probe *http, int status, struct finding *out)
{
    const struct check *check = http->transfer.probe.check;
    if (!status_is_expected(check, status))
        http_set_unexpected(check, status, out);
    else if (http->headers_size > HTTP_HEADERS_MOST)
        finding_set(out, FINDING_FAILURE, "HTTP %d, but headers above %d KiB", status,
                    HTTP_HEADERS_MOST / 1024);
    else
        http_judge_body(http, status, out);
}

static void http_explain_timeout(struct probe *probe, struct finding *out)
{
    const struct transfer *transfer = (const struct transfer *)probe;
    out->status = transfer_status(transfer);
    if (out->status != 0 && !status_is_expected(probe->check, out->status)) {
        http_set_unexpected(probe->check, out->status, out);
    } else if (out->status != 0) {
        char timeout[DURATION_TEXT_SIZE];
        duration_format(probe->check->timeout_ms, timeout);
        finding_set(out, FINDING_FAILURE, "HTTP %d, but the rest did not come within %s", out->status,
                    timeout);
    } else {
        transfer_explain_timeout(transfer, "status line", out);
    }
}

static void http_done(CURL *easy, CURLcode code)
{
    struct transfer *transfer = transfer_of(easy);
    struct http_probe *http = (struct http_probe *)transfer;
    const struct check *check = transfer->probe.check;
    struct finding finding = transfer_finding(transfer);
    bool is_decided = code == CURLE_OK || http->has_enough ||
                      (finding.status != 0 && !status_is_expected(check, finding.status));
    if (is_decided && transfer->socket_errno == 0)
        http_judge(http, finding.status, &finding);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        http_explain_timeout(&transfer->probe, &finding);
    else
        transfer_explain(transfer, code, &finding);
    probe_end(&transfer->probe, &finding);
}

/* ---- what comes in ---- */

/* Fewer bytes than were given end the transfer. */
static size_t http_enough(struct http_probe *http)
{
    http->has_enough = true;
    return 0;
}

static size_t http_on_header(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    struct http_probe *http = context;
    http->headers_size += size * count;
    return http->headers_size > HTTP_HEADERS_MOST ? http_enough(http) : size * count;
}

/* The wanted text may lie across two pieces. */
static void http_look_for(struct http_probe *http, const char *wanted, size_t fresh_size)
{
    size_t wanted_size = strlen(wanted), seen = http->body.size - fresh_size;
    size_t from = seen >= wanted_size ? seen - wanted_size : 0;
    if (memmem(http->body.bytes + from, http->body.size - from, wanted, wanted_size) != NULL)
        http->has_match = true;
}

static size_t http_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_probe *http = context;
    const struct check *check = http->transfer.probe.check;
    if (!status_is_expected(check, transfer_status(&http->transfer)))
        return http_enough(http);
    http->body_size += size * count;
    if (check->body_contains != NULL || check->body_matches != NULL)
        text_add(&http->body, bytes, size * count);
    if (check->body_contains != NULL && !http->has_match)
        http_look_for(http, check->body_contains, size * count);
    bool is_found = http->has_match && check->body_matches == NULL;
    return is_found || http->body_size >= HTTP_BODY_MOST ? http_enough(http) : size * count;
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

static struct probe *http_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop;
    struct http_probe *http = xcalloc(1, sizeof *http);
    struct transfer *transfer = &http->transfer;
    transfer_open(transfer, http_loop(shared, check), check, peer);
    if (check->body_matches != NULL &&
        regcomp(&http->regex, check->body_matches, REG_EXTENDED | REG_NOSUB) != 0)
        error_set(&transfer->unusable, "unusable body_matches \"%s\"", check->body_matches);
    if (transfer->easy == NULL)
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
    http->headers_size = http->body_size = 0;
    http->has_enough = http->has_match = false;
    transfer_start(probe, address, port);
}

static void http_stop(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    transfer_stop(&http->transfer);
    text_free(&http->body);
}

static void http_free(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    transfer_close(&http->transfer);
    text_free(&http->body);
    if (probe->check->body_matches != NULL)
        regfree(&http->regex);
    free(http);
}

static void *http_open(struct loop *loop, const struct checker_settings *settings)
{
    (void)settings;
    struct http_shared *shared = xcalloc(1, sizeof *shared);
    shared->loop = loop;
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
