/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

/* The handlers that the table in routes.c names. */

/* config_routes.c */
void config_get(struct request *request);
void config_put(struct request *request);
void config_generations(struct request *request);
void config_generation(struct request *request);
void config_diff(struct request *request);
void config_rollback(struct request *request);
void config_reload(struct request *request);

void batch_post(struct request *request); /* batch_routes.c */

/* object_routes.c: one set for all kinds of objects, the kind stands in the row */
void object_list(struct request *request);
void object_get(struct request *request);
void object_put(struct request *request);
void object_patch(struct request *request);
void object_delete(struct request *request);

/* records_routes.c */
void record_list(struct request *request);
void record_get(struct request *request);
void record_put(struct request *request);
void record_delete(struct request *request);

/* endpoint_routes.c */
void endpoint_list(struct request *request);
void endpoint_get(struct request *request);
void endpoint_patch(struct request *request);
/** A last step: replies with the endpoint that the request's first two arguments name, as it is now; the
 * command's body is its pool. */
void endpoint_reply(struct request *request);

/* override_routes.c */
void override_put(struct request *request);
void override_delete(struct request *request);
void override_list(struct request *request); /* override_list.c */

/* event_routes.c */
void event_list(struct request *request);
void event_stream(struct request *request);

void check_report(struct request *request); /* report_routes.c */

void latency_add(struct request *request);  /* latency_routes.c */
void latency_list(struct request *request); /* latency_list.c */

void backup_get(struct request *request); /* backup_routes.c */

/* status.c */
void status_get(struct request *request);
void status_health(struct request *request);
void status_alive(struct request *request);
void status_ready(struct request *request);

void metrics_get(struct request *request); /* metrics.c */
void traffic_get(struct request *request); /* traffic.c */
void explain_get(struct request *request); /* explain.c */
void explain_get_by_id(struct request *request);

/* token_routes.c */
void token_list(struct request *request);
void token_create(struct request *request);
void token_revoke(struct request *request);
void token_whoami(struct request *request);

void audit_list(struct request *request); /* audit_routes.c */
