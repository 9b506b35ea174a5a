// cel-go: one checked and planned program for each rule; requests are activations made beforehand. CEL evaluates one
// expression; the host's loop implements that a deny wins and a permit is needed.
package main

import (
	"encoding/json"

	"cel.dev/cel-go/cel"

	"peers/harness"
)

const module = "cel.dev/cel-go"

// Above this a pass of the linear scan takes minutes.
const largest = 10_000

func environment() *cel.Env {
	var variables []cel.EnvOption
	for _, name := range []string{"issuer", "ns", "tenant", "tool", "approval", "subject", "audience", "agent",
		"model", "region", "environment", "request_id"} {
		variables = append(variables, cel.Variable(name, cel.StringType))
	}
	for _, name := range []string{"tier", "depth", "ttl"} {
		variables = append(variables, cel.Variable(name, cel.IntType))
	}
	env, err := cel.NewEnv(variables...)
	harness.Must(err)
	return env
}

func programs(env *cel.Env, expressions []string) []cel.Program {
	planned := make([]cel.Program, len(expressions))
	for i, text := range expressions {
		ast, issues := env.Compile(text)
		harness.Must(issues.Err())
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		harness.Must(err)
		planned[i] = program
	}
	return planned
}

// activation states the facts once. `namespace` is reserved in CEL.
func activation(request harness.Request) cel.Activation {
	facts := map[string]any{}
	for name, value := range request {
		if number, ok := value.(float64); ok {
			value = int64(number)
		}
		if name == "namespace" {
			name = "ns"
		}
		facts[name] = value
	}
	made, err := cel.NewActivation(facts)
	harness.Must(err)
	return made
}

func anyHolds(rules []cel.Program, facts cel.Activation) bool {
	for _, rule := range rules {
		value, _, err := rule.Eval(facts)
		harness.Must(err)
		if value.Value().(bool) {
			return true
		}
	}
	return false
}

func main() {
	args := harness.Args()
	version := harness.Version(module)
	env := environment()
	for _, size := range args.Sizes {
		if size > largest {
			continue
		}
		workload := args.Read(size)
		var rules struct{ Deny, Permit []string }
		harness.Must(json.Unmarshal([]byte(workload.Text("cel.json")), &rules))
		deny, permit := programs(env, rules.Deny), programs(env, rules.Permit)
		facts := make([]cel.Activation, len(workload.Requests))
		for i, request := range workload.Requests {
			facts[i] = activation(request)
		}
		workload.Measure("cel-go", version, "programs", func(i int) bool {
			return !anyHolds(deny, facts[i]) && anyHolds(permit, facts[i])
		})
	}
}
