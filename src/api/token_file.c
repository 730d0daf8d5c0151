/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/token_file.h"

#include "base/log.h"
#include "base/rng.h"
#include "base/secret_file.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <errno.h>
#include <fcntl.h>
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

static bool make_token(const char *file, unsigned char out[TOKEN_DIGEST_SIZE], struct error *err)
{
    char token[TOKEN_TEXT_SIZE + 1];
    token_make(token);
    token_digest(token, strlen(token), out);
    strcat(token, "\n");
    bool is_done = secret_file_make(file, token, err);
    OPENSSL_cleanse(token, sizeof token);
    if (!is_done)
        return error_within(err, "the admin token %s", file);
    log_notice("a new admin token stands in %s", file);
    return true;
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
