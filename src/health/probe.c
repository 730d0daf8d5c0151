/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/probe.h"

#include "base/duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* type in steering.json, type in the code */
#define PROBE_TYPES(X) \
    X(HTTP, http)      \
    X(HTTPS, https)    \
    X(TCP, tcp)        \
    X(TLS, tls)        \
    X(DNS, dns)        \
    X(GRPC, grpc)      \
    X(ICMP, icmp)      \
    X(EXEC, exec)

#define DECLARE(word, name) extern const struct probe_type probe_##name;
PROBE_TYPES(DECLARE)

#define REGISTER(word, name) [CHECK_##word] = &probe_##name,
const struct probe_type *const probe_types[CHECK_TYPE_COUNT] = { PROBE_TYPES(REGISTER) };

/* Cuts a UTF-8 sequence whose end did not fit. */
static void text_trim_utf8(char *text)
{
    size_t size = strlen(text), tail = 0;
    while (tail < size && tail < 3 && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail == size)
        return;
    unsigned char lead = (unsigned char)text[size - 1 - tail];
    size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (tail < wanted)
        text[size - 1 - tail] = '\0';
}

void finding_set(struct finding *finding, enum finding_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    finding->kind = kind;
    int size = vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    for (char *c = finding->text; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    if (size >= (int)sizeof finding->text)
        text_trim_utf8(finding->text);
}

/* No endpoint is to blame for these. */
static bool errno_is_ours(int error_number)
{
    switch (error_number) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:
    case EADDRNOTAVAIL: /* no port left to connect from */ return true;
    default: return false;
    }
}

/* Nobody has answered: our network, or a router on the way, gave up. */
static bool errno_is_silence(int error_number)
{
    switch (error_number) {
    case ETIMEDOUT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH: return true;
    default: return false;
    }
}

void finding_set_errno(struct finding *finding, int error_number)
{
    const char *words = strerrordesc_np(error_number);
    finding->is_silent = errno_is_silence(error_number);
    enum finding_kind kind = errno_is_ours(error_number) ? FINDING_NONE : FINDING_FAILURE;
    if (words == NULL || *words == '\0')
        finding_set(finding, kind, "error %d", error_number);
    else
        finding_set(finding, kind, "%c%s", tolower((unsigned char)words[0]), words + 1);
}

void finding_set_timeout(struct finding *finding, const struct check *check, const char *phase)
{
    char timeout[DURATION_TEXT_SIZE];
    duration_format(check->timeout_ms, timeout);
    finding_set(finding, FINDING_FAILURE, "no reply within %s (%s)", timeout, phase);
    finding->is_silent = true;
}
