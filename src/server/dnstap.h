/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/observer.h"

#define DNSTAP_CONTENT  "protobuf:dnstap.Dnstap"
#define DNSTAP_SIZE_MAX (OBSERVED_QUERY_ROOM + OBSERVED_REPLY_ROOM + 512 + 256)

/**
 * Writes the observation as a message of dnstap (dnstap.info, dnstap.proto), in the wire format of protocol
 * buffers: AUTH_RESPONSE, or AUTH_QUERY where there was no reply.  A message that was not kept whole is left
 * out.  `identity` may be NULL and counts up to 255 bytes.  Returns the size.
 */
size_t dnstap_write(const struct observation *seen, const char *identity, uint8_t out[DNSTAP_SIZE_MAX]);
