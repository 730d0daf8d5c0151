/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/transfer.h"

#include "base/memory.h"
#include "health/probe_socket.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct transfer *transfer_of(CURL *easy)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    return transfer;
}

/* ---- what is known ---- */

int transfer_status(const struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 ? (int)status : 0; /* 1xx: the real one is still to come */
}

/* From one moment of the transfer to another; libcurl's figures count from its start.  0: they did not come.
 */
static uint32_t transfer_step_us(const struct transfer *transfer, CURLINFO from, CURLINFO to)
{
    curl_off_t from_us = 0, to_us = 0;
    curl_easy_getinfo(transfer->easy, from, &from_us);
    curl_easy_getinfo(transfer->easy, to, &to_us);
    if (to_us <= 0)
        return 0;
    return to_us > from_us ? (uint32_t)(to_us - from_us) : 1;
}

/* A connection that was there already says nothing of how long it takes to make one. */
struct finding transfer_finding(const struct transfer *transfer)
{
    struct finding finding = { .status = transfer_status(transfer),
                               .certificate_ends_s = transfer->certificate.ends_s };
    long connects = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (connects > 0) {
        finding.latency_us = transfer_step_us(transfer, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T);
        finding.tls_us = transfer_step_us(transfer, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T);
    }
    if (finding.status != 0)
        finding.first_byte_us =
            transfer_step_us(transfer, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T);
    return finding;
}

/* ---- why it ended ---- */

/* libcurl's own words may quote the peer: ASCII only. */
static const char *transfer_words(struct transfer *transfer, CURLcode code)
{
    if (transfer->error[0] == '\0')
        return curl_easy_strerror(code);
    for (char *c = transfer->error; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return transfer->error;
}

static void explain_tls(struct transfer *transfer, CURLcode code, struct finding *out)
{
    static const char certificate[] = "SSL certificate problem: ";
    const char *words = transfer_words(transfer, code);
    if (strncmp(words, certificate, sizeof certificate - 1) == 0)
        words += sizeof certificate - 1;
    finding_set(out, FINDING_FAILURE, "TLS: %s", words);
}

static void explain_connect(struct transfer *transfer, CURLcode code, struct finding *out)
{
    long error_number = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error_number);
    if (error_number != 0)
        finding_set_errno(out, (int)error_number);
    else
        finding_set(out, FINDING_FAILURE, "%s", transfer_words(transfer, code));
}

/* "Recv failure: Connection reset by peer" → "connection reset by peer" */
static void explain_break(struct transfer *transfer, CURLcode code, struct finding *out)
{
    const char *words = transfer_words(transfer, code), *cause = strstr(words, "failure: ");
    if (cause != NULL)
        words = cause + strlen("failure: ");
    finding_set(out, FINDING_FAILURE, "%c%s", tolower((unsigned char)words[0]), words + (words[0] != '\0'));
}

void transfer_explain(struct transfer *transfer, CURLcode code, struct finding *out)
{
    if (transfer->socket_errno != 0) {
        finding_set_errno(out, transfer->socket_errno);
        return;
    }
    switch (code) {
    case CURLE_COULDNT_CONNECT: explain_connect(transfer, code, out); break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: explain_break(transfer, code, out); break;
    case CURLE_GOT_NOTHING: finding_set(out, FINDING_FAILURE, "connection closed without a reply"); break;
    case CURLE_OUT_OF_MEMORY: /* libcurl says so also of a header line above its limit of 100 KiB */
        finding_set(out, out->latency_us > 0 ? FINDING_FAILURE : FINDING_NONE,
                    "HTTP reply with headers too large");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is: no status line */
    case CURLE_WEIRD_SERVER_REPLY: finding_set(out, FINDING_FAILURE, "not an HTTP reply"); break;
    case CURLE_SSL_CACERT_BADFILE: /* unreadable here: no endpoint is to blame */
        finding_set(out, FINDING_UNUSABLE, "TLS: %s", transfer_words(transfer, code));
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR: explain_tls(transfer, code, out); break;
    default: finding_set(out, FINDING_FAILURE, "%s", transfer_words(transfer, code)); break;
    }
}

void transfer_explain_timeout(const struct transfer *transfer, const char *then, struct finding *out)
{
    curl_off_t tls_us = 0;
    long local_port = 0, fresh = 0; /* libcurl counts the TLS handshake as part of the connect */
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &fresh);
    bool needs_tls = http_request_uses_tls(transfer->probe.check) && fresh > 0;
    const char *phase = local_port == 0 ? "connect" : needs_tls && tls_us == 0 ? "TLS handshake" : then;
    finding_set_timeout(out, transfer->probe.check, phase);
    out->is_silent = local_port == 0 || fresh == 0; /* an old connection proves nothing about now */
}

/* ---- its life ---- */

static curl_socket_t transfer_on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct transfer *transfer = context;
    int fd = probe_socket(transfer->probe.check, to->family, to->socktype, to->protocol);
    if (fd < 0)
        transfer->socket_errno = errno;
    return fd;
}

void transfer_open(struct transfer *transfer, struct curl_loop *curl, const struct check *check,
                   const char *peer)
{
    transfer->curl = curl;
    transfer->probe.check = check; /* libcurl's callbacks look at it */
    CURL *easy = transfer->easy = curl_easy_init();
    if (easy == NULL) {
        error_set(&transfer->unusable, "libcurl has no memory");
        return;
    }
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)check->timeout_ms + 1000); /* ours is earlier */
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, transfer_on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    if (http_request_uses_tls(check))
        certificate_watch(easy, &transfer->certificate);
    http_request_open(&transfer->request, easy, check, peer, &transfer->unusable);
}

/* An empty port is the URL's, so that a redirect from http to https finds the endpoint's other port. */
static void transfer_point(struct transfer *transfer, const struct address *address)
{
    char literal[ADDRESS_TEXT_SIZE];
    if (address_equal(&transfer->address, address))
        return; /* as last time */
    transfer->address = *address;
    address_format(address, literal);
    char *connect_to = xasprintf(address->family == ADDRESS_V6 ? "::[%s]:" : "::%s:", literal);
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, NULL);
    curl_slist_free_all(transfer->connect_to);
    transfer->connect_to = curl_slist_append(NULL, connect_to);
    free(connect_to);
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transfer->connect_to);
}

void transfer_start(struct probe *probe, const struct address *address, uint16_t port)
{
    (void)port; /* the URL has it */
    struct transfer *transfer = (struct transfer *)probe;
    struct finding finding = { 0 };
    transfer->error[0] = '\0';
    transfer->socket_errno = 0;
    if (transfer->unusable.text[0] != '\0') {
        finding_set(&finding, FINDING_UNUSABLE, "%s", transfer->unusable.text);
        probe_end(probe, &finding);
        return;
    }
    transfer_point(transfer, address);
    if (!curl_loop_start(transfer->curl, transfer->easy)) {
        finding_set(&finding, FINDING_NONE, "libcurl does not start a transfer");
        probe_end(probe, &finding);
    }
}

bool transfer_goes_on(struct transfer *transfer, CURLcode code)
{
    if (code != CURLE_SEND_ERROR || strncmp(transfer->error, "Connection died", 15) != 0)
        return false;
    curl_loop_stop(transfer->curl, transfer->easy);
    transfer->error[0] = '\0';
    return curl_loop_start(transfer->curl, transfer->easy);
}

void transfer_stop(struct transfer *transfer)
{
    if (transfer->easy != NULL)
        curl_loop_stop(transfer->curl, transfer->easy);
}

void transfer_close(struct transfer *transfer)
{
    transfer_stop(transfer);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->connect_to);
    http_request_close(&transfer->request);
}
