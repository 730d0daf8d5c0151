/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/certificate.h"
#include "health/curl_loop.h"
#include "health/http_request.h"
#include "health/probe.h"

/*
 * What all probes share that libcurl carries: one transfer to the endpoint.  Their structs start with it.
 */
struct transfer {
    struct probe probe;
    struct curl_loop *curl;
    CURL *easy;
    struct http_request request;
    struct certificate certificate; /* shown last */
    struct error unusable;          /* text: why this check can never work; "" if it can */
    struct address address;         /* of the last run */
    struct curl_slist *connect_to;  /* the same for libcurl */
    /* of the run under way */
    char error[CURL_ERROR_SIZE];
    int socket_errno; /* why no socket could be made; 0 if it could */
};

/** Sets up everything that stays the same from run to run. */
void transfer_open(struct transfer *transfer, struct curl_loop *curl, const struct check *check,
                   const char *peer);
void transfer_close(struct transfer *transfer); /* stops it, too */

/** Sets off; may call probe_end. */
void transfer_start(struct probe *probe, const struct address *address, uint16_t port);
void transfer_stop(struct transfer *transfer);

/** True if the transfer was started again: libcurl counts kept connections that had gone over all runs of a
 * handle, and fails the sixth time. */
bool transfer_goes_on(struct transfer *transfer, CURLcode code);

/** The transfer that libcurl speaks of. */
struct transfer *transfer_of(CURL *easy);

/** HTTP code of the final response, 0 while there is none. */
int transfer_status(const struct transfer *transfer);

/** What every finding holds: status, time to connect, end of the certificate. */
struct finding transfer_finding(const struct transfer *transfer);

/** Says why libcurl gave up.  `out` is as transfer_finding gives it. */
void transfer_explain(struct transfer *transfer, CURLcode code, struct finding *out);

/** Says what has not happened yet: "connect", "TLS handshake", or `then`. */
void transfer_explain_timeout(const struct transfer *transfer, const char *then, struct finding *out);
