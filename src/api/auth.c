/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/auth.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_TEXT_MAX 512
#define TOKEN_TEXT_MIN 16 /* characters; a shorter one can be guessed */

struct auth {
    unsigned char admin[SHA256_DIGEST_LENGTH];
};

static void digest(const char *token, size_t size, unsigned char out[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)token, size, out);
}

static bool sync_directory(const char *file, struct error *err)
{
    char *copy = xstrdup(file);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (!is_done)
        error_set(err, "cannot make the directory of %s durable: %s", file, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(copy);
    return is_done;
}

static bool write_whole(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* The file appears under its name only when it is whole and on disk. */
static bool write_token(const char *file, const char *token, struct error *err)
{
    char *temporary = xasprintf("%s.new", file);
    if (unlink(temporary) != 0 && errno != ENOENT)
        error_set(err, "%s: %s", temporary, strerror(errno));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_done = fd >= 0 && write_whole(fd, token, strlen(token)) && rename(temporary, file) == 0;
    if (!is_done)
        error_set(err, "%s: cannot write the admin token: %s", temporary, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(temporary);
    return is_done && sync_directory(file, err);
}

static bool make_token(const char *file, struct auth *auth, struct error *err)
{
    unsigned char secret[TOKEN_BYTES];
    char token[2 * TOKEN_BYTES + 2];
    rng_secret(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        token[2 * i] = "0123456789abcdef"[secret[i] >> 4];
        token[2 * i + 1] = "0123456789abcdef"[secret[i] & 15];
    }
    memcpy(token + 2 * sizeof secret, "\n", 2);
    digest(token, 2 * sizeof secret, auth->admin);
    bool is_done = write_token(file, token, err);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(token, sizeof token);
    if (is_done)
        log_notice("a new admin token stands in %s", file);
    return is_done;
}

static void warn_of_readers(int fd, const char *file)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 077) != 0)
        log_warning("%s: others than its owner may use the admin token (mode %03o): chmod 600 it", file,
                    (unsigned)status.st_mode & 0777);
}

static bool take_token(const char *text, size_t size, const char *file, struct auth *auth, struct error *err)
{
    size_t length = strnlen(text, size);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        length--;
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(err, "%s: a token is one line of visible ASCII", file);
    }
    if (length < TOKEN_TEXT_MIN || size == TOKEN_TEXT_MAX)
        return error_set(err, "%s: a token has %d..%d characters; remove the file to get a new one", file,
                         TOKEN_TEXT_MIN, TOKEN_TEXT_MAX - 1);
    digest(text, length, auth->admin);
    return true;
}

static bool read_token(int fd, const char *file, struct auth *auth, struct error *err)
{
    char text[TOKEN_TEXT_MAX];
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < sizeof text) {
        got = read(fd, text + size, sizeof text - size);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            size += (size_t)got;
    }
    bool is_done =
        got < 0 ? error_set(err, "%s: %s", file, strerror(errno)) : take_token(text, size, file, auth, err);
    OPENSSL_cleanse(text, sizeof text);
    return is_done;
}

static bool load_token(const char *file, struct auth *auth, struct error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make_token(file, auth, err);
    if (fd < 0)
        return error_set(err, "%s: %s", file, strerror(errno));
    warn_of_readers(fd, file);
    bool is_done = read_token(fd, file, auth, err);
    close(fd);
    return is_done;
}

bool auth_open(const char *token_file, struct auth **out, struct error *err)
{
    struct auth *auth = xcalloc(1, sizeof *auth);
    if (!load_token(token_file, auth, err)) {
        auth_close(auth);
        return false;
    }
    *out = auth;
    return true;
}

void auth_close(struct auth *auth)
{
    free(auth);
}

enum role auth_check(const struct auth *auth, const char *header, const char **name)
{
    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
        return ROLE_NONE;
    const char *token = header + 7;
    token += strspn(token, " ");
    size_t size = strlen(token);
    unsigned char found[SHA256_DIGEST_LENGTH];
    digest(token, size, found);
    if (CRYPTO_memcmp(found, auth->admin, sizeof found) != 0)
        return ROLE_NONE;
    *name = "admin";
    return ROLE_ADMIN;
}
