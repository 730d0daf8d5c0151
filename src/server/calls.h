/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The three system calls of a turn, made directly.  The C library's functions of these names are points where
 * a thread may be cancelled, which nobody does here: entering and leaving one costs a hundred instructions,
 * a quarter of what a static answer costs in all.  All return what the kernel does: negative, the error.
 */

#if defined(__x86_64__)

/* The kernel's own convention (System V ABI, AMD64 supplement, A.2.1): even syscall(2) would only move
 * arguments about. */
static inline long call_kernel(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

#else

static inline long call_kernel(long number, long a, long b, long c, long d, long e)
{
    long result = syscall(number, a, b, c, d, e, 0);
    return result < 0 ? -errno : result;
}

#endif

/* `flags`: MSG_DONTWAIT, or MSG_WAITFORONE to wait until one is there. */
static inline int call_receive(int fd, struct mmsghdr *messages, size_t count, int flags)
{
    return (int)call_kernel(SYS_recvmmsg, fd, (long)messages, (long)count, flags, 0);
}

static inline int call_send(int fd, struct mmsghdr *messages, size_t count)
{
    return (int)call_kernel(SYS_sendmmsg, fd, (long)messages, (long)count, MSG_DONTWAIT, 0);
}

static inline int call_wait(int epoll_fd, struct epoll_event *events, int count, int timeout_ms)
{
    return (int)call_kernel(SYS_epoll_pwait, epoll_fd, (long)events, count, timeout_ms, 0);
}
