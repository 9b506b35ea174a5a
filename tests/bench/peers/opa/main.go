// OPA: rules and inputs are parsed beforehand; one prepared query. Three styles of the same rules: as data for a small
// policy, as one rule body each (which OPA's rule index speeds up), and the latter after partial evaluation.
package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"peers/harness"
)

const module = "github.com/open-policy-agent/opa"

// Above these sizes, preparing takes minutes.
const largestAuthored, largestPartial = 100_000, 1_000

func decider(query rego.PreparedEvalQuery, inputs []ast.Value) func(int) bool {
	ctx := context.Background()
	return func(i int) bool {
		result, err := query.Eval(ctx, rego.EvalParsedInput(inputs[i]))
		harness.Must(err)
		if len(result) != 1 {
			harness.Must(errors.New("opa: no result"))
		}
		return result[0].Expressions[0].Value.(bool)
	}
}

func prepare(policy string, store storage.Store, options ...rego.PrepareOption) rego.PreparedEvalQuery {
	query, err := rego.New(rego.Query("data.authz.decision"), rego.Module("policy.rego", policy),
		rego.Store(store)).PrepareForEval(context.Background(), options...)
	harness.Must(err)
	return query
}

func main() {
	args := harness.Args()
	version := harness.Version(module)
	for _, size := range args.Sizes {
		workload := args.Read(size)
		inputs := make([]ast.Value, len(workload.Requests))
		for i, request := range workload.Requests {
			value, err := ast.InterfaceToValue(map[string]any(request))
			harness.Must(err)
			inputs[i] = value
		}

		var data map[string]any
		harness.Must(json.Unmarshal([]byte(workload.Text("data.json")), &data))
		// Rules are then read in the evaluator's own form, without a conversion for each decision.
		store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))
		workload.Measure("opa", version, "indexed", decider(prepare(workload.Text("indexed.rego"), store), inputs))

		if size <= largestAuthored {
			query := prepare(workload.Text("policies.rego"), inmem.New())
			workload.Measure("opa", version, "authored", decider(query, inputs))
		}
		if size <= largestPartial {
			query := prepare(workload.Text("policies.rego"), inmem.New(), rego.WithPartialEval())
			workload.Measure("opa", version, "partial", decider(query, inputs))
		}
	}
}
