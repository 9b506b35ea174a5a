// wirefilter: one compiled filter for each rule, and one execution context. It decides no conflicts, so a loop in the
// host program tries the denies first. Two styles: contexts filled before, and the seven fields set for each request.
#[path = "../../harness.rs"]
mod harness;

use harness::{Row, Workload};
use serde_json::{json, Value};
use wirefilter::{ExecutionContext, Filter, Scheme};

const VERSION: &str = "0.6.1";
const TEXTS: [&str; 5] = ["issuer", "namespace", "tenant", "tool", "approval"];

struct Facts {
    texts: [String; 5],
    tier: i32,
    depth: i32,
}

impl Facts {
    fn of(request: &Value) -> Facts {
        let integer = |name: &str| request[name].as_i64().unwrap() as i32;
        Facts {
            texts: TEXTS.map(|name| request[name].as_str().unwrap().to_string()),
            tier: integer("tier"),
            depth: integer("depth"),
        }
    }

    fn set<'e>(&'e self, context: &mut ExecutionContext<'e>) {
        for (name, text) in TEXTS.iter().zip(&self.texts) {
            context.set_field_value(name, text.as_str()).unwrap();
        }
        context.set_field_value("tier", self.tier).unwrap();
        context.set_field_value("depth", self.depth).unwrap();
    }
}

fn condition(rule: &Value) -> String {
    let text = |name: &str| json!(rule[name]).to_string();
    if rule["effect"] == "deny" {
        return format!("namespace == {} && tool == {}", text("namespace"), text("tool"));
    }
    let tools: Vec<String> = rule["tools"].as_array().unwrap().iter().map(Value::to_string).collect();
    format!(
        "tenant == {} && namespace == {} && issuer == {} && tool in {{{}}} && tier <= {} && depth <= {} && \
         (tier != 2 || approval == \"approved\")",
        text("tenant"),
        text("namespace"),
        text("issuer"),
        tools.join(" "),
        rule["max_tier"],
        rule["max_depth"]
    )
}

struct Rules<'s> {
    denies: Vec<Filter<'s>>,
    permits: Vec<Filter<'s>>,
}

impl<'s> Rules<'s> {
    fn permit(&self, context: &ExecutionContext<'s>) -> bool {
        let applies = |filter: &Filter<'s>| filter.execute(context).unwrap();
        !self.denies.iter().any(applies) && self.permits.iter().any(applies)
    }
}

fn compiled<'s>(scheme: &'s Scheme, sources: &'s [String]) -> Vec<Filter<'s>> {
    sources.iter().map(|source| scheme.parse(source).unwrap().compile()).collect()
}

fn main() {
    let arguments = harness::arguments();
    let scheme = Scheme! {
        issuer: Bytes, namespace: Bytes, tenant: Bytes, tool: Bytes, approval: Bytes, tier: Int, depth: Int
    };
    for &size in &arguments.sizes {
        let workload = Workload::read(&arguments, size);
        let rules: Vec<Value> = serde_json::from_str(&workload.text("rules.json")).unwrap();
        let (denies, permits): (Vec<&Value>, Vec<&Value>) =
            rules.iter().partition(|rule| rule["effect"] == "deny");
        let [denies, permits] =
            [denies, permits].map(|rules| rules.into_iter().map(condition).collect::<Vec<_>>());
        let facts: Vec<Facts> = workload.requests.iter().map(Facts::of).collect();
        let rules = Rules { denies: compiled(&scheme, &denies), permits: compiled(&scheme, &permits) };
        let row = |style| Row { engine: "wirefilter", version: VERSION, style, size, quick: arguments.quick };
        let bound: Vec<ExecutionContext> = facts
            .iter()
            .map(|facts| {
                let mut context = ExecutionContext::new(&scheme);
                facts.set(&mut context);
                context
            })
            .collect();
        harness::measure(row("bound"), &workload.expected, |index| rules.permit(&bound[index]));
        let mut context = ExecutionContext::new(&scheme);
        harness::measure(row("text in"), &workload.expected, |index| {
            facts[index].set(&mut context);
            rules.permit(&context)
        });
    }
}
