/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/tls.h"

#include "api/tls_files.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <gnutls/x509.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MOST = 16, NAME_SIZE = 256 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";

struct tls {
    const struct settings_tls *settings;
    char *trust;
    pthread_mutex_t mutex;
    struct tls_files files; /* in use */
    struct tls_stamps seen; /* when the files were last read, whether or not they were good */
};

static _Atomic(struct tls *) serving;

/* ---- the files ---- */

static void warn_of_end(const struct tls_files *files, const char *name)
{
    if (files->end_s <= clock_wall_ms() / 1000)
        log_warning("%s: the certificate has expired", name);
}

bool tls_open(const struct settings_tls *settings, struct tls **out, struct error *err)
{
    struct tls *tls = xcalloc(1, sizeof *tls);
    tls->settings = settings;
    pthread_mutex_init(&tls->mutex, NULL);
    tls_stamps_read(settings, &tls->seen);
    if (!tls_files_load(settings, &tls->files, err)) {
        tls_close(tls);
        return false;
    }
    warn_of_end(&tls->files, settings->certificate);
    if (tls->files.trust.data != NULL)
        tls->trust = xstrndup((const char *)tls->files.trust.data, tls->files.trust.size);
    atomic_store(&serving, tls);
    *out = tls;
    return true;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    atomic_store(&serving, NULL);
    tls_files_free(&tls->files);
    pthread_mutex_destroy(&tls->mutex);
    free(tls->trust);
    free(tls);
}

void tls_look(struct tls *tls)
{
    struct tls_stamps now;
    struct tls_files fresh, old;
    struct error err;
    tls_stamps_read(tls->settings, &now);
    pthread_mutex_lock(&tls->mutex);
    bool is_news = memcmp(&now, &tls->seen, sizeof now) != 0;
    tls->seen = now;
    pthread_mutex_unlock(&tls->mutex);
    if (!is_news)
        return;
    if (!tls_files_load(tls->settings, &fresh, &err)) {
        log_warning("api: the old certificate stays in use: %s", err.text);
        return;
    }
    pthread_mutex_lock(&tls->mutex);
    old = tls->files;
    tls->files = fresh;
    pthread_mutex_unlock(&tls->mutex);
    tls_files_free(&old);
    log_notice("api: %s was read again", tls->settings->certificate);
    warn_of_end(&fresh, tls->settings->certificate);
}

const char *tls_trust(const struct tls *tls)
{
    return tls->trust;
}

int64_t tls_end_s(struct tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    int64_t end_s = tls->files.end_s;
    pthread_mutex_unlock(&tls->mutex);
    return end_s;
}

/* ---- showing ours ---- */

/* Copies for this handshake, GnuTLS frees them: the files may be read again meanwhile. */
static bool copy_pair(const struct tls_files *files, gnutls_pcert_st **certificates, unsigned *count,
                      gnutls_privkey_t *key)
{
    gnutls_pcert_st *chain = gnutls_malloc(CHAIN_MOST * sizeof *chain);
    unsigned chain_count = CHAIN_MOST;
    if (chain == NULL)
        return false;
    if (gnutls_pcert_list_import_x509_raw(chain, &chain_count, &files->certificate, GNUTLS_X509_FMT_PEM, 0) <
        0) {
        gnutls_free(chain);
        return false;
    }
    bool has_key = gnutls_privkey_init(key) == 0;
    if (has_key && gnutls_privkey_import_x509_raw(*key, &files->key, GNUTLS_X509_FMT_PEM, NULL, 0) == 0) {
        *certificates = chain;
        *count = chain_count;
        return true;
    }
    if (has_key)
        gnutls_privkey_deinit(*key);
    for (unsigned i = 0; i < chain_count; i++)
        gnutls_pcert_deinit(&chain[i]);
    gnutls_free(chain);
    return false;
}

int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **certificates, unsigned *count, gnutls_ocsp_data_st **ocsp,
                 unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
    struct tls *tls = atomic_load(&serving);
    (void)session, (void)info, (void)ocsp;
    *count = *ocsp_count = 0;
    if (tls == NULL)
        return -1;
    pthread_mutex_lock(&tls->mutex);
    bool is_done = copy_pair(&tls->files, certificates, count, key);
    pthread_mutex_unlock(&tls->mutex);
    *flags |= GNUTLS_CERT_RETR_DEINIT_ALL;
    return is_done ? 0 : -1;
}

/* ---- looking at theirs ---- */

static bool is_trusted(struct tls *tls, gnutls_x509_crt_t *chain, unsigned count)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
    unsigned status = 0;
    pthread_mutex_lock(&tls->mutex);
    int code = tls->files.authorities == NULL
                   ? -1
                   : gnutls_x509_trust_list_verify_crt2(tls->files.authorities, chain, count, &purpose, 1, 0,
                                                        &status, NULL);
    pthread_mutex_unlock(&tls->mutex);
    return code == 0 && status == 0;
}

/* The common name first, then the alternative names; false at the end.  A name with a NUL in it is none. */
static bool name_at(gnutls_x509_crt_t certificate, unsigned index, char out[NAME_SIZE])
{
    size_t size = NAME_SIZE;
    int code = index == 0
                   ? gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &size)
                   : gnutls_x509_crt_get_subject_alt_name(certificate, index - 1, out, &size, NULL);
    if (index > 0 && code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return false;
    bool is_text =
        index == 0 ? code == 0
                   : code == GNUTLS_SAN_DNSNAME || code == GNUTLS_SAN_RFC822NAME || code == GNUTLS_SAN_URI;
    if (!is_text || size >= NAME_SIZE || memchr(out, '\0', size) != NULL)
        size = 0;
    out[size] = '\0';
    return true;
}

static void find_role(const struct settings_tls *settings, gnutls_x509_crt_t certificate, struct who *out)
{
    char name[NAME_SIZE], who[NAME_SIZE + 8];
    for (unsigned index = 0; name_at(certificate, index, name); index++) {
        for (size_t i = 0; i < settings->client_count; i++) {
            if (strcmp(settings->clients[i].name, name) != 0)
                continue;
            snprintf(who, sizeof who, "cert:%s", name);
            who_set(out, role_parse(settings->clients[i].role), who, "certificate", "");
            return;
        }
    }
}

bool tls_identify(struct tls *tls, gnutls_session_t session, struct who *out)
{
    gnutls_x509_crt_t chain[CHAIN_MOST];
    unsigned raw_count = 0, count = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &raw_count);
    if (raw == NULL || raw_count == 0 || raw_count > CHAIN_MOST)
        return false;
    for (; count < raw_count; count++) {
        if (gnutls_x509_crt_init(&chain[count]) != 0)
            break;
        if (gnutls_x509_crt_import(chain[count], &raw[count], GNUTLS_X509_FMT_DER) != 0) {
            gnutls_x509_crt_deinit(chain[count]);
            break;
        }
    }
    bool is_good = count == raw_count && is_trusted(tls, chain, count);
    if (is_good)
        find_role(tls->settings, chain[0], out);
    while (count > 0)
        gnutls_x509_crt_deinit(chain[--count]);
    return is_good;
}
