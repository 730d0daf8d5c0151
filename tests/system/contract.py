# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document as a list of operations that can be called and held to their word."""
import datetime
import http.client
import json
import re
import urllib.parse

import jsonschema

NOT_THERE = {"n": "999999", "type": "CAA"}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_time(value):
    return not isinstance(value, str) or bool(datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ"))


class Operation:
    def __init__(self, document, path, method, said):
        self.document, self.path, self.method, self.said = document, path, method.upper(), said
        self.parameters = said["parameters"]
        self.statuses = sorted(said["responses"])
        content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
        self.example = content.get("example")

    def __str__(self):
        return "%s %s" % (self.method, self.path)

    def target(self, whole=False, arguments=None, query=None):
        """The path with its examples, and those of the query: what is required, or all."""
        path, given = self.path, []
        for one in self.parameters:
            if one["in"] == "path":
                value = (arguments or {}).get(one["name"], one["example"])
                path = path.replace("{%s}" % one["name"], urllib.parse.quote(str(value), safe=""))
            elif one["in"] == "query" and (one["required"] or whole) and "example" in one:
                given.append((one["name"], one["example"]))
        given += (query or {}).items()
        return path + ("?" + urllib.parse.urlencode(given) if given else "")

    def resolved(self, status):
        response = self.said["responses"][str(status)]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        return response

    def check(self, reply):
        """What is wrong with a reply, in one line each."""
        if str(reply.status) not in self.statuses:
            return ["%s: %d is not documented: %s" % (self, reply.status, reply.text[:200])]
        response = self.resolved(reply.status)
        (content_type, content), = response["content"].items()
        wrong = []
        if reply.headers["Content-Type"].split(";")[0] != content_type:
            wrong.append("%s: %d comes as %s" % (self, reply.status, reply.headers["Content-Type"]))
        if reply.status == 200 and ("ETag" in response.get("headers", {})) != ("ETag" in reply.headers):
            wrong.append("%s: ETag, documented or sent, but not both" % self)
        if not content_type.endswith("json"):
            return wrong
        if reply.status >= 400 and reply.json["status"] != reply.status:
            wrong.append("%s: the body says %d" % (self, reply.json["status"]))
        return wrong + ["%s: %d: %s: %s" % (self, reply.status, error.json_path, error.message[:300])
                        for error in validator(self.document, content["schema"]).iter_errors(reply.json)]


def validator(document, schema):
    resolver = jsonschema.RefResolver("", document)
    return jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=formats)


def operations(document):
    return [Operation(document, path, method, said)
            for path, methods in document["paths"].items() for method, said in methods.items()]


def schemas_in(node):
    """Every schema of the document that stands outside of another."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield value
            elif key == "schemas":
                yield from value.values()
            else:
                yield from schemas_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_in(value)


def without_schemas(node):
    """The document with schemas that every version of OpenAPI knows."""
    if isinstance(node, list):
        return [without_schemas(value) for value in node]
    if not isinstance(node, dict):
        return node
    return {key: {"type": "string"} if key == "schema" else
            {name: {"type": "object"} for name in value} if key == "schemas" else without_schemas(value)
            for key, value in node.items()}


def nowhere(operation):
    """The target with arguments that name nothing."""
    names = re.findall(r"{(\w+)}", operation.path)
    return operation.target(arguments={name: NOT_THERE.get(name, "no-such") for name in names})


def raw(daemon, method, target, headers, body=b""):
    """For requests that no decent client sends."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.api_port, timeout=30)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection


def first_bytes(daemon, target):
    """The beginning of a body without end."""
    connection = raw(daemon, "GET", target, {"Authorization": "Bearer " + daemon.token})
    try:
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read(1 if reply.status == 200 else None)
    finally:
        connection.close()


def body_of(operation):
    return json.dumps(operation.example).encode() if operation.example is not None else None
