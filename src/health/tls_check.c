/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls: the endpoint completes a TLS handshake with a certificate that holds.  Nothing is said after it. */
#include "health/transfer.h"

#include "base/memory.h"

#include <stdlib.h>

static void tls_done(CURL *easy, CURLcode code)
{
    struct transfer *transfer = transfer_of(easy);
    struct finding finding = transfer_finding(transfer);
    if (code == CURLE_OK)
        finding_set(&finding, FINDING_SUCCESS, "TLS handshake done");
    else if (code == CURLE_OPERATION_TIMEDOUT)
        transfer_explain_timeout(transfer, "TLS handshake", &finding);
    else
        transfer_explain(transfer, code, &finding);
    probe_end(&transfer->probe, &finding);
}

static struct probe *tls_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop;
    struct transfer *transfer = xcalloc(1, sizeof *transfer);
    transfer_open(transfer, shared, check, peer);
    if (transfer->easy != NULL)
        curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_ONLY, 1L);
    return &transfer->probe;
}

static void tls_explain_timeout(struct probe *probe, struct finding *out)
{
    transfer_explain_timeout((struct transfer *)probe, "TLS handshake", out);
}

static void tls_stop(struct probe *probe)
{
    transfer_stop((struct transfer *)probe);
}

static void tls_free(struct probe *probe)
{
    transfer_close((struct transfer *)probe);
    free(probe);
}

static void *tls_open(struct loop *loop, const struct checker_settings *settings)
{
    (void)settings;
    return curl_loop_new(loop, tls_done, 1);
}

static void tls_close(void *shared)
{
    curl_loop_free(shared);
}

const struct probe_type probe_tls = {
    .default_port = 443,
    .open = tls_open,
    .close = tls_close,
    .new = tls_new,
    .free = tls_free,
    .start = transfer_start,
    .explain_timeout = tls_explain_timeout,
    .stop = tls_stop,
};
