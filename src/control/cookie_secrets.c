/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/cookie_secrets.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX    4096
#define DIGITS      (2 * COOKIE_SECRET_SIZE)
#define BLANK       " \t\r\n"
#define LINE_FORMAT "must be a secret of %d hexadecimal digits; make one with: openssl rand -hex 16"

static bool parse_hex(const char *text, uint8_t *out)
{
    if (strspn(text, "0123456789abcdefABCDEF") != DIGITS || text[DIGITS] != '\0')
        return false;
    for (size_t i = 0; i < COOKIE_SECRET_SIZE; i++) {
        const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool parse_line(char *line, struct server_keys *keys, struct error *err)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANK);
    size_t size = strlen(line);
    while (size > 0 && strchr(BLANK, line[size - 1]) != NULL)
        line[--size] = '\0';
    if (size == 0)
        return true;
    if (keys->cookie_count == COOKIE_SECRETS_MAX)
        return error_set(err, "has more than %d secrets: remove those that no server uses any more",
                         COOKIE_SECRETS_MAX);
    return parse_hex(line, keys->cookie_secrets[keys->cookie_count++]) || error_set(err, LINE_FORMAT, DIGITS);
}

/* `text` is taken apart. */
static bool parse(char *text, struct server_keys *keys, struct error *err)
{
    unsigned number = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        if (!parse_line(line, keys, err))
            return error_within(err, "line %u", number);
    }
    return keys->cookie_count > 0 ||
           error_set(err, "has no secret; remove the file to get one, or " LINE_FORMAT, DIGITS);
}

static void warn_of_readers(int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 07) != 0)
        log_warning("%s: anybody may read the cookie secrets (mode %03o): chmod o= it", path,
                    (unsigned)status.st_mode & 0777);
}

static bool read_text(int fd, char *text, size_t room, struct error *err)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, text + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, "cannot be read: %s", strerror(errno));
        if (got == 0) {
            text[size] = '\0';
            return memchr(text, '\0', size) == NULL || error_set(err, "is no text file");
        }
        size += (size_t)got;
    }
    return error_set(err, "is larger than %d bytes", FILE_MAX);
}

static bool read_file(int fd, struct server_keys **out, struct error *err)
{
    char text[FILE_MAX + 1];
    struct server_keys keys = { 0 };
    bool is_good = read_text(fd, text, FILE_MAX, err) && parse(text, &keys, err);
    if (is_good)
        *out = xmemdup(&keys, sizeof keys);
    explicit_bzero(text, sizeof text);
    explicit_bzero(&keys, sizeof keys);
    return is_good;
}

static bool make_file(const char *path, struct server_keys **out, struct error *err)
{
    struct server_keys keys = { .cookie_count = 1 };
    char text[DIGITS + 2];
    rng_secret(keys.cookie_secrets[0], COOKIE_SECRET_SIZE);
    for (size_t i = 0; i < COOKIE_SECRET_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", keys.cookie_secrets[0][i]);
    strcpy(text + DIGITS, "\n");
    bool is_done = secret_file_make(path, text, err);
    if (is_done) {
        *out = xmemdup(&keys, sizeof keys);
        log_notice("a new cookie secret stands in %s", path);
    }
    explicit_bzero(text, sizeof text);
    explicit_bzero(&keys, sizeof keys);
    return is_done;
}

bool cookie_secrets_load(const struct settings *settings, bool makes, struct server_keys **out,
                         struct error *err)
{
    const char *path = settings->cookie_secret_file;
    *out = NULL;
    if (!settings->has_cookies)
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    bool is_done = true;
    if (fd >= 0) {
        warn_of_readers(fd, path);
        is_done = read_file(fd, out, err);
        close(fd);
    } else if (errno != ENOENT && (makes || errno != EACCES)) {
        is_done = error_set(err, "cannot be opened: %s", strerror(errno));
    } else if (makes) {
        is_done = make_file(path, out, err);
    }
    return is_done || error_within(err, "%s", path);
}
