/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Bodies that the table in routes.c names; the contract test sends each to its route. */

#define EXAMPLE_CHECK "{\"type\":\"http\",\"port\":8080,\"path\":\"/healthz\",\"interval\":\"3s\",\"fall\":3}"

#define EXAMPLE_POOL                                                                                \
    "{\"policy\":\"weighted\",\"endpoints\":{\"us-east-1\":{\"ipv4\":\"192.0.2.10\",\"weight\":3}," \
    "\"us-west-1\":{\"ipv4\":\"192.0.2.20\"}}}"

#define EXAMPLE_POLICY       "{\"failover\":[\"us\",\"eu\"]}"
#define EXAMPLE_POLICY_PATCH "{\"nearest\":null,\"failover\":[\"us\",\"eu\"]}"

#define EXAMPLE_LOCATIONS "{\"198.51.100.0/24\":{\"country\":\"DE\",\"city\":\"Berlin\"}}"
#define EXAMPLE_MAP       "{\"198.51.100.0/24\":\"berlin\",\"203.0.113.0/24\":\"oslo\"}"

#define EXAMPLE_ZONE                                                                              \
    "{\"records\":[\"@ 3600 IN SOA ns1 hostmaster 1 7200 900 1209600 300\",\"@ 3600 IN NS ns1\"," \
    "\"ns1 3600 IN A 192.0.2.1\"]}"

#define EXAMPLE_SERVICE "{\"ttl\":30,\"policy\":{\"failover\":[\"us\",\"eu\"]}}"

#define EXAMPLE_RRSET "{\"ttl\":300,\"values\":[\"192.0.2.25\"]}"

#define EXAMPLE_CONFIG                                                                          \
    "{\"pools\":{\"us\":{\"endpoints\":{\"us-east-1\":{\"ipv4\":\"192.0.2.10\"}}}},\"zones\":{" \
    "\"example.com\":{\"records\":[\"@ 3600 IN SOA ns1 hostmaster 1 7200 900 1209600 300\","    \
    "\"@ 3600 IN NS ns1\",\"ns1 3600 IN A 192.0.2.1\"],\"services\":{\"www\":{\"policy\":\"us\"}}}}}"

#define EXAMPLE_BATCH                                                                               \
    "{\"items\":[{\"method\":\"PATCH\",\"path\":\"/v1/pools/us/endpoints/us-east-1\","              \
    "\"body\":{\"weight\":9}},{\"method\":\"PUT\",\"path\":\"/v1/zones/example.com/services/api\"," \
    "\"body\":{\"policy\":\"us\"}},{\"method\":\"DELETE\",\"path\":\"/v1/pools/old\"}]}"
#define EXAMPLE_TOKEN "{\"name\":\"ci\",\"role\":\"operator\",\"pools\":[\"us\"],\"expires\":\"90d\"}"

#define EXAMPLE_OVERRIDE "{\"state\":\"drain\",\"expires\":\"2h\",\"reason\":\"new kernel\"}"

#define EXAMPLE_SAMPLES \
    "{\"samples\":[{\"client\":\"198.51.100.7\",\"endpoint\":\"us/us-east-1\",\"ms\":41.5}]}"

#define EXAMPLE_REPORT "{\"endpoint\":\"us/us-east-1\",\"status\":\"up\",\"message\":\"queue is short\"}"
