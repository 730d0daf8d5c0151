/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/loop.h"

#include <curl/curl.h>

/* libcurl's multi-socket interface on our loop: many transfers at once, one thread, no waiting inside. */
struct curl_loop;

/** `done` is called with each transfer that has ended by itself, from loop_turn; it must stop the transfer.
 * `among`: so many loops share the descriptors that idle connections may take. */
struct curl_loop *curl_loop_new(struct loop *loop, void (*done)(CURL *easy, CURLcode code), unsigned among);
void curl_loop_free(struct curl_loop *curl); /* no transfer may be under way */

bool curl_loop_start(struct curl_loop *curl, CURL *easy);
void curl_loop_stop(struct curl_loop *curl, CURL *easy); /* no-op for one that is not under way */
