"""msgraph-beta-sdk 1.0.0a7, the last release that has this API, drives every builder it has for it."""

import base64
import unittest
from datetime import datetime, timedelta, timezone

import service
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.office_client_checkin_status import OfficeClientCheckinStatus
from msgraph.generated.models.office_client_configuration_assignment import OfficeClientConfigurationAssignment
from msgraph.generated.models.office_configuration import OfficeConfiguration
from msgraph.generated.models.office_configuration_group_assignment_target import (
    OfficeConfigurationGroupAssignmentTarget,
)
from msgraph.generated.models.office_user_checkin_summary import OfficeUserCheckinSummary
from msgraph.generated.models.windows_office_client_configuration import WindowsOfficeClientConfiguration
from msgraph.generated.models.windows_office_client_security_configuration import (
    WindowsOfficeClientSecurityConfiguration,
)
from msgraph.generated.office_configuration.client_configurations.client_configurations_request_builder import (
    ClientConfigurationsRequestBuilder,
)
from msgraph.generated.office_configuration.client_configurations.item.assign.assign_post_request_body import (
    AssignPostRequestBody,
)
from msgraph.generated.office_configuration.client_configurations.update_priorities.update_priorities_post_request_body import (
    UpdatePrioritiesPostRequestBody,
)


def to_group(group: str) -> OfficeClientConfigurationAssignment:
    assignment = OfficeClientConfigurationAssignment()
    assignment.target = OfficeConfigurationGroupAssignmentTarget()
    assignment.target.group_id = group
    return assignment


def named(name: str, kind: type = WindowsOfficeClientConfiguration):
    configuration = kind()
    configuration.display_name = name
    return configuration


def groups(assignments) -> list[str]:
    for assignment in assignments:
        assert isinstance(assignment.target, OfficeConfigurationGroupAssignmentTarget), assignment.target
    return [assignment.target.group_id for assignment in assignments]


class GraphSdk(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.graph = service.graph()
        self.root = self.graph.office_configuration
        self.configurations = self.root.client_configurations
        page = await self.configurations.get()
        for left in page.value:
            await self.root.client_configurations_by_id(left.id).delete()

    async def test_the_singleton_is_read_and_patched(self) -> None:
        status = OfficeClientCheckinStatus()
        status.user_id = "anna"
        status.user_principal_name = "anna@contoso.example"
        status.device_name = "PC-1"
        status.was_successful = True
        status.checkin_date_time = datetime(2026, 5, 5, 5, 5, 5, 123456, timezone(timedelta(hours=3)))
        status.applied_policies = ["one", "two"]
        body = OfficeConfiguration()
        body.tenant_checkin_statuses = [status]
        body.tenant_user_checkin_summary = OfficeUserCheckinSummary()
        body.tenant_user_checkin_summary.succeeded_user_count = 2
        body.tenant_user_checkin_summary.failed_user_count = 15
        patched = await self.root.patch(body)
        read = await self.root.get()
        for configuration in (patched, read):
            [row] = configuration.tenant_checkin_statuses
            self.assertEqual(row.user_id, "anna")
            self.assertEqual(row.applied_policies, ["one", "two"])
            self.assertEqual(row.checkin_date_time, status.checkin_date_time)
            self.assertEqual(row.checkin_date_time.utcoffset(), timedelta(hours=3))
            self.assertEqual(configuration.tenant_user_checkin_summary.failed_user_count, 15)

    async def test_configurations_are_posted_listed_counted_and_typed(self) -> None:
        plain = await self.configurations.post(named("plain"))
        security = await self.configurations.post(named("security", WindowsOfficeClientSecurityConfiguration))
        self.assertIsInstance(plain, WindowsOfficeClientConfiguration)
        self.assertIsInstance(security, WindowsOfficeClientSecurityConfiguration)
        self.assertEqual(security.priority, plain.priority + 1)
        page = await self.configurations.get()
        self.assertEqual([item.display_name for item in page.value], ["plain", "security"])
        self.assertIsInstance(page.value[1], WindowsOfficeClientSecurityConfiguration)
        self.assertEqual(await self.configurations.count.get(), 2)

    async def test_query_options_with_encoded_names_are_understood(self) -> None:
        for name in ("a", "b", "c", "d"):
            await self.configurations.post(named(name))
        builder = ClientConfigurationsRequestBuilder
        query = builder.ClientConfigurationsRequestBuilderGetQueryParameters(
            filter="displayName ne 'b'", orderby=["displayName desc"], top=2, skip=1, count=True, select=["displayName"]
        )
        request = builder.ClientConfigurationsRequestBuilderGetRequestConfiguration(query_parameters=query)
        page = await self.configurations.get(request)
        self.assertEqual([item.display_name for item in page.value], ["c", "a"])
        self.assertIsNone(page.value[0].priority)

    async def test_one_configuration_is_read_patched_and_deleted(self) -> None:
        created = await self.configurations.post(named("Word"))
        item = self.root.client_configurations_by_id(created.id)
        change = WindowsOfficeClientConfiguration()
        change.description = "Description value"
        patched = await item.patch(change)
        self.assertEqual((patched.display_name, patched.description), ("Word", "Description value"))
        read = await item.get()
        self.assertIsInstance(read, WindowsOfficeClientConfiguration)
        self.assertEqual((read.id, read.priority), (created.id, created.priority))
        self.assertEqual(read.user_checkin_summary.failed_user_count, 0)
        self.assertEqual(read.checkin_statuses, [])
        await item.delete()
        with self.assertRaises(ODataError) as raised:
            await item.get()
        self.assertEqual(raised.exception.response_status_code, 404)
        self.assertEqual(raised.exception.error.code, "ResourceNotFound")

    async def test_a_deep_insert_makes_the_assignments(self) -> None:
        body = named("Word")
        body.assignments = [to_group("g1"), to_group("g2")]
        created = await self.configurations.post(body)
        item = self.root.client_configurations_by_id(created.id)
        self.assertEqual(groups((await item.assignments.get()).value), ["g1", "g2"])
        self.assertEqual(await item.assignments.count.get(), 2)

    async def test_assignments_are_posted_read_patched_and_deleted(self) -> None:
        created = await self.configurations.post(named("Word"))
        item = self.root.client_configurations_by_id(created.id)
        assignment = await item.assignments.post(to_group("g1"))
        self.assertEqual(groups([assignment]), ["g1"])
        one = item.assignments_by_id(assignment.id)
        self.assertEqual(groups([await one.get()]), ["g1"])
        self.assertEqual(groups([await one.patch(to_group("g2"))]), ["g2"])
        await one.delete()
        self.assertEqual((await item.assignments.get()).value, [])
        self.assertEqual(await item.assignments.count.get(), 0)

    async def test_assign_replaces_all(self) -> None:
        created = await self.configurations.post(named("Word"))
        item = self.root.client_configurations_by_id(created.id)
        for names in (["g1", "g2"], ["g3"], []):
            body = AssignPostRequestBody()
            body.office_configuration_assignments = [to_group(name) for name in names]
            answer = await item.assign.post(body)
            self.assertEqual(groups(answer.value), names)
            self.assertEqual(groups((await item.assignments.get()).value), names)

    async def test_priorities_are_updated(self) -> None:
        ids = [(await self.configurations.post(named(name))).id for name in ("a", "b")]
        body = UpdatePrioritiesPostRequestBody()
        body.office_configuration_policy_ids = ids
        body.office_configuration_priorities = [1, 0]
        await self.configurations.update_priorities.post(body)
        priorities = {item.id: item.priority for item in (await self.configurations.get()).value}
        self.assertEqual(priorities, {ids[0]: 1, ids[1]: 0})

    async def test_both_payloads_are_put_and_read(self) -> None:
        created = await self.configurations.post(named("Word"))
        item = self.root.client_configurations_by_id(created.id)
        content = bytes(range(256)) * 300
        for stream in (item.policy_payload, item.user_preference_payload):
            await stream.put(content)
            self.assertEqual(await stream.get(), content)

    async def test_an_inline_payload_is_stored(self) -> None:
        body = named("Word")
        # The SDK cannot serialise bytes on a model; this is the way around it.
        body.additional_data = {"policyPayload": base64.b64encode(b"[]").decode()}
        created = await self.configurations.post(body)
        self.assertEqual(await self.root.client_configurations_by_id(created.id).policy_payload.get(), b"[]")

    async def test_errors_arrive_as_the_sdks_own(self) -> None:
        with self.assertRaises(ODataError) as raised:
            await self.configurations.post(named("\0"))
        self.assertEqual(raised.exception.response_status_code, 400)
        self.assertTrue(raised.exception.error.message)
        reader = service.graph(service.READ_TOKEN).office_configuration
        self.assertEqual(await reader.client_configurations.count.get(), 0)
        with self.assertRaises(ODataError) as raised:
            await reader.client_configurations.post(named("Word"))
        self.assertEqual(raised.exception.response_status_code, 403)
        self.assertEqual(raised.exception.error.code, "Authorization_RequestDenied")
        with self.assertRaises(ODataError) as raised:
            await service.graph("x.y.z").office_configuration.get()
        self.assertEqual(raised.exception.response_status_code, 401)


class CreationCall(unittest.TestCase):
    """The SDK has no builder for it, so it is sent by hand and read with the SDK."""

    def test_the_created_configuration_is_what_the_sdk_reads(self) -> None:
        with service.http() as http:
            created = http.post("/officeConfigurations", json={}).raise_for_status()
            self.assertEqual(created.status_code, 201)
            read = http.get(created.headers["location"]).raise_for_status().json()
        self.assertEqual(read["id"], created.json()["id"])
