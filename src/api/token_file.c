/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/token_file.h"

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
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_TEXT_MAX 512
#define TOKEN_TEXT_MIN 16 /* characters; a shorter one can be guessed */

void token_digest(const char *text, size_t size, unsigned char out[TOKEN_DIGEST_SIZE])
{
    SHA256((const unsigned char *)text, size, out);
}

void token_make(char out[TOKEN_TEXT_SIZE])
{
    unsigned char secret[TOKEN_BYTES];
    rng_secret(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        out[2 * i] = "0123456789abcdef"[secret[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[secret[i] & 15];
    }
    out[2 * sizeof secret] = '\0';
    OPENSSL_cleanse(secret, sizeof secret);
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

static bool make_token(const char *file, unsigned char out[TOKEN_DIGEST_SIZE], struct error *err)
{
    char token[TOKEN_TEXT_SIZE + 1];
    token_make(token);
    token_digest(token, strlen(token), out);
    strcat(token, "\n");
    bool is_done = write_token(file, token, err);
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

static bool take_token(const char *text, size_t size, const char *file, unsigned char out[TOKEN_DIGEST_SIZE],
                       struct error *err)
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
    token_digest(text, length, out);
    return true;
}

static bool read_token(int fd, const char *file, unsigned char out[TOKEN_DIGEST_SIZE], struct error *err)
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
        got < 0 ? error_set(err, "%s: %s", file, strerror(errno)) : take_token(text, size, file, out, err);
    OPENSSL_cleanse(text, sizeof text);
    return is_done;
}

bool token_file_load(const char *file, unsigned char out[TOKEN_DIGEST_SIZE], struct error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make_token(file, out, err);
    if (fd < 0)
        return error_set(err, "%s: %s", file, strerror(errno));
    warn_of_readers(fd, file);
    bool is_done = read_token(fd, file, out, err);
    close(fd);
    return is_done;
}
