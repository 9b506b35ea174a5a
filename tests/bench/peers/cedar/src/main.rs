// Cedar: policies, requests and entities are parsed beforehand; one Authorizer. Two styles of the same rules: all
// conditions on the context, and tenant, tool and namespace as principal, action and resource.
#[path = "../../harness.rs"]
mod harness;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use harness::{Row, Workload};
use serde_json::{json, Value};
use std::str::FromStr;

/// Above this a pass of the linear scan takes minutes, most of them parsing.
const LARGEST: usize = 10_000;

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_str(&format!("{kind}::{}", json!(id))).unwrap()
}

fn in_context(request: &Value) -> Request {
    let context = Context::from_json_value(request.clone(), None).unwrap();
    Request::new(uid("Agent", "a"), uid("Action", "issue"), uid("Broker", "b"), context, None).unwrap()
}

fn in_scope(request: &Value) -> Request {
    let text = |name: &str| request[name].as_str().unwrap();
    let context = json!({
        "issuer": request["issuer"], "tier": request["tier"], "depth": request["depth"],
        "approval": request["approval"],
    });
    Request::new(
        uid("Tenant", text("tenant")),
        uid("Action", text("tool")),
        uid("Namespace", text("namespace")),
        Context::from_json_value(context, None).unwrap(),
        None,
    )
    .unwrap()
}

fn main() {
    let arguments = harness::arguments();
    let version = cedar_policy::get_sdk_version().to_string();
    for &size in arguments.sizes.iter().filter(|&&size| size <= LARGEST) {
        let workload = Workload::read(&arguments, size);
        type Build = fn(&Value) -> Request;
        let styles: [(&str, &str, Build); 2] =
            [("context", "policies.cedar", in_context), ("scoped", "scoped.cedar", in_scope)];
        for (style, file, build) in styles {
            let policies = PolicySet::from_str(&workload.text(file)).unwrap();
            let requests: Vec<Request> = workload.requests.iter().map(build).collect();
            let (authorizer, entities) = (Authorizer::new(), Entities::empty());
            let row = Row { engine: "cedar", version: &version, style, size, quick: arguments.quick };
            harness::measure(row, &workload.expected, |index| {
                authorizer.is_authorized(&requests[index], &policies, &entities).decision() == Decision::Allow
            });
        }
    }
}
