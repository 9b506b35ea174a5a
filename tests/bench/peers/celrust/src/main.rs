// cel, the CEL interpreter for Rust: one compiled program for each rule; requests are contexts made beforehand. CEL
// evaluates one expression; the host's loop implements that a deny wins and a permit is needed.
#[path = "../../harness.rs"]
mod harness;

use cel::{Context, Program, Value};
use harness::{Row, Workload};
use serde::Deserialize;

const VERSION: &str = "0.15.0";
/// Above this a pass of the linear scan takes minutes.
const LARGEST: usize = 10_000;

#[derive(Deserialize)]
struct Expressions {
    deny: Vec<String>,
    permit: Vec<String>,
}

fn compiled(expressions: &[String]) -> Vec<Program> {
    expressions.iter().map(|text| Program::compile(text).unwrap()).collect()
}

/// States the facts once. `namespace` is reserved in CEL.
fn context(request: &serde_json::Value) -> Context<'static, 'static> {
    let mut context = Context::default();
    for (name, value) in request.as_object().unwrap() {
        let value = match value.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::String(value.as_str().unwrap().to_string().into()),
        };
        context.add_variable_from_value(if name == "namespace" { "ns" } else { name }, value);
    }
    context
}

fn main() {
    let arguments = harness::arguments();
    for &size in arguments.sizes.iter().filter(|&&size| size <= LARGEST) {
        let workload = Workload::read(&arguments, size);
        let expressions: Expressions = serde_json::from_str(&workload.text("cel.json")).unwrap();
        let (denies, permits) = (compiled(&expressions.deny), compiled(&expressions.permit));
        let contexts: Vec<Context> = workload.requests.iter().map(context).collect();
        let row =
            Row { engine: "cel-rust", version: VERSION, style: "programs", size, quick: arguments.quick };
        harness::measure(row, &workload.expected, |index| {
            let holds = |rule: &Program| rule.execute(&contexts[index]).unwrap() == Value::Bool(true);
            !denies.iter().any(holds) && permits.iter().any(holds)
        });
    }
}
