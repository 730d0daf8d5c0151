/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/tuning.h"

#include "base/log.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER_DEFAULT (4 << 20) /* a burst of some ten thousand queries */

static bool set(int fd, int option, int value)
{
    return setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) == 0;
}

static int get(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

/* The forced ones need CAP_NET_ADMIN, the others are capped by a sysctl. */
static void size_buffer(int fd, int forced, int capped, unsigned size)
{
    int wanted = size > 0 ? (int)size : BUFFER_DEFAULT;
    if (!set(fd, forced, wanted))
        (void)set(fd, capped, wanted);
}

void tuning_apply(int fd, const struct server_tuning *tuning)
{
    size_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, tuning->receive_buffer);
    size_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, tuning->send_buffer);
    (void)set(fd, SO_BUSY_POLL, (int)tuning->busy_poll_us);
    (void)set(fd, SO_PREFER_BUSY_POLL, tuning->busy_poll_us > 0);
}

/* The kernel counts its own bookkeeping, too: it says twice of what was asked for. */
static void report_buffer(int fd, int option, unsigned wanted, const char *name, const char *sysctl)
{
    unsigned got = (unsigned)get(fd, option) / 2;
    if (wanted > 0 && got < wanted)
        log_warning("%s: the kernel gives %u bytes instead of %u: raise the sysctl %s, or give steerd "
                    "CAP_NET_ADMIN",
                    name, got, wanted, sysctl);
}

static bool is_zero(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file != NULL ? fgetc(file) : EOF;
    if (file != NULL)
        fclose(file);
    return first == '0';
}

static void report_busy_poll(int fd, unsigned wanted_us)
{
    if (wanted_us == 0)
        return;
    int got_us = get(fd, SO_BUSY_POLL);
    if (got_us != (int)wanted_us)
        log_warning("busy_poll: the kernel gives %d us instead of %u: give steerd CAP_NET_ADMIN or set the "
                    "sysctl net.core.busy_read",
                    got_us, wanted_us);
    else if (get(fd, SO_PREFER_BUSY_POLL) == 0)
        log_warning("busy_poll: interrupts are not put off meanwhile (SO_PREFER_BUSY_POLL): that needs "
                    "CAP_NET_ADMIN and Linux 5.11");
    if (is_zero("/proc/sys/net/core/busy_poll"))
        log_warning("busy_poll: the sysctl net.core.busy_poll is 0: a worker that waits does not poll the "
                    "network card; set it to %u",
                    wanted_us);
}

void tuning_report(int fd, const struct server_tuning *tuning)
{
    report_buffer(fd, SO_RCVBUF, tuning->receive_buffer, "receive_buffer", "net.core.rmem_max");
    report_buffer(fd, SO_SNDBUF, tuning->send_buffer, "send_buffer", "net.core.wmem_max");
    report_busy_poll(fd, tuning->busy_poll_us);
}

int tuning_cpu(const struct server_tuning *tuning, unsigned worker)
{
    return tuning->cpu_count > 0 ? (int)tuning->cpus[worker % tuning->cpu_count] : -1;
}

bool tuning_pin(pthread_attr_t *attributes, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    errno = pthread_attr_setaffinity_np(attributes, sizeof set, &set);
    return errno == 0;
}
