/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/settings.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <stdbool.h>
#include <stdint.h>

/* What stands in the files of the API's TLS. */
struct tls_files {
    gnutls_datum_t certificate, key; /* PEM */
    gnutls_datum_t trust;            /* PEM; data NULL: none */
    gnutls_x509_trust_list_t authorities;
    int64_t end_s; /* Unix time of the end of the certificate */
};

/** Reads them; the key has to be the certificate's.  False: `err` names the file, `out` is empty. */
bool tls_files_load(const struct settings_tls *settings, struct tls_files *out, struct error *err);
void tls_files_free(struct tls_files *files);

/* By what it is seen that the files have changed; compared as bytes. */
struct tls_stamps {
    struct {
        uint64_t inode, size, changed_ns;
    } files[3];
};
void tls_stamps_read(const struct settings_tls *settings, struct tls_stamps *out);
