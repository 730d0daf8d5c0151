/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/tap.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/dnstap.h"

#include <fstrm.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MS 1000

struct tap {
    const char *path;
    int fd;                      /* -1: not connected */
    struct fstrm_writer *writer; /* NULL: not connected */
    uint64_t retry_ms;           /* monotonic; not before */
    bool is_failing;             /* and that was said */
};

/* ---- a stream for libfstrm; its own would wait for a stuck reader for ever ---- */

static fstrm_res stream_close(void *context)
{
    struct tap *tap = context;
    if (tap->fd >= 0)
        close(tap->fd);
    tap->fd = -1;
    return fstrm_res_success;
}

static fstrm_res stream_open(void *context)
{
    struct tap *tap = context;
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    const struct timeval patience = { .tv_sec = 1 };
    size_t size = strlen(tap->path);
    if (size >= sizeof at.sun_path)
        return fstrm_res_failure;
    memcpy(at.sun_path, tap->path, size);
    tap->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (tap->fd < 0)
        return fstrm_res_failure;
    if (setsockopt(tap->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        setsockopt(tap->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        connect(tap->fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fstrm_res_success;
    stream_close(tap);
    return fstrm_res_failure;
}

static fstrm_res stream_read(void *context, void *to, size_t size)
{
    struct tap *tap = context;
    for (uint8_t *at = to; size > 0;) {
        ssize_t received = tap->fd >= 0 ? recv(tap->fd, at, size, 0) : 0;
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0) {
            stream_close(tap);
            return fstrm_res_failure;
        }
        at += received;
        size -= (size_t)received;
    }
    return fstrm_res_success;
}

static bool send_all(struct tap *tap, const uint8_t *at, size_t size)
{
    while (size > 0) {
        ssize_t sent = tap->fd >= 0 ? send(tap->fd, at, size, MSG_NOSIGNAL) : 0;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static fstrm_res stream_write(void *context, const struct iovec *iov, int count)
{
    struct tap *tap = context;
    for (int i = 0; i < count; i++) {
        if (!send_all(tap, iov[i].iov_base, iov[i].iov_len)) {
            stream_close(tap); /* half a frame may be out: nothing can follow it */
            return fstrm_res_failure;
        }
    }
    return fstrm_res_success;
}

/* ---- connecting ---- */

struct tap *tap_new(const char *path)
{
    struct tap *tap = xcalloc(1, sizeof *tap);
    tap->path = path;
    tap->fd = -1;
    return tap;
}

static void disconnect(struct tap *tap)
{
    if (tap->writer != NULL)
        (void)fstrm_writer_destroy(&tap->writer);
    stream_close(tap);
}

void tap_free(struct tap *tap)
{
    if (tap == NULL)
        return;
    disconnect(tap);
    free(tap);
}

static struct fstrm_writer *make_writer(struct tap *tap)
{
    struct fstrm_rdwr *stream = fstrm_rdwr_init(tap);
    fstrm_rdwr_set_open(stream, stream_open);
    fstrm_rdwr_set_close(stream, stream_close);
    fstrm_rdwr_set_read(stream, stream_read);
    fstrm_rdwr_set_write(stream, stream_write);
    struct fstrm_writer_options *options = fstrm_writer_options_init();
    (void)fstrm_writer_options_add_content_type(options, DNSTAP_CONTENT, sizeof DNSTAP_CONTENT - 1);
    struct fstrm_writer *writer = fstrm_writer_init(options, &stream);
    fstrm_writer_options_destroy(&options);
    return writer;
}

static void give_up(struct tap *tap)
{
    disconnect(tap);
    tap->retry_ms = clock_monotonic_ms() + RETRY_MS;
    if (!tap->is_failing)
        log_warning("dnstap: nobody reads at %s; trying again every second", tap->path);
    tap->is_failing = true;
}

static bool is_connected(struct tap *tap)
{
    if (tap->writer != NULL)
        return true;
    if (clock_monotonic_ms() < tap->retry_ms)
        return false;
    tap->writer = make_writer(tap);
    if (tap->writer == NULL || fstrm_writer_open(tap->writer) != fstrm_res_success) {
        give_up(tap);
        return false;
    }
    log_notice("dnstap: somebody reads at %s", tap->path);
    tap->is_failing = false;
    return true;
}

bool tap_write(struct tap *tap, const uint8_t *frame, size_t size)
{
    if (!is_connected(tap))
        return false;
    if (fstrm_writer_write(tap->writer, frame, size) == fstrm_res_success)
        return true;
    give_up(tap);
    return false;
}
