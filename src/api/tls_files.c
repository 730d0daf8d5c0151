/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/tls_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* GnuTLS only says that it could not read: the system says why. */
static bool load_file(const char *path, gnutls_datum_t *out, struct error *err)
{
    if (access(path, R_OK) != 0)
        return error_set(err, "%s: %s; the user that runs steerd must be able to read it", path,
                         strerror(errno));
    int code = gnutls_load_file(path, out);
    return code == 0 || error_set(err, "%s: %s", path, gnutls_strerror(code));
}

static bool check_pair(const struct settings_tls *settings, const struct tls_files *files, struct error *err)
{
    gnutls_certificate_credentials_t credentials;
    int code = gnutls_certificate_allocate_credentials(&credentials);
    if (code != 0)
        return error_set(err, "TLS: %s", gnutls_strerror(code));
    code = gnutls_certificate_set_x509_key_mem2(credentials, &files->certificate, &files->key,
                                                GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_certificate_free_credentials(credentials);
    return code >= 0 ||
           error_set(err, "%s with %s: %s", settings->certificate, settings->key, gnutls_strerror(code));
}

static bool read_end(const struct settings_tls *settings, struct tls_files *files, struct error *err)
{
    gnutls_x509_crt_t *chain;
    unsigned count = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &count, &files->certificate, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0 || count == 0)
        return error_set(err, "%s: %s", settings->certificate, gnutls_strerror(code));
    files->end_s = (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return true;
}

static bool load_authorities(const char *path, struct tls_files *files, struct error *err)
{
    if (path == NULL)
        return true;
    if (!load_file(path, &files->trust, err))
        return false;
    int code = gnutls_x509_trust_list_init(&files->authorities, 0);
    if (code == 0)
        code = gnutls_x509_trust_list_add_trust_mem(files->authorities, &files->trust, NULL,
                                                    GNUTLS_X509_FMT_PEM, 0, 0);
    return code > 0 || error_set(err, "%s: %s", path,
                                 code == 0 ? "there is no certificate in it" : gnutls_strerror(code));
}

bool tls_files_load(const struct settings_tls *settings, struct tls_files *out, struct error *err)
{
    *out = (struct tls_files){ 0 };
    if (load_file(settings->certificate, &out->certificate, err) &&
        load_file(settings->key, &out->key, err) && check_pair(settings, out, err) &&
        read_end(settings, out, err) && load_authorities(settings->client_ca, out, err))
        return true;
    tls_files_free(out);
    return false;
}

static void free_secret(gnutls_datum_t *datum)
{
    if (datum->data != NULL)
        gnutls_memset(datum->data, 0, datum->size);
    gnutls_free(datum->data);
}

void tls_files_free(struct tls_files *files)
{
    gnutls_free(files->certificate.data);
    free_secret(&files->key);
    gnutls_free(files->trust.data);
    if (files->authorities != NULL)
        gnutls_x509_trust_list_deinit(files->authorities, 1);
    *files = (struct tls_files){ 0 };
}

void tls_stamps_read(const struct settings_tls *settings, struct tls_stamps *out)
{
    const char *const paths[] = { settings->certificate, settings->key, settings->client_ca };
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < 3; i++) {
        struct stat status;
        if (paths[i] == NULL || stat(paths[i], &status) != 0)
            continue;
        out->files[i].inode = status.st_ino;
        out->files[i].size = (uint64_t)status.st_size;
        out->files[i].changed_ns =
            (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
    }
}
