/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <time.h>

/* Where an SSL_CTX keeps the pointer to our struct. */
static int place = -1;

static void place_open(void)
{
    place = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static int64_t time_of_asn1(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void on_handshake(const SSL *ssl, int where, int result)
{
    (void)result;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0)
        return;
    struct certificate *certificate = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place);
    X509 *shown = SSL_get0_peer_certificate(ssl);
    if (certificate != NULL && shown != NULL)
        certificate->ends_s = time_of_asn1(X509_get0_notAfter(shown));
}

static CURLcode on_context(CURL *easy, void *context, void *certificate)
{
    (void)easy;
    SSL_CTX_set_info_callback(context, on_handshake);
    return SSL_CTX_set_ex_data(context, place, certificate) == 1 ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

void certificate_watch(CURL *easy, struct certificate *certificate)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, place_open);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, certificate);
}
