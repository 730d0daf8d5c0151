/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/peer.h"

#include "base/memory.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUPS_MOST = 1024, NAME_SIZE = 300 };

bool peer_user(int fd, uint32_t *uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer ||
        peer.uid == (uid_t)-1)
        return false;
    *uid = peer.uid;
    return true;
}

static bool is_in(gid_t group, gid_t own, const gid_t *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (others[i] == group)
            return true;
    return group == own;
}

/* Supplementary groups, too (Linux 4.13); without them the first one counts. */
static size_t read_groups(int fd, gid_t out[GROUPS_MOST])
{
    socklen_t size = GROUPS_MOST * sizeof *out;
    return getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out, &size) == 0 ? size / sizeof *out : 0;
}

/* On the thread of this socket only: a slow directory of users keeps nobody else waiting. */
static void name_user(uint32_t uid, char out[NAME_SIZE])
{
    char room[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
        snprintf(out, NAME_SIZE, "user:%.255s", entry.pw_name);
    else
        snprintf(out, NAME_SIZE, "user:%u", uid);
}

static enum role role_by_default(uint32_t uid)
{
    return uid == 0 || uid == geteuid() ? ROLE_ADMIN : ROLE_NONE;
}

static enum role role_of(int fd, uint32_t uid, gid_t gid, const struct settings *settings)
{
    gid_t groups[GROUPS_MOST];
    size_t count = read_groups(fd, groups);
    enum role role = ROLE_NONE;
    for (size_t i = 0; i < settings->peer_count; i++) {
        const struct settings_grant *grant = &settings->peers[i];
        enum role granted = role_parse(grant->role);
        if (!grant->is_group && grant->id == uid)
            return granted;
        if (grant->is_group && is_in(grant->id, gid, groups, count) && granted > role)
            role = granted;
    }
    return role;
}

bool peer_identify(int fd, const struct settings *settings, struct who *out)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    char name[NAME_SIZE];
    uint32_t uid;
    if (!peer_user(fd, &uid) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    enum role role = settings->peers == NULL ? role_by_default(uid) : role_of(fd, uid, peer.gid, settings);
    if (role == ROLE_NONE)
        return false;
    name_user(uid, name);
    who_set(out, role, name, "socket", "");
    return true;
}
