/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/server.h"

#include <pthread.h>

/* What an operator may ask of the kernel for a worker.  What is not granted is done without, and said. */

/** Sizes the buffers of a UDP socket and sets its busy polling, also of one that was taken over. */
void tuning_apply(int fd, const struct server_tuning *tuning);

/** Logs what the kernel did not grant to a UDP socket, and what to change: one socket speaks for all. */
void tuning_report(int fd, const struct server_tuning *tuning);

/** The CPU of a worker; -1: any. */
int tuning_cpu(const struct server_tuning *tuning, unsigned worker);

/** Makes a thread to be started run on `cpu` alone.  False with errno. */
bool tuning_pin(pthread_attr_t *attributes, int cpu);
