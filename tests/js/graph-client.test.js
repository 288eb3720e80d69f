// @microsoft/microsoft-graph-client 3.0.7 over TLS: it sends no token over plain http.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "isomorphic-fetch";
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
} from "@microsoft/microsoft-graph-client";

const url = process.env.OFFICECONFIG_URL;
const configurations = "/officeConfiguration/clientConfigurations";
const windows = "#microsoft.graph.windowsOfficeClientConfiguration";

function clientWith(token) {
  return Client.initWithMiddleware({
    authProvider: { getAccessToken: async () => token },
    baseUrl: url,
    defaultVersion: "beta",
    customHosts: new Set([new URL(url).hostname]),
  });
}

const client = clientWith(process.env.OFFICECONFIG_TOKEN);

const post = (name, more = {}) =>
  client.api(configurations).post({ "@odata.type": windows, displayName: name, ...more });

const group = (id) => ({
  target: { "@odata.type": "#microsoft.graph.officeConfigurationGroupAssignmentTarget", groupId: id },
});

beforeEach(async () => {
  const page = await client.api(configurations).top(999).select("id").get();
  for (const left of page.value) await client.api(`${configurations}/${left.id}`).delete();
});

test("the service speaks TLS and the certificate is trusted", () => {
  assert.ok(url.startsWith("https://"));
});

test("post creates and get reads", async () => {
  const created = await post("Word", { priority: 8 });
  assert.equal(created["@odata.type"], windows);
  const read = await client.api(`${configurations}/${created.id}`).get();
  assert.equal(read.displayName, "Word");
  assert.equal(read.priority, 8);
});

test("the creation call answers the object", async () => {
  const created = await client.api("/officeConfigurations").post({
    tenantUserCheckinSummary: { succeededUserCount: 2, failedUserCount: 15 },
  });
  assert.equal(created.tenantUserCheckinSummary.failedUserCount, 15);
  await client.api(`/officeConfigurations/${created.id}`).delete();
});

test("a list takes the client's query options", async () => {
  for (const name of ["a", "b", "c", "O'Brien"]) await post(name);
  const page = await client
    .api(configurations)
    .filter("displayName ne 'b'")
    .orderby("displayName desc")
    .top(2)
    .count(true)
    .select(["displayName", "priority"])
    .get();
  assert.equal(page["@odata.count"], 3);
  assert.deepEqual(page.value.map((item) => item.displayName), ["c", "a"]);
  const quoted = await client.api(configurations).filter("displayName eq 'O''Brien'").get();
  assert.equal(quoted.value.length, 1);
});

test("the page iterator follows the links to the end", async () => {
  const names = [];
  for (let n = 0; n < 9; n += 1) {
    names.push(`c${n}`);
    await post(`c${n}`);
  }
  const first = await client.api(configurations).header("Prefer", "odata.maxpagesize=4").orderby("displayName").get();
  assert.equal(first.value.length, 4);
  assert.ok(first["@odata.nextLink"].startsWith(`${url}/beta/`), first["@odata.nextLink"]);
  const seen = [];
  const iterator = new PageIterator(client, first, (item) => {
    seen.push(item.displayName);
    return true;
  });
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  assert.deepEqual(seen, names);
});

test("patch merges and answers the entity", async () => {
  const created = await post("Word");
  const patched = await client.api(`${configurations}/${created.id}`).patch({ description: "Description value" });
  assert.equal(patched.displayName, "Word");
  assert.equal(patched.description, "Description value");
});

test("a stream is put as the client sends it and read back", async () => {
  const created = await post("Word");
  const path = `${configurations}/${created.id}/policyPayload`;
  const settings = Buffer.from('[{"settingId":"office16;L_VBAWarningsPolicy"}]');
  // Without a header the client says application/json.
  await client.api(path).put(settings);
  const { ResponseType } = await import("@microsoft/microsoft-graph-client");
  const read = await client.api(path).responseType(ResponseType.ARRAYBUFFER).get();
  assert.deepEqual(Buffer.from(read), settings);
  const bytes = Buffer.from([0, 255, 1, 254]);
  await client.api(path).header("Content-Type", "application/octet-stream").put(bytes);
  const again = await client.api(path).responseType(ResponseType.ARRAYBUFFER).get();
  assert.deepEqual(Buffer.from(again), bytes);
});

test("actions are called", async () => {
  const first = await post("first");
  const second = await post("second");
  const answer = await client
    .api(`${configurations}/${first.id}/assign`)
    .post({ officeConfigurationAssignments: [group("g1"), group("g2")] });
  assert.deepEqual(answer.value.map((item) => item.target.groupId), ["g1", "g2"]);
  await client.api(`${configurations}/updatePriorities`).post({
    officeConfigurationPolicyIds: [first.id, second.id],
    officeConfigurationPriorities: [second.priority, first.priority],
  });
  const read = await client.api(`${configurations}/${first.id}`).get();
  assert.equal(read.priority, second.priority);
});

test("assignments are posted and deleted", async () => {
  const created = await post("Word");
  const path = `${configurations}/${created.id}/assignments`;
  const assignment = await client.api(path).post(group("g1"));
  assert.equal((await client.api(path).get()).value.length, 1);
  await client.api(`${path}/${assignment.id}`).delete();
  assert.equal((await client.api(path).get()).value.length, 0);
});

test("delete deletes", async () => {
  const created = await post("Word");
  await client.api(`${configurations}/${created.id}`).delete();
  await assert.rejects(client.api(`${configurations}/${created.id}`).get(), { statusCode: 404 });
});

async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof GraphError, String(error));
    return error;
  }
  return assert.fail("no error");
}

test("errors arrive with status, code, message, request id and date", async () => {
  const unknown = `${configurations}/11111111-2222-3333-4444-555555555555`;
  const error = await errorOf(client.api(unknown).get());
  assert.equal(error.statusCode, 404);
  assert.equal(error.code, "ResourceNotFound");
  assert.ok(error.message);
  assert.match(error.requestId, /^[0-9a-f-]{36}$/);
  assert.ok(Math.abs(error.date.getTime() - Date.now()) < 3_600_000, String(error.date));
  const bad = await errorOf(client.api(configurations).post({ "@odata.type": windows, colour: 1 }));
  assert.equal(bad.statusCode, 400);
});

test("a reader may not write and a stranger may not read", async () => {
  const reader = clientWith(process.env.OFFICECONFIG_READ_TOKEN);
  assert.deepEqual((await reader.api(configurations).get()).value, []);
  const denied = await errorOf(reader.api(configurations).post({ "@odata.type": windows }));
  assert.equal(denied.statusCode, 403);
  const stranger = await errorOf(clientWith("x.y.z").api(configurations).get());
  assert.equal(stranger.statusCode, 401);
  assert.equal(stranger.code, "InvalidAuthenticationToken");
});

test("another tenant sees nothing of this one", async () => {
  const created = await post("Word");
  const other = clientWith(process.env.OFFICECONFIG_OTHER_TOKEN);
  assert.deepEqual((await other.api(configurations).get()).value, []);
  const error = await errorOf(other.api(`${configurations}/${created.id}`).get());
  assert.equal(error.statusCode, 404);
});

test("a batch that the client puts together is answered request by request", async () => {
  const word = await post("Word");
  const headers = { "Content-Type": "application/json" };
  const request = (method, path, body) =>
    new Request(`${url}/beta${path}`, { method, headers, body: body && JSON.stringify(body) });
  // The client wants all that depend on something to depend on the same.
  const after = (id, request) => ({ id, request, dependsOn: ["1"] });
  const content = new BatchRequestContent([
    { id: "1", request: request("POST", configurations, { "@odata.type": windows, displayName: "Excel" }) },
    after("2", request("GET", `${configurations}?$select=displayName&$orderby=priority`)),
    after("3", request("GET", `${configurations}/${crypto.randomUUID()}`)),
    after("4", request("PATCH", `${configurations}/${word.id}`, { description: "new" })),
  ]);
  const answers = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  const answer = (id) => answers.getResponseById(id);
  assert.deepEqual(["1", "2", "3", "4"].map((id) => answer(id).status), [201, 200, 404, 200]);
  const listed = await answer("2").json();
  assert.deepEqual(listed.value.map((item) => item.displayName), ["Word", "Excel"]);
  assert.equal((await answer("3").json()).error.code, "ResourceNotFound");
  assert.equal((await answer("4").json()).description, "new");
});
