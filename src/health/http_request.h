/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/check.h"

#include <curl/curl.h>

#define HTTP_USER_AGENT "steerd/" STEERD_VERSION

/* What a check that libcurl carries says to the endpoint: everything about a transfer that stays the same
 * from run to run. */
struct http_request {
    struct curl_slist *headers;
};

/** Whether the check's first connection is TLS. */
bool http_request_uses_tls(const struct check *check);

/* The words of a request, for the caller to free.  `peer` is the host name or address text that the endpoint
 * goes by. */
char *http_request_url(const struct check *check, const char *peer, struct error *err); /* NULL: unusable */
char *http_request_host(const struct check *check, const char *peer); /* of the Host header */
char *http_request_path(const struct check *check);                   /* with the query */

/**
 * Sets up `easy` for this check: URL, headers, trust, and who else may be asked (nobody).  `peer` is the host
 * name or address text that the endpoint goes by: it is the Host, the TLS server name and what the
 * certificate must be for, unless the check says otherwise.  `request` is written also on failure and must
 * outlive the transfers.
 */
bool http_request_open(struct http_request *request, CURL *easy, const struct check *check, const char *peer,
                       struct error *err);
void http_request_close(struct http_request *request);

/** Adds "Name: value"; to be handed to libcurl again. */
void http_request_add_header(struct http_request *request, const char *line);
