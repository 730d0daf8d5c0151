/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/who.h"
#include "base/error.h"
#include "config/settings.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * The certificates of the API.  The files are read again when they change; connections that stand keep what
 * they began with.  GnuTLS, because libmicrohttpd speaks it.  One a process: GnuTLS hands its callback no
 * context.
 */
struct tls;

extern const char tls_priorities[]; /* TLS 1.2 and 1.3 */

/** Reads the files: by the user who will read them again. */
bool tls_open(const struct settings_tls *settings, struct tls **out, struct error *err);
void tls_close(struct tls *tls); /* NULL is a no-op */

/** Looks whether the files have changed.  If the new ones are no good, which is logged once, the old ones
 * stay. Any thread. */
void tls_look(struct tls *tls);

/** The authorities of clients as they were at the start, PEM; NULL: clients are not asked. */
const char *tls_trust(const struct tls *tls);
/** Unix time of the end of the certificate in use. */
int64_t tls_end_s(struct tls *tls);

/** True if a valid certificate was shown.  If it has a role, `out` becomes its holder.  Any thread. */
bool tls_identify(struct tls *tls, gnutls_session_t session, struct who *out);

/** What MHD hands to GnuTLS (gnutls_certificate_retrieve_function3). */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **certificates, unsigned *count, gnutls_ocsp_data_st **ocsp,
                 unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags);
