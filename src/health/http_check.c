/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http, https: the endpoint answers a request with an expected status, and the body contains what it should.
 */
#include "health/probe.h"

#include "base/duration.h"
#include "base/memory.h"
#include "base/text.h"
#include "health/curl_loop.h"
#include "health/http_request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HTTP_HEADERS_MOST = 65536, /* bytes */
    HTTP_BODY_MOST = 65536,    /* bytes that are read; what is known then decides */
};

struct http_probe {
    struct probe probe;
    struct curl_loop *curl;
    CURL *easy;
    struct http_request request;
    struct error unusable; /* text: why this check can never work; "" if it can */
    /* of the run under way */
    struct curl_slist *connect_to;
    char error[CURL_ERROR_SIZE];
    int socket_errno; /* why no socket could be made; 0 if it could */
    size_t headers_size, body_size;
    struct text body; /* kept only while something is looked for */
    bool has_enough;  /* ended by us: what is known decides */
    bool has_match;   /* the body contains what was looked for */
};

static int http_status(const struct http_probe *http)
{
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 ? (int)status : 0; /* 1xx: the real one is still to come */
}

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
    const char *hint = status >= 300 && status <= 399 ? "; redirects are not followed" : "";
    finding_set(out, FINDING_FAILURE, "HTTP %d, expected %s%s", status,
                codes.size > 0 ? codes.bytes : "200-299", hint);
    text_free(&codes);
}

static void http_judge(const struct http_probe *http, int status, struct finding *out)
{
    const struct check *check = http->probe.check;
    if (!status_is_expected(check, status))
        http_set_unexpected(check, status, out);
    else if (http->headers_size > HTTP_HEADERS_MOST)
        finding_set(out, FINDING_FAILURE, "HTTP %d, but headers above %d KiB", status,
                    HTTP_HEADERS_MOST / 1024);
    else if (check->body_contains == NULL || http->has_match)
        finding_set(out, FINDING_SUCCESS, "HTTP %d", status);
    else if (http->body_size >= HTTP_BODY_MOST)
        finding_set(out, FINDING_FAILURE, "first %d KiB of the body do not contain \"%s\"",
                    HTTP_BODY_MOST / 1024, check->body_contains);
    else
        finding_set(out, FINDING_FAILURE, "body does not contain \"%s\"", check->body_contains);
}

/* libcurl's own words may quote the peer: ASCII only. */
static const char *http_words(struct http_probe *http, CURLcode code)
{
    if (http->error[0] == '\0')
        return curl_easy_strerror(code);
    for (char *c = http->error; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return http->error;
}

static void http_explain_tls(struct http_probe *http, CURLcode code, struct finding *out)
{
    static const char certificate[] = "SSL certificate problem: ";
    const char *words = http_words(http, code);
    if (strncmp(words, certificate, sizeof certificate - 1) == 0)
        words += sizeof certificate - 1;
    finding_set(out, FINDING_FAILURE, "TLS: %s", words);
}

static void http_explain_connect(struct http_probe *http, CURLcode code, struct finding *out)
{
    long error_number = 0;
    curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &error_number);
    if (error_number != 0)
        finding_set_errno(out, (int)error_number);
    else
        finding_set(out, FINDING_FAILURE, "%s", http_words(http, code));
}

/* "Recv failure: Connection reset by peer" → "connection reset by peer" */
static void http_explain_break(struct http_probe *http, CURLcode code, struct finding *out)
{
    const char *words = http_words(http, code), *cause = strstr(words, "failure: ");
    if (cause != NULL)
        words = cause + strlen("failure: ");
    finding_set(out, FINDING_FAILURE, "%c%s", tolower((unsigned char)words[0]), words + (words[0] != '\0'));
}

static void http_explain(struct http_probe *http, CURLcode code, struct finding *out)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT: http_explain_connect(http, code, out); break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: http_explain_break(http, code, out); break;
    case CURLE_GOT_NOTHING: finding_set(out, FINDING_FAILURE, "connection closed without a reply"); break;
    case CURLE_OUT_OF_MEMORY: /* libcurl says so also of a header line above its limit of 100 KiB */
        finding_set(out, out->latency_us > 0 ? FINDING_FAILURE : FINDING_NONE,
                    "HTTP reply with headers too large");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is: no status line */
    case CURLE_WEIRD_SERVER_REPLY: finding_set(out, FINDING_FAILURE, "not an HTTP reply"); break;
    case CURLE_PARTIAL_FILE:
        finding_set(out, FINDING_FAILURE, "HTTP %d, but connection closed before the end of the body",
                    http_status(http));
        break;
    case CURLE_SSL_CACERT_BADFILE: /* unreadable here: no endpoint is to blame */
        finding_set(out, FINDING_UNUSABLE, "TLS: %s", http_words(http, code));
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR: http_explain_tls(http, code, out); break;
    default: finding_set(out, FINDING_FAILURE, "%s", http_words(http, code)); break;
    }
}

static void http_explain_timeout(struct probe *probe, struct finding *out)
{
    struct http_probe *http = (struct http_probe *)probe;
    curl_off_t connect_us = 0, tls_us = 0;
    long fresh = 0;
    curl_easy_getinfo(http->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
    curl_easy_getinfo(http->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
    out->status = http_status(http);
    if (out->status != 0 && !status_is_expected(probe->check, out->status)) {
        http_set_unexpected(probe->check, out->status, out);
    } else if (out->status != 0) {
        char timeout[DURATION_TEXT_SIZE];
        duration_format(probe->check->timeout_ms, timeout);
        finding_set(out, FINDING_FAILURE, "HTTP %d, but the rest did not come within %s", out->status,
                    timeout);
    } else {
        const char *phase = connect_us == 0                                    ? "connect"
                            : probe->check->type == CHECK_HTTPS && tls_us == 0 ? "TLS handshake"
                                                                               : "status line";
        finding_set_timeout(out, probe->check, phase);
        curl_easy_getinfo(http->easy, CURLINFO_NUM_CONNECTS, &fresh);
        out->is_silent = connect_us == 0 || fresh == 0; /* an old connection proves nothing about now */
    }
}

/* Only what the network took: libcurl's figure counts from the start of the transfer. */
static uint32_t http_latency_us(const struct http_probe *http)
{
    curl_off_t connect_us = 0, lookup_us = 0;
    curl_easy_getinfo(http->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
    curl_easy_getinfo(http->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
    if (connect_us <= 0)
        return 0;
    return connect_us > lookup_us ? (uint32_t)(connect_us - lookup_us) : 1;
}

static void http_done(CURL *easy, CURLcode code)
{
    struct http_probe *http = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&http);
    struct finding finding = { .status = http_status(http), .latency_us = http_latency_us(http) };
    bool is_decided = code == CURLE_OK || http->has_enough ||
                      (finding.status != 0 && !status_is_expected(http->probe.check, finding.status));
    if (http->socket_errno != 0)
        finding_set_errno(&finding, http->socket_errno);
    else if (is_decided)
        http_judge(http, finding.status, &finding);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        http_explain_timeout(&http->probe, &finding);
    else
        http_explain(http, code, &finding);
    probe_end(&http->probe, &finding);
}

static curl_socket_t http_on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct http_probe *http = context;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd < 0)
        http->socket_errno = errno;
    return fd;
}

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

static size_t http_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_probe *http = context;
    const char *wanted = http->probe.check->body_contains;
    if (!status_is_expected(http->probe.check, http_status(http)))
        return http_enough(http);
    http->body_size += size * count;
    if (wanted != NULL) {
        size_t wanted_size = strlen(wanted), seen = http->body.size;
        size_t from = seen >= wanted_size ? seen - wanted_size : 0; /* it may lie across two pieces */
        text_add(&http->body, bytes, size * count);
        if (memmem(http->body.bytes + from, http->body.size - from, wanted, wanted_size) != NULL) {
            http->has_match = true;
            return http_enough(http);
        }
    }
    return http->body_size >= HTTP_BODY_MOST ? http_enough(http) : size * count;
}

static struct probe *http_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop;
    struct http_probe *http = xcalloc(1, sizeof *http);
    http->curl = shared;
    http->easy = curl_easy_init();
    if (http->easy == NULL) {
        error_set(&http->unusable, "libcurl has no memory");
        return &http->probe;
    }
    curl_easy_setopt(http->easy, CURLOPT_PRIVATE, http);
    curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)check->timeout_ms + 1000); /* ours is earlier */
    curl_easy_setopt(http->easy, CURLOPT_OPENSOCKETFUNCTION, http_on_socket);
    curl_easy_setopt(http->easy, CURLOPT_OPENSOCKETDATA, http);
    curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, http);
    http_request_open(&http->request, http->easy, check, peer, &http->unusable);
    return &http->probe;
}

static void http_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct http_probe *http = (struct http_probe *)probe;
    struct finding finding = { 0 };
    if (http->unusable.text[0] != '\0') {
        finding_set(&finding, FINDING_UNUSABLE, "%s", http->unusable.text);
        probe_end(probe, &finding);
        return;
    }
    char literal[ADDRESS_TEXT_SIZE];
    address_format(address, literal);
    char *connect_to = xasprintf(address->family == ADDRESS_V6 ? "::[%s]:%u" : "::%s:%u", literal, port);
    http->connect_to = curl_slist_append(NULL, connect_to);
    free(connect_to);
    curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->connect_to);
    http->error[0] = '\0';
    http->headers_size = http->body_size = 0;
    http->has_enough = http->has_match = false;
    http->socket_errno = 0;
    if (!curl_loop_start(http->curl, http->easy)) {
        finding_set(&finding, FINDING_NONE, "libcurl does not start a transfer");
        probe_end(probe, &finding);
    }
}

static void http_stop(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    if (http->easy != NULL) {
        curl_loop_stop(http->curl, http->easy);
        curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, NULL);
    }
    curl_slist_free_all(http->connect_to);
    http->connect_to = NULL;
    text_free(&http->body);
}

static void http_free(struct probe *probe)
{
    struct http_probe *http = (struct http_probe *)probe;
    http_stop(probe);
    curl_easy_cleanup(http->easy);
    http_request_close(&http->request);
    free(http);
}

static void *http_open(struct loop *loop)
{
    return curl_loop_new(loop, http_done);
}

static void http_close(void *shared)
{
    curl_loop_free(shared);
}

#define HTTP_PROBE_TYPE(port)                                                                               \
    {                                                                                                       \
        .default_port = (port), .open = http_open, .close = http_close, .new = http_new, .free = http_free, \
        .start = http_start, .explain_timeout = http_explain_timeout, .stop = http_stop,                    \
    }
const struct probe_type probe_http = HTTP_PROBE_TYPE(80);
const struct probe_type probe_https = HTTP_PROBE_TYPE(443);
