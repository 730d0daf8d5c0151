/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/download.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool download_begin(struct download *download, int fd)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    *download = (struct download){ .fd = fd, .context = context };
    return context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
}

bool download_take(struct download *download, const char *bytes, size_t size)
{
    if (EVP_DigestUpdate(download->context, bytes, size) != 1)
        return false;
    for (size_t at = 0; at < size;) {
        ssize_t written = write(download->fd, bytes + at, size - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            download->write_error = errno != 0 ? errno : EIO;
            return false;
        }
        at += (size_t)written;
    }
    download->size += size;
    return true;
}

/* Repr-Digest: sha-256=:BASE64: (RFC 9530); other algorithms may stand beside it. */
void download_take_header(struct download *download, const char *line, size_t size)
{
    static const char name[] = "Repr-Digest:", algorithm[] = "sha-256=:";
    char value[512];
    if (size < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0)
        return;
    snprintf(value, sizeof value, "%.*s", (int)size, line);
    const char *at = strstr(value, algorithm);
    size_t length = at != NULL ? strcspn(at + sizeof algorithm - 1, ":") : 0;
    if (length > 0 && length < sizeof download->announced)
        snprintf(download->announced, sizeof download->announced, "%.*s", (int)length,
                 at + sizeof algorithm - 1);
}

bool download_end(struct download *download, struct error *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char digest[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool is_good = download->context != NULL && EVP_DigestFinal_ex(download->context, sum, &size) == 1;
    EVP_MD_CTX_free(download->context);
    download->context = NULL;
    if (!is_good)
        return error_set(err, "the digest cannot be computed");
    EVP_EncodeBlock((unsigned char *)digest, sum, (int)size);
    if (download->announced[0] == '\0')
        return error_set(err, "the server sent no digest with the file: is it an older steerd?");
    return strcmp(digest, download->announced) == 0 ||
           error_set(err, "what came is not what the server sent: its digest is %s, not %s; try again",
                     digest, download->announced);
}
