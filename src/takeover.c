/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "takeover.h"

#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKETS_A_MESSAGE 64   /* SCM_MAX_FD is 253 */
#define SOCKETS_MOST      4096 /* more are no steerd's */
#define PATIENCE_S        60   /* for the old one to close its store */
#define FIRST_PASSED      3    /* SD_LISTEN_FDS_START */
#define ASKING_S          5    /* between coming and asking */

/* One byte that says what a message is. */
enum { WORD_ASK = 'a', WORD_SOCKETS = 's', WORD_END = 'e', WORD_DONE = 'd' };

static bool address_in(const char *state_dir, struct sockaddr_un *out, struct error *err)
{
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    int size = snprintf(out->sun_path, sizeof out->sun_path, "%s/takeover.sock", state_dir);
    return (size > 0 && (size_t)size < sizeof out->sun_path) ||
           error_set(err, "%s: the path is too long for a socket in it", state_dir);
}

/* ---- the one that runs ---- */

bool takeover_open(const char *state_dir, int *out, struct error *err)
{
    struct sockaddr_un address;
    if (!address_in(state_dir, &address, err))
        return false;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)unlink(address.sun_path); /* of one that was killed: we hold the lock */
    mode_t before = umask(0177);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (is_bound && listen(fd, 1) == 0) {
        *out = fd;
        return true;
    }
    error_set(err, "%s: %s", address.sun_path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

void takeover_close(const char *state_dir, int fd)
{
    struct sockaddr_un address;
    if (fd < 0)
        return;
    if (address_in(state_dir, &address, NULL))
        (void)unlink(address.sun_path);
    close(fd);
}

static bool is_allowed(int connection)
{
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        (peer.uid == 0 || peer.uid == geteuid()))
        return true;
    log_warning("takeover: refused to process %d of user %u", (int)peer.pid, (unsigned)peer.uid);
    return false;
}

/* What it says it was started from is what we were started from. */
static bool hear_config(int connection, const char *config)
{
    char said[PATH_MAX + 2];
    ssize_t size = recv(connection, said, sizeof said - 1, 0);
    if (size < 1 || said[0] != WORD_ASK)
        return false; /* it only looked whether somebody is here */
    said[size] = '\0';
    if (strcmp(said + 1, config) == 0)
        return true;
    log_warning("takeover: refused to a steerd of %s: this one runs from %s", said + 1, config);
    return false;
}

int takeover_accept(int fd, const char *config)
{
    const struct timeval patience = { .tv_sec = ASKING_S }, none = { 0 };
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (is_allowed(connection) && hear_config(connection, config)) {
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
        return connection;
    }
    close(connection);
    return -1;
}

static bool send_word(int connection, char word, const int *sockets, size_t count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(SOCKETS_A_MESSAGE * sizeof(int))] = { 0 };
    struct iovec iov = { .iov_base = &word, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof *sockets);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                    .cmsg_type = SCM_RIGHTS,
                                    .cmsg_len = CMSG_LEN(count * sizeof *sockets) };
        memcpy(CMSG_DATA(header), sockets, count * sizeof *sockets);
    }
    return sendmsg(connection, &message, MSG_NOSIGNAL) == 1;
}

bool takeover_give(int connection, const int *sockets, size_t count, struct error *err)
{
    bool is_sent = true;
    for (size_t done = 0; is_sent && done < count;) {
        size_t some = count - done < SOCKETS_A_MESSAGE ? count - done : SOCKETS_A_MESSAGE;
        is_sent = send_word(connection, WORD_SOCKETS, sockets + done, some);
        done += some;
    }
    return (is_sent && send_word(connection, WORD_END, NULL, 0)) ||
           error_set(err, "cannot hand the sockets over: %s", strerror(errno));
}

bool takeover_is_done(int connection)
{
    char word;
    return recv(connection, &word, 1, 0) == 1 && word == WORD_DONE;
}

/* ---- the one that comes ---- */

static void keep_sockets(struct takeover *takeover, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        takeover->sockets = xrealloc(takeover->sockets, takeover->count + count, sizeof(int));
        memcpy(takeover->sockets + takeover->count, CMSG_DATA(header), count * sizeof(int));
        takeover->count += count;
    }
}

static bool receive_sockets(struct takeover *takeover)
{
    while (takeover->count <= SOCKETS_MOST) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(SOCKETS_A_MESSAGE * sizeof(int))];
        char word = 0;
        struct iovec iov = { .iov_base = &word, .iov_len = 1 };
        struct msghdr message = {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
        };
        if (recvmsg(takeover->connection, &message, MSG_CMSG_CLOEXEC) != 1)
            return false;
        keep_sockets(takeover, &message);
        if (word == WORD_END)
            return true;
    }
    return false;
}

/* -1: nobody runs there, or nobody who can be asked: opening the store will tell. */
static int connect_to(const char *state_dir)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (address_in(state_dir, &address, NULL) &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static unsigned long number_of(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL ? strtoul(value, NULL, 10) : 0;
}

void takeover_passed(struct takeover *out)
{
    unsigned long count = number_of("LISTEN_FDS");
    *out = (struct takeover){ .connection = -1 };
    if (count == 0 || count > SOCKETS_MOST || number_of("LISTEN_PID") != (unsigned long)getpid())
        return;
    out->sockets = xcalloc(count, sizeof *out->sockets);
    for (; out->count < count; out->count++) {
        out->sockets[out->count] = FIRST_PASSED + (int)out->count;
        (void)fcntl(out->sockets[out->count], F_SETFD, FD_CLOEXEC);
    }
    unsetenv("LISTEN_FDS"); /* not for who we start */
    unsetenv("LISTEN_PID");
}

bool takeover_is_possible(const char *state_dir)
{
    int fd = connect_to(state_dir);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool ask(int connection, const char *config)
{
    char words[PATH_MAX + 2];
    int size = snprintf(words, sizeof words, "%c%s", WORD_ASK, config);
    return size > 0 && (size_t)size < sizeof words &&
           send(connection, words, (size_t)size, MSG_NOSIGNAL) == size;
}

bool takeover_ask(const char *state_dir, const char *config, struct takeover *out, struct error *err)
{
    out->connection = connect_to(state_dir);
    if (out->connection < 0)
        return true; /* it has ended meanwhile */
    if (ask(out->connection, config) && receive_sockets(out))
        return true;
    takeover_free(out);
    return error_set(err,
                     "%s: another steerd works here and did not make room, its log says why; stop it or use "
                     "another state_dir",
                     state_dir);
}

void takeover_done(struct takeover *takeover)
{
    if (takeover->connection >= 0)
        (void)send_word(takeover->connection, WORD_DONE, NULL, 0);
}

void takeover_free(struct takeover *takeover)
{
    if (takeover->connection >= 0)
        close(takeover->connection);
    free(takeover->sockets);
    *takeover = (struct takeover){ .connection = -1 };
}
