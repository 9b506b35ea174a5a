"""Compares an OpenAPI 3.1 document with a service: with its routes, and with what it answered.

Everything here is about a document and data, so that a test can also show what it finds in a damaged document."""
import dataclasses
import json

import jsonschema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The members that each kind of object has here. The first word of OpenAPI's name of it.
MEMBERS = {
    "document": "openapi! info! servers tags paths! components",
    "info": "title! version! summary description license",
    "server": "url! description variables",
    "tag": "name! description",
    "path": "servers parameters get put post delete options head patch trace",
    "operation": "tags! operationId! summary! description security! parameters requestBody responses!",
    "parameter": "name! in! description! required schema! example",
    "body": "required! content!",
    "response": "description! headers! content",
    "media": "schema! examples",
    "header": "description required schema!",
    "example": "summary value!",
    "components": "securitySchemes parameters headers responses schemas",
}
# Headers of every answer, which the document does not list.
FRAMING = {"content-type", "content-length", "connection"}

# What no request provokes: the two evaluators of an explanation would have to differ.
UNPROVOKED = {("/v1/explain", "post", "500")}


@dataclasses.dataclass
class Answer:
    """What the service answered. `path` is a key of the document's paths; without one, `component` names the response."""
    status: int
    headers: dict
    body: bytes
    path: str = ""
    method: str = ""
    component: str = ""

    def name(self):
        return f"{self.method} {self.path}{self.component} {self.status}"


@dataclasses.dataclass
class Route:
    methods: set      # in lower case, as Allow lists them; `*`: any
    admin: bool       # at the admin listener
    below: bool       # also answers at paths below it
    # By method, over TLS: the status for a client without a key, and for one that may only decide.
    without_key: dict = dataclasses.field(default_factory=dict)
    with_key: dict = dataclasses.field(default_factory=dict)


def resolve(document, node):
    while "$ref" in node:
        found = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def validator(document, schema):
    """References are to the whole document."""
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


def why_invalid(document, schema, value):
    return next((f"{error.json_path}: {error.message[:200]}" for error in validator(document, schema).iter_errors(value)), "")


# ---- the document itself ----------------------------------------------------------------------------


def structure(document):
    """What is wrong with the document as OpenAPI 3.1."""
    for found in references(document):
        try:
            resolve(document, {"$ref": found})
        except (KeyError, AttributeError):
            yield f"{found} does not exist"
            return

    def members(kind, node, where):
        known = MEMBERS[kind].split()
        yield from (f"{where} has {name}" for name in node if name not in known and name + "!" not in known)
        yield from (f"{where} has no {name[:-1]}" for name in known if name.endswith("!") and name[:-1] not in node)

    def media(content, where):
        for kind, each in content.items():
            yield from members("media", each, f"{where} {kind}")
            for name, example in each.get("examples", {}).items():
                yield from members("example", example, f"{where} {name}")
                if why := why_invalid(document, each["schema"], example["value"]):
                    yield f"{where}: the example `{name}` does not fit: {why}"

    def headers(all_of_them, where):
        for name, each in all_of_them.items():
            yield from members("header", resolve(document, each), f"{where} {name}")

    def response(each, where):
        yield from members("response", each, where)
        yield from headers(each["headers"], where)
        yield from media(each.get("content", {}), where)

    yield from members("document", document, "the document")
    yield from members("info", document["info"], "info")
    if document["openapi"] != "3.1.0":
        yield f"the version is {document['openapi']}"
    for kind in ("server", "tag"):
        for each in document[kind + "s"]:
            yield from members(kind, each, kind)
    parts = document["components"]
    yield from members("components", parts, "components")
    for name, schema in parts["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{name} is no schema: {error.message}"
    for name, each in parts["parameters"].items():
        yield from members("parameter", each, name)
    yield from headers(parts["headers"], "components")
    for name, each in parts["responses"].items():
        yield from response(each, name)
    used, tags = set(references(document)), {each["name"] for each in document["tags"]}
    # Answers to what is no operation.
    used |= {"#/components/responses/NotFound", "#/components/responses/MethodNotAllowed"}
    for kind in ("parameters", "headers", "responses", "schemas"):
        yield from (f"{name} of {kind} is not used" for name in parts[kind] if f"#/components/{kind}/{name}" not in used)
    names = [operation.get("operationId") for _, _, operation in operations(document)]
    yield from (f"operationId {name} occurs twice" for name in set(names) if names.count(name) > 1)
    for path, item in document["paths"].items():
        yield from members("path", item, path)
        given = {each["name"] for each in item.get("parameters", []) if each.get("in") == "path"}
        if given != {part[1:-1] for part in path.split("/") if part.startswith("{")}:
            yield f"{path} declares the parameters {given}"
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        yield from members("operation", operation, where)
        yield from (f"{where} has the tag {tag}" for tag in operation.get("tags", []) if tag not in tags)
        for each in operation.get("security", []):
            yield from (f"{where} has the scheme {name}" for name in each if name not in parts["securitySchemes"])
        if "requestBody" in operation:
            yield from members("body", operation["requestBody"], where)
            yield from media(operation["requestBody"]["content"], where)
        for status, each in operation.get("responses", {}).items():
            yield from response(resolve(document, each), f"{where} {status}")


# ---- the routes ------------------------------------------------------------------------------------


def routes(document, found):
    """Differences between the document's paths and the service's, by path."""
    told = {}
    for path, method, operation in operations(document):
        told.setdefault(path, (set(), document["paths"][path]))[0].add(method)
        if path not in found and not path.endswith("/{path}"):
            continue  # reported below
        route = found.get(path.removesuffix("/{path}"))
        if route is None or route.admin:
            continue
        needs = {scheme: role for each in operation.get("security", []) for scheme, roles in each.items() for role in roles}
        without, with_key = route.without_key.get(method), route.with_key.get(method)
        if (without == 401) != bool(needs):
            yield f"{method} {path} without a key: {without}"
        if with_key != 401 and (with_key == 403) != ("operate" in needs.values()) or (with_key == 401) != (bool(needs) and "bearer" not in needs):
            yield f"{method} {path} with a key that may only decide: {with_key}"
    for path in sorted(told.keys() | found.keys()):
        base = path.removesuffix("/{path}")
        if base != path:
            if not found.get(base) or not found[base].below:
                yield f"{path} is described, and does not exist"
        elif path not in found or path not in told:
            yield f"{path} is {'described, and does not exist' if path in told else 'not described'}"
        elif told[path][0] != found[path].methods and found[path].methods != {"*"}:
            yield f"{path} has the methods {found[path].methods}"
        elif ("servers" in told[path][1]) != found[path].admin:
            yield f"{path} is at the other listener"
        elif found[path].below and path + "/{path}" not in told:
            yield f"{path}/… is not described"


# ---- the answers -----------------------------------------------------------------------------------


def bodies(answer):
    """The JSON values of an answer, or its text."""
    kind = answer.headers.get("content-type", "").split(";")[0]
    if kind == "application/x-ndjson":
        return kind, [json.loads(line) for line in answer.body.splitlines()]
    return kind, [json.loads(answer.body) if kind == "application/json" else answer.body.decode()]


def described(document, answer):
    """The response that describes an answer; None: there is none."""
    if answer.component:
        return document["components"]["responses"].get(answer.component)
    operation = document["paths"].get(answer.path, {}).get(answer.method, {})
    found = operation.get("responses", {}).get(str(answer.status))
    return found and resolve(document, found)


def wrong(document, answer):
    """What the document does not say of an answer."""
    response = described(document, answer)
    if response is None:
        return  # statuses() reports it
    kind, values = bodies(answer)
    if kind not in response.get("content", {"": {"schema": {"const": ""}}}):
        yield f"{answer.name()}: the type {kind} is not described"
        return
    for value in values:
        if kind and (why := why_invalid(document, response["content"][kind]["schema"], value)):
            yield f"{answer.name()}: {why}"
    told = {name.lower(): resolve(document, each) for name, each in response["headers"].items()}
    for name in answer.headers.keys() - told.keys() - FRAMING:
        yield f"{answer.name()}: the header {name} is not described"
    for name, each in told.items():
        if name not in answer.headers:
            if each.get("required"):
                yield f"{answer.name()}: the header {name} is missing"
        elif why := why_invalid(document, each["schema"], answer.headers[name]):
            yield f"{answer.name()}: the header {name}: {why}"


def declared(document, schema, at, into):
    """Every member that closed schemas declare, by its place."""
    while "$ref" in schema:
        at = schema["$ref"]
        schema = resolve(document, schema)
    for name, each in schema.get("properties", {}).items():
        place = f"{at}/{name}"
        if place not in into:
            if schema.get("additionalProperties") is False:
                into.add(place)
            declared(document, each, place, into)
    if "items" in schema:
        declared(document, schema["items"], at + "[]", into)
    for word in ("anyOf", "oneOf"):
        for i, each in enumerate(schema.get(word, [])):
            declared(document, each, f"{at}/{i}", into)


def seen(document, schema, value, at, into):
    """Those that a value has."""
    while "$ref" in schema:
        at = schema["$ref"]
        schema = resolve(document, schema)
    if isinstance(value, dict):
        for name, each in schema.get("properties", {}).items():
            if name in value:
                into.add(f"{at}/{name}")
                seen(document, each, value[name], f"{at}/{name}", into)
    if isinstance(value, list) and "items" in schema:
        for each in value:
            seen(document, schema["items"], each, at + "[]", into)
    for word in ("anyOf", "oneOf"):
        for i, each in enumerate(schema.get(word, [])):
            if not why_invalid(document, each, value):
                seen(document, each, value, f"{at}/{i}", into)


def statuses(document, answers):
    """Statuses that are described and were never answered, or the other way round."""
    given = {(answer.path, answer.method, str(answer.status)) for answer in answers if not answer.component} | UNPROVOKED
    told = {(path, method, status) for path, method, operation in operations(document) for status in operation.get("responses", {})}
    for path, method, status in sorted(given ^ told):
        yield f"{method} {path} {status} is {'described, and was never answered' if (path, method, status) in told else 'not described'}"


def never_answered(document, answers):
    """Members that are described, and that no answer has."""
    told, had = set(), set()
    for path, method, operation in operations(document):
        for status, response in operation.get("responses", {}).items():
            for kind, media in resolve(document, response).get("content", {}).items():
                declared(document, media["schema"], f"{method} {path} {status} {kind}", told)
    for answer in answers:
        response = described(document, answer)
        kind, values = bodies(answer)
        if response is None or kind not in response.get("content", {}):
            continue
        for value in values:
            place = f"{answer.method} {answer.path} {answer.status} {kind}"
            seen(document, response["content"][kind]["schema"], value, place, had)
    yield from (f"{place} was never answered" for place in sorted(told - had))


def differences(document, found, answers):
    """Everything in which a document and a service differ. Requires: structure() finds nothing wrong, or only what is unused."""
    yield from routes(document, found)
    yield from statuses(document, answers)
    for answer in answers:
        yield from wrong(document, answer)
    yield from never_answered(document, answers)


def distinct(answers):
    """One of each form, those with most members first."""
    def form(value):
        if isinstance(value, dict):
            return tuple((name, form(each)) for name, each in value.items())
        if isinstance(value, list):
            return tuple(sorted({repr(form(each)) for each in value}))
        return value if value is None or value == 1 else type(value).__name__

    found = {}
    for answer in answers:
        kind, values = bodies(answer)
        found.setdefault((answer.name(), kind, repr(sorted(answer.headers)), repr(form(values))), answer)
    return sorted(found.values(), key=lambda answer: -len(answer.body))
