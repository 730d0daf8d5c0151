/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "server/server.h"

/* Sockets bound to a listen address; several workers bind the same one (SO_REUSEPORT). */

/** Opens a non-blocking UDP socket.  On a wildcard address it tells where each packet was sent to. */
bool socket_open_udp(const struct server_listen *listen, int *out, struct error *err);

/** Opens a non-blocking TCP socket that listens. */
bool socket_open_tcp(const struct server_listen *listen, int *out, struct error *err);

/**
 * True if no other program is bound to the address: with SO_REUSEPORT a second daemon of the same user would
 * silently get half of the queries.
 */
bool socket_probe(const struct server_listen *listen, struct error *err);

/** What tells the socket from all others of this machine; 0: the kernel does not say. */
uint64_t socket_cookie(int fd);

/** How many datagrams the kernel dropped instead of queueing them, modulo 2^32. */
uint32_t socket_dropped(int fd);

/** Gives a socket that somebody else opened what ours have. */
bool socket_adopt(const struct server_socket *adopted, struct error *err);

/** True if others may bind the same address (SO_REUSEPORT). */
bool socket_is_shared(int fd);

bool listen_is_wildcard(const struct server_listen *listen);
bool listen_is_same(const struct server_listen *a, const struct server_listen *b);
