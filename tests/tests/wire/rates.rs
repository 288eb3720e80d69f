//! How often tenants and applications may call the admin plane: past it 429 in Graph's form, on every way to an answer.

use e2e::{Answer, Api, Issuer, Service, Setup, random_id, samples};
use serde_json::{Value, json};

/// Far more than any burst here: a test that sends this many without being refused has found no limit. What comes again in the meantime, one
/// a second, cannot keep up with a connection that sends one after the other.
const MANY: usize = 2_000;

/// A service with these rates, and an issuer of tokens that name applications.
struct Limited {
    issuer: Issuer,
    tenants: [String; 2],
    service: Service,
}

impl Limited {
    fn start(limits: &str) -> Self {
        let issuer = Issuer::start();
        let tenants = [random_id(), random_id()];
        let section = issuer.section(&[&tenants[0], &tenants[1]]);
        let service = Setup::default().config(&format!("[limits]\n{limits}\n{section}")).start();
        Self { issuer, tenants, service }
    }

    fn app(&self, tenant: usize, app: &str) -> Api {
        let mut claims = self.issuer.claims(&self.tenants[tenant]);
        claims["appid"] = json!(app);
        Api::new(&self.service, Some(self.issuer.sign(&claims)))
    }
}

/// Asks until it is refused; the refusal, and how many were answered before.
fn exhaust(mut ask: impl FnMut() -> Answer) -> (Answer, usize) {
    for answered in 0..MANY {
        let answer = ask();
        if answer.status == 429 {
            return (answer, answered);
        }
        answer.is(200);
    }
    panic!("{MANY} requests and no limit")
}

fn assert_too_many(answer: Answer) {
    assert_eq!(answer.expect_header("retry-after"), "1");
    answer.error_code(429, "TooManyRequests");
}

#[test]
fn an_application_that_asks_too_often_leaves_room_for_others() {
    let limited = Limited::start("admin_per_app = { requests_per_s = 1, burst = 20 }");
    let greedy = limited.app(0, "greedy");
    let (refused, answered) = exhaust(|| greedy.get("/officeConfigurations"));
    assert_too_many(refused);
    assert!(answered >= 20, "{answered}");
    limited.app(0, "modest").get("/officeConfigurations").ok();
    limited.app(1, "greedy").get("/officeConfigurations").ok();
    let text = greedy.anonymous().get("//metrics").is(200).text();
    let line = "officeconfig_requests_limited_total{plane=\"admin\",limit=\"app\"} 1";
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn a_tenant_that_asks_too_often_leaves_room_for_others() {
    let limited = Limited::start("admin_per_tenant = { requests_per_s = 1, burst = 20 }");
    let apps = ["a", "b", "c"].map(|app| limited.app(0, app));
    let mut turn = apps.iter().cycle();
    let (refused, answered) = exhaust(|| turn.next().unwrap().get("/officeConfigurations"));
    assert_too_many(refused);
    assert!(answered >= 20, "{answered}");
    limited.app(1, "a").get("/officeConfigurations").ok();
}

#[test]
fn an_answer_that_is_at_hand_counts_as_any_other_and_only_once() {
    let limited = Limited::start("admin_per_app = { requests_per_s = 1, burst = 40 }");
    let app = limited.app(0, "app");
    let id = app.post("/officeConfigurations", &samples::creation_request()).created()["id"].clone();
    let path = format!("/officeConfigurations/{}", id.as_str().unwrap());
    let (refused, answered) = exhaust(|| app.get(&path));
    assert_too_many(refused);
    assert!(answered >= 39, "{answered}");
}

#[test]
fn r11_without_a_token_it_is_401_and_documents_are_for_everybody() {
    let limited = Limited::start("admin_per_app = { requests_per_s = 1, burst = 1 }");
    let nobody = limited.app(0, "app").anonymous();
    for _ in 0..20 {
        nobody.get("/officeConfigurations").error_code(401, "InvalidAuthenticationToken");
        nobody.get("/$metadata").is(200);
    }
}

#[test]
fn each_request_of_a_batch_counts_and_is_refused_for_itself() {
    let limited = Limited::start("admin_per_app = { requests_per_s = 1, burst = 5 }");
    let app = limited.app(0, "app");
    let requests: Vec<_> =
        (0..20).map(|n| json!({ "id": n.to_string(), "method": "GET", "url": "/officeConfigurations" })).collect();
    let answer = app.post("/$batch", &json!({ "requests": requests })).ok();
    let responses = answer["responses"].as_array().unwrap();
    let with = |status| responses.iter().filter(move |one| one["status"] == json!(status)).collect::<Vec<_>>();
    let (good, refused) = (with(200), with(429));
    assert!(good.len() >= 5 && !refused.is_empty() && good.len() + refused.len() == 20, "{answer}");
    for one in refused {
        assert_eq!(header(one, "retry-after"), Some(&json!("1")), "{one}");
        assert_eq!(one["body"]["error"]["code"], "TooManyRequests");
        assert!(one["body"]["error"]["innerError"]["request-id"].is_string());
    }
}

#[test]
fn a_group_with_one_request_too_many_makes_nothing() {
    let limited = Limited::start("admin_per_app = { requests_per_s = 1, burst = 5 }");
    let (app, other) = (limited.app(0, "app"), limited.app(0, "other"));
    let create = |n: u32| {
        json!({
            "id": n.to_string(), "atomicityGroup": "g", "method": "POST", "url": "/officeConfigurations",
            "headers": { "content-type": "application/json" }, "body": {},
        })
    };
    let requests: Vec<_> = (0..20).map(create).collect();
    let answer = app.post("/$batch", &json!({ "requests": requests })).ok();
    let statuses: Vec<_> =
        answer["responses"].as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect();
    assert!(statuses.contains(&429) && !statuses.contains(&201), "{answer}");
    assert_eq!(other.get("/officeConfigurations").ok()["value"], json!([]));
}

#[test]
fn without_a_rate_in_the_configuration_nobody_is_refused() {
    let service = Service::start();
    let api = service.admin("contoso");
    for _ in 0..300 {
        api.get("/officeConfigurations").ok();
    }
}

fn header<'a>(response: &'a Value, name: &str) -> Option<&'a Value> {
    let headers = response["headers"].as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
