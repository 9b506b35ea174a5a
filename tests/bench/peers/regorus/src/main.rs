// regorus: the rules are data for a small policy, which is compiled to its register VM. The VM is kept warm and gets one
// parsed input after the other, as in its own benchmark.
#[path = "../../harness.rs"]
mod harness;

use harness::{Row, Workload};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

const VERSION: &str = "0.14.1";
const ENTRY: &str = "data.authz.decision";

fn main() {
    let arguments = harness::arguments();
    for &size in &arguments.sizes {
        let workload = Workload::read(&arguments, size);
        let inputs: Vec<Value> =
            workload.requests.iter().map(|r| Value::from_json_str(&r.to_string()).unwrap()).collect();

        let mut engine = Engine::new();
        engine.add_policy("indexed.rego".into(), workload.text("indexed.rego")).unwrap();
        let entry: Rc<str> = ENTRY.into();
        let policy = engine.compile_with_entrypoint(&entry).unwrap();
        let mut vm = RegoVM::new();
        vm.load_program(Compiler::compile_from_policy(&policy, &[ENTRY]).unwrap());
        vm.set_data(Value::from_json_str(&workload.text("data.json")).unwrap()).unwrap();

        let row = Row { engine: "regorus", version: VERSION, style: "indexed", size, quick: arguments.quick };
        harness::measure(row, &workload.expected, |index| {
            vm.set_input(inputs[index].clone());
            vm.execute().unwrap() == Value::from(true)
        });
    }
}
