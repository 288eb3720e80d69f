"""What schemathesis cannot read in the document: ids of things that exist, expressions that the service understands, and rules that no
JSON Schema can state.

Without it nearly every case would be answered 404 or 400, and the answers that matter would never be held against their schemas. Only
what a case means to be valid is touched; what it breaks stays broken.
"""

import itertools
import os
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import requests
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

URL = os.environ["OFFICECONFIG_URL"] + "/beta"
GROUP_TARGET = "microsoft.graph.officeConfigurationGroupAssignmentTarget"
# A body that makes one, by the name in front of `-id` in a path.
BODIES: dict[str, dict[str, Any]] = {
    "officeConfiguration": {},
    "officeClientConfiguration": {
        "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration",
        "displayName": "Word",
        "policyPayload": "W10=",
        "userPreferencePayload": "W10=",
    },
    "officeClientConfigurationAssignment": {"target": {"@odata.type": f"#{GROUP_TARGET}", "groupId": "g1"}},
}
# Expressions by the collection that is asked.
FILTERS = {
    "officeConfigurations": ["id ne 'x'", "clientConfigurations/any(c:c/priority ge 0)"],
    "clientConfigurations": ["startswith(displayName,'W') or priority lt 3", "assignments/$count ge 0"],
    "assignments": ["target ne null", "createdDateTime gt 2020-01-01T00:00:00Z"],
    "tenantCheckinStatuses": ["wasSuccessful eq false", "contains(deviceName,'P')"],
    "effectivePolicies": ["enabled and type eq 'REG_DWORD'", "contains(settingId,'office16')"],
    "checkinStatuses": ["wasSuccessful", "userId in ('anna','bernd')"],
}
HALF_TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-]\d\d:\d\d)$")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

service = requests.Session()
service.headers["Authorization"] = f"Bearer {os.environ['OFFICECONFIG_OTHER_TOKEN']}"
service.trust_env = False
document = service.get(os.environ["OFFICECONFIG_URL"] + "/openapi.json").json()
turns = itertools.count()
# Ids by the URL of the collection that they are in.
existing: dict[str, str] = {}


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    turn = next(turns)
    assert case.meta
    intact = {location for location, part in case.meta.components.items() if part.mode.is_positive}
    if case.operation.label == "POST /officeConfiguration" and turn % 2:
        # It can be created only while it is not there.
        service.delete(f"{URL}/officeConfigurations/{service.get(f'{URL}/officeConfiguration').json()['id']}")
        existing.clear()
    # Every fourth asks for what does not exist.
    if ParameterLocation.PATH in intact and turn % 4:
        put_existing_ids(case)
    if ParameterLocation.QUERY in intact:
        put_good_options(case, turn)
    if case.meta.generation.mode.is_positive:
        put_good_tags(case, turn)
        keep_rules(case)
    else:
        case.body = without_half_times(case.body)
        if ParameterLocation.BODY in case.meta.components and ParameterLocation.BODY not in intact:
            break_what_is_whole(case)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if response.status_code == 404 or case.method == "DELETE":
        existing.clear()


def break_what_is_whole(case: Case) -> None:
    """A body that was to break one of several alternatives may have become another of them."""
    content = document["paths"][case.path][case.method.lower()].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema and jsonschema.Draft202012Validator(schema | {"components": document["components"]}).is_valid(case.body):
        case.body = 0


def put_existing_ids(case: Case) -> None:
    ids = case.path_parameters
    assert case.meta
    if case.meta.phase.name is TestPhase.STATEFUL and any(GUID.fullmatch(str(value)) for value in ids.values()):
        return  # an earlier step's answer told it
    collection = URL
    for segment in case.path.strip("/").split("/"):
        if not segment.startswith("{"):
            collection += f"/{segment}"
            continue
        name = segment.strip("{}")
        if collection not in existing:
            answer = service.post(collection, json=BODIES[name.removesuffix("-id")])
            answer.raise_for_status()
            existing[collection] = answer.json()["id"]
        ids[name] = existing[collection]
        collection += f"/{existing[collection]}"


def put_good_options(case: Case, turn: int) -> None:
    declared = {parameter.name: parameter.definition.get("schema", {}) for parameter in case.operation.query}
    for option in list(case.query):
        schema = declared.get(option, {})
        if "/lateDevices" in case.path and option in ("$filter", "$search", "$orderby", "$skip", "$count"):
            # 501: rows of a whole fleet are paged in one order. The document cannot say that of a function's result.
            del case.query[option]
        elif option == "$filter":
            collection = case.path.removesuffix("/$count").rpartition("/")[2].partition("(")[0]
            case.query[option] = FILTERS[collection][turn % 2]
        elif option == "$search":
            case.query[option] = "word"
        elif option in ("$deltatoken", "$skiptoken"):
            # Only what an answer's link holds is good.
            del case.query[option]
        elif schema.get("type") == "array":
            # The document names the members; a path or a nested option is good as well, any text is not.
            names = schema["items"]["anyOf"][0]["enum"]
            case.query[option] = [name for name in case.query[option] if name in names] or names[:1]


def put_good_tags(case: Case, turn: int) -> None:
    """The coverage phase makes no valid value of a header that needs more than letters: it sends `0` in cases that are to be valid."""
    for name in ("If-Match", "If-None-Match"):
        if name in case.headers:
            case.headers[name] = 'W/"0"' if turn % 4 == 1 else "*"


def keep_rules(case: Case) -> None:
    body = case.body
    if not isinstance(body, dict):
        return
    if case.path.endswith("/$batch"):
        keep_rules_of_batches(body)
    if case.path.endswith("/whatIf"):
        # They name configurations that exist.
        body["changes"] = []
    if case.path.endswith("/updatePriorities"):
        # The lists are pairs.
        body["officeConfigurationPolicyIds"], body["officeConfigurationPriorities"] = [], []
    if case.method == "PATCH" and not case.path.endswith("/target"):
        # A change makes no entity one of another type.
        body.pop("@odata.type", None)
    for value in objects(body):
        if str(value.get("@odata.type")).lstrip("#") == GROUP_TARGET:
            value["groupId"] = value.get("groupId") or "g1"
        # A user has one status on a device.
        for number, status in enumerate(value.get("tenantCheckinStatuses") or value.get("value") or []):
            status["deviceName"] = f"PC-{number}"


def keep_rules_of_batches(body: dict[str, Any]) -> None:
    """As many reads as were to be: ids are distinct, what a request depends on stands before it, and URLs are ones that are served."""
    count = min(len(body["requests"]), 20)
    one = {"method": "GET", "url": "/officeConfiguration", "headers": None}
    body.clear()
    body["requests"] = [one | {"id": f"r{number}", "dependsOn": ["r0"] if number else None} for number in range(count)]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a body."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    for part in inner:
        yield from objects(part)


def without_half_times(value: Any) -> Any:
    """OData has times without seconds, which are no `date-time`. The dialect takes a format for a note, schemathesis for a rule that such
    a time breaks: so that it breaks the pattern too, it loses its zone."""
    if isinstance(value, dict):
        return {name: without_half_times(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_half_times(part) for part in value]
    if isinstance(value, str):
        return HALF_TIME.sub(r"\1", value)
    return value
