/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/client.h"
#include "cli/place.h"
#include "cli/token.h"

#include <curl/curl.h>

/* What client.c (questions with an answer) and client_receive.c (replies that come piece by piece) share. */
struct client {
    CURL *curl;
    struct place place;
    const char *base, *socket_path;
    char token[TOKEN_SIZE_MAX];
    char curl_error[CURL_ERROR_SIZE];
};

/** Asks and waits for the end; the reply goes into `out`, where `adapt` (or NULL) gives it no other way.  Its
 * status is 0 if none came. */
CURLcode client_perform(struct client *client, const struct call *call, struct answer *out,
                        void (*adapt)(CURL *curl, void *context), void *context);
/** A CURLOPT_WRITEFUNCTION into a struct text. */
size_t client_take_body(char *bytes, size_t size, size_t count, void *context);
enum cli_exit client_complain_unreachable(const struct client *client, CURLcode code);
