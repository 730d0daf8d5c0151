/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two messages of grpc.health.v1, as length-prefixed protobuf. */
#define GRPC_SERVICE_SIZE_MAX 255
#define GRPC_REQUEST_SIZE_MAX (5 + 3 + GRPC_SERVICE_SIZE_MAX)
#define GRPC_PATH             "/grpc.health.v1.Health/Check"

enum { GRPC_SERVING = 1 };

/** HealthCheckRequest { string service = 1; }.  Returns its size; at most 255 bytes of `service` are taken.
 */
size_t grpc_request_write(const char *service, uint8_t out[GRPC_REQUEST_SIZE_MAX]);

/** HealthCheckResponse { ServingStatus status = 1; }, one message.  Unknown fields are passed over. */
bool grpc_reply_read(const uint8_t *bytes, size_t size, unsigned *out_status);
