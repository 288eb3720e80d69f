//! What is for everybody: the service document, the model in its forms, the OpenAPI document, health, methods and versions.

use crate::recorder::Session;

pub(crate) fn run(s: &mut Session<'_>) {
    s.topic("documents");
    let nobody = s.admin.anonymous();
    for path in ["/", "//v1.0/", "/$metadata", "/$metadata?$format=json", "/$metadata?$format=xml", "//v1.0/$metadata"]
    {
        s.get(path).is(200);
    }
    s.get("/$metadata").by(&nobody).is(200);
    s.get("/$metadata").header("accept", "application/json").is(200);
    s.get("/$metadata").header("accept", "image/png").is(406);
    for path in ["//openapi.json", "//openapi.yaml"] {
        let tag = s.get(path).by(&nobody).is(200).expect_header("etag");
        s.get(path).by(&nobody).header("if-none-match", &tag).is(304);
        s.ask("HEAD", path).by(&nobody).is(200);
        s.ask("POST", path).by(&nobody).is(405);
    }
    for path in ["//healthz", "//readyz"] {
        s.get(path).by(&nobody).is(200);
        s.ask("HEAD", path).by(&nobody).is(200);
    }
    for path in
        ["/officeConfigurations", "/officeConfiguration", "/officeConfiguration/clientConfigurations", "/$batch"]
    {
        s.ask("OPTIONS", path).by(&nobody).is(204);
    }
    s.get("//v9.9/officeConfigurations").is(404);
    s.get("//").by(&nobody).is(404);
    let named = "33333333-2222-4000-8000-000000000001";
    s.get("/officeConfigurations").header("client-request-id", named).is(200);
    s.get("/officeConfigurations").header("odata-maxversion", "4.01").is(200);
    s.get("/officeConfigurations").header("odata-maxversion", "3.0").is(400);
    s.get("/officeConfigurations").header("accept", "application/json;odata.metadata=full").is(200);
    s.get("/officeConfigurations").header("accept", "application/json;odata.metadata=none").is(200);
    s.get("/officeConfigurations").header("prefer", "respond-async, frobnicate=7").is(200);
}
