/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <curl/curl.h>
#include <stdint.h>

/* What is remembered of the certificate that a server showed. */
struct certificate {
    int64_t ends_s; /* Unix time; 0: none was shown yet */
};

/** From now on each TLS handshake of `easy` writes its certificate down. */
void certificate_watch(CURL *easy, struct certificate *certificate);
