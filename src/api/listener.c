/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/listener.h"

#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG SOMAXCONN /* the kernel cuts it to net.core.somaxconn */

static bool open_tcp(const struct settings_listen *from, bool has_tls, struct listener *out,
                     struct error *err)
{
    struct sockaddr_storage address;
    socklen_t size = address_to_sockaddr(&from->address, from->port, &address);
    const int on = 1;
    out->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0)
        return error_set(err, "socket: %s", strerror(errno));
    setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ss_family == AF_INET6)
        setsockopt(out->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(out->fd, (const struct sockaddr *)&address, size) != 0 || listen(out->fd, BACKLOG) != 0)
        return error_set(err, "%s%s", strerror(errno), address_bind_hint(errno));
    if (!has_tls && !address_is_loopback(&from->address))
        log_warning("api: %s is reached from other machines, and tokens travel there in clear", out->name);
    return true;
}

/* A name in the way is removed only if it is a socket that nobody answers at. */
static bool clear_way(const struct sockaddr_un *address, struct error *err)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0)
        return errno == ENOENT || error_set(err, "%s", strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return error_set(err, "the file there is no socket: remove it or choose another path");
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_served = probe >= 0 && (connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ||
                                    errno == EAGAIN);
    if (probe >= 0)
        close(probe);
    if (is_served)
        return error_set(err, "another process serves it");
    if (unlink(address->sun_path) != 0)
        return error_set(err, "cannot remove the old socket: %s", strerror(errno));
    return true;
}

static void make_directory_of(const char *path)
{
    char *copy = xstrdup(path);
    (void)mkdir(dirname(copy), 0755); /* bind says what is wrong if it did not help */
    free(copy);
}

static bool give_to_group(const char *path, const char *name, struct error *err)
{
    if (name == NULL)
        return true;
    const struct group *group = getgrnam(name);
    if (group == NULL)
        return error_set(err, "there is no group \"%s\"", name);
    return lchown(path, (uid_t)-1, group->gr_gid) == 0 ||
           error_set(err, "cannot give it to group %s: %s", name, strerror(errno));
}

static bool open_unix(const struct settings_listen *from, const char *group, struct listener *out,
                      struct error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(from->unix_path) >= sizeof address.sun_path)
        return error_set(err, "a socket's path has at most %zu bytes", sizeof address.sun_path - 1);
    strcpy(address.sun_path, from->unix_path);
    make_directory_of(from->unix_path);
    if (!clear_way(&address, err))
        return false;
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0)
        return error_set(err, "socket: %s", strerror(errno));
    mode_t before = umask(0117); /* 0660 from its first moment on */
    bool is_bound = bind(out->fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int bind_errno = errno;
    umask(before);
    if (!is_bound)
        return error_set(err, "%s", strerror(bind_errno));
    out->unix_path = xstrdup(from->unix_path);
    if (listen(out->fd, BACKLOG) != 0)
        return error_set(err, "%s", strerror(errno));
    return give_to_group(from->unix_path, group, err);
}

static char *name_of(const struct settings_listen *from)
{
    if (from->unix_path != NULL)
        return xasprintf("unix:%s", from->unix_path);
    char address[ADDRESS_TEXT_SIZE];
    address_format(&from->address, address);
    bool is_v6 = from->address.family == ADDRESS_V6;
    return xasprintf(is_v6 ? "[%s]:%u" : "%s:%u", address, from->port);
}

bool listener_open(const struct settings_listen *from, const struct settings *settings, struct listener *out,
                   struct error *err)
{
    *out = (struct listener){ .fd = -1, .name = name_of(from) };
    if (from->unix_path != NULL ? open_unix(from, settings->unix_group, out, err)
                                : open_tcp(from, settings->tls.certificate != NULL, out, err))
        return true;
    error_within(err, "cannot listen for the API on %s", out->name);
    listener_close(out);
    return false;
}

void listener_close(struct listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->unix_path != NULL)
        unlink(listener->unix_path);
    free(listener->unix_path);
    free(listener->name);
    *listener = (struct listener){ .fd = -1 };
}
