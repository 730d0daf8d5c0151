/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grpc: the endpoint answers grpc.health.v1.Health/Check with SERVING.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md, …/doc/PROTOCOL-HTTP2.md
 */
#include "health/grpc_message.h"
#include "health/transfer.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRPC_REPLY_MOST = 1024, GRPC_HEADERS_MOST = 65536 };

struct grpc_probe {
    struct transfer transfer;
    uint8_t request[GRPC_REQUEST_SIZE_MAX];
    /* of the run under way */
    uint8_t reply[GRPC_REPLY_MOST];
    size_t reply_size, headers_size;
    int grpc_status;  /* -1: none came */
    char message[96]; /* grpc-message */
};

static const char *grpc_status_name(int status)
{
    static const char *const names[] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"
    };
    bool is_known = status >= 0 && (size_t)status < sizeof names / sizeof *names;
    return is_known ? names[status] : "an unknown status";
}

static void grpc_judge(const struct grpc_probe *grpc, struct finding *out)
{
    static const char *const servings[] = { "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN" };
    unsigned serving;
    if (out->status != 200)
        finding_set(out, FINDING_FAILURE, "HTTP %d, not gRPC", out->status);
    else if (grpc->grpc_status < 0)
        finding_set(out, FINDING_FAILURE, "not a gRPC reply: it has no grpc-status");
    else if (grpc->grpc_status > 0)
        finding_set(out, FINDING_FAILURE, "gRPC %s%s%s", grpc_status_name(grpc->grpc_status),
                    grpc->message[0] != '\0' ? ": " : "", grpc->message);
    else if (!grpc_reply_read(grpc->reply, grpc->reply_size, &serving))
        finding_set(out, FINDING_FAILURE, "not a HealthCheckResponse");
    else if (serving < sizeof servings / sizeof *servings)
        finding_set(out, serving == GRPC_SERVING ? FINDING_SUCCESS : FINDING_FAILURE, "gRPC %s",
                    servings[serving]);
    else
        finding_set(out, FINDING_FAILURE, "gRPC health status %u", serving);
}

static void grpc_done(CURL *easy, CURLcode code)
{
    struct transfer *transfer = transfer_of(easy);
    struct finding finding = transfer_finding(transfer);
    if (code == CURLE_OK)
        grpc_judge((struct grpc_probe *)transfer, &finding);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        transfer_explain_timeout(transfer, "reply", &finding);
    else if (code == CURLE_WRITE_ERROR)
        finding_set(&finding, FINDING_FAILURE, "gRPC reply too large");
    else
        transfer_explain(transfer, code, &finding);
    finding.status = 0; /* an HTTP code says nothing about gRPC */
    probe_end(&transfer->probe, &finding);
}

/* The value of a header line, without blanks around it; NULL if it is another header. */
static const char *header_value(const char *bytes, size_t size, const char *name, size_t *value_size)
{
    size_t name_size = strlen(name);
    if (size <= name_size || strncasecmp(bytes, name, name_size) != 0)
        return NULL;
    bytes += name_size, size -= name_size;
    while (size > 0 && *bytes == ' ')
        bytes++, size--;
    while (size > 0 && (bytes[size - 1] == '\r' || bytes[size - 1] == '\n'))
        size--;
    *value_size = size;
    return bytes;
}

/* Trailers come here, too. */
static size_t grpc_on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct grpc_probe *grpc = context;
    size_t value_size;
    size *= count;
    grpc->headers_size += size;
    if (grpc->headers_size > GRPC_HEADERS_MOST)
        return 0;
    const char *value = header_value(bytes, size, "grpc-status:", &value_size);
    if (value != NULL) {
        grpc->grpc_status = 0;
        for (size_t i = 0; i < value_size; i++) {
            bool is_digit = value[i] >= '0' && value[i] <= '9' && grpc->grpc_status < 1000;
            grpc->grpc_status = is_digit ? grpc->grpc_status * 10 + (value[i] - '0') : 1000;
        }
        if (value_size == 0)
            grpc->grpc_status = 1000;
    }
    value = header_value(bytes, size, "grpc-message:", &value_size);
    if (value != NULL)
        snprintf(grpc->message, sizeof grpc->message, "%.*s", (int)value_size, value);
    return size;
}

static size_t grpc_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct grpc_probe *grpc = context;
    size *= count;
    if (size > sizeof grpc->reply - grpc->reply_size)
        return 0;
    memcpy(grpc->reply + grpc->reply_size, bytes, size);
    grpc->reply_size += size;
    return size;
}

static struct probe *grpc_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop;
    struct grpc_probe *grpc = xcalloc(1, sizeof *grpc);
    struct transfer *transfer = &grpc->transfer;
    transfer_open(transfer, shared, check, peer);
    CURL *easy = transfer->easy;
    if (easy == NULL)
        return &transfer->probe;
    http_request_add_header(&transfer->request, "content-type: application/grpc");
    http_request_add_header(&transfer->request, "te: trailers");
    size_t size = grpc_request_write(check->service != NULL ? check->service : "", grpc->request);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->request.headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, grpc->request);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     check->uses_tls ? (long)CURL_HTTP_VERSION_2TLS
                                     : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, grpc_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, grpc);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, grpc_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, grpc);
    return &transfer->probe;
}

static void grpc_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct grpc_probe *grpc = (struct grpc_probe *)probe;
    grpc->reply_size = grpc->headers_size = 0;
    grpc->grpc_status = -1;
    grpc->message[0] = '\0';
    transfer_start(probe, address, port);
}

static void grpc_explain_timeout(struct probe *probe, struct finding *out)
{
    transfer_explain_timeout((struct transfer *)probe, "reply", out);
}

static void grpc_stop(struct probe *probe)
{
    transfer_stop((struct transfer *)probe);
}

static void grpc_free(struct probe *probe)
{
    transfer_close((struct transfer *)probe);
    free(probe);
}

static void *grpc_open(struct loop *loop, const struct checker_settings *settings)
{
    (void)settings;
    return curl_loop_new(loop, grpc_done, 1);
}

static void grpc_close(void *shared)
{
    curl_loop_free(shared);
}

const struct probe_type probe_grpc = {
    .open = grpc_open,
    .close = grpc_close,
    .new = grpc_new,
    .free = grpc_free,
    .start = grpc_start,
    .explain_timeout = grpc_explain_timeout,
    .stop = grpc_stop,
};
