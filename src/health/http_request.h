/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/check.h"

#include <curl/curl.h>

/* What an http or https check says to the endpoint: everything about a transfer that stays the same from run
 * to run. */
struct http_request {
    struct curl_slist *headers;
};

/**
 * Sets up `easy` for this check.  `peer` is the host name or address text that the endpoint goes by: it is
 * the Host, the TLS server name and what the certificate must be for, unless the check says otherwise.
 * `request` is written also on failure and must outlive the transfers.
 */
bool http_request_open(struct http_request *request, CURL *easy, const struct check *check, const char *peer,
                       struct error *err);
void http_request_close(struct http_request *request);
