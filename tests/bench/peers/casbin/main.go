// Casbin: one enforcer for the policy lines, one matcher, no cache of decisions. Casbin treats policy values as text, so
// tiers and depths, which have one digit, are compared as text.
package main

import (
	"strconv"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	fileadapter "github.com/casbin/casbin/v3/persist/file-adapter"

	"peers/harness"
)

const module = "github.com/casbin/casbin/v3"

// Above this a pass of the linear scan takes minutes.
const largest = 10_000

// The cheapest and most selective comparisons come first.
const rules = `
[request_definition]
r = issuer, ns, tenant, tool, tier, depth, approval
[policy_definition]
p = issuer, ns, tenant, tool, tier, depth, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.tool == p.tool && r.ns == p.ns && (p.eft == "deny" || r.tenant == p.tenant && r.issuer == p.issuer && r.tier <= p.tier && r.depth <= p.depth && (r.tier != "2" || r.approval == "approved"))
`

func main() {
	args := harness.Args()
	version := harness.Version(module)
	for _, size := range args.Sizes {
		if size > largest {
			continue
		}
		workload := args.Read(size)
		parsed, err := model.NewModelFromString(rules)
		harness.Must(err)
		enforcer, err := casbin.NewEnforcer(parsed, fileadapter.NewAdapter(workload.Path("policy.csv")))
		harness.Must(err)
		requests := make([][]any, len(workload.Requests))
		for i, r := range workload.Requests {
			digit := func(name string) string { return strconv.Itoa(int(r[name].(float64))) }
			requests[i] = []any{r["issuer"], r["namespace"], r["tenant"], r["tool"], digit("tier"), digit("depth"), r["approval"]}
		}
		workload.Measure("casbin", version, "csv", func(i int) bool {
			allowed, err := enforcer.Enforce(requests[i]...)
			harness.Must(err)
			return allowed
		})
	}
}
