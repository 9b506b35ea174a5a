# The policy of examples/refund, with what std.baseline denies.
package refund

import rego.v1

decision := {"effect": "deny", "reasons": denials} if count(denials) > 0

decision := {"effect": "deny", "reasons": ["no_permit"]} if {
	count(denials) == 0
	not permitted
}

decision := {"effect": "needs_approval", "groups": ["refund-leads"]} if {
	count(denials) == 0
	permitted
	input.tool.params.amount > 500
	not approved
}

decision := {"effect": "permit", "scopes": ["refund:create"], "ttl": 120, "obligations": [{"audit": {"level": "full"}}]} if {
	count(denials) == 0
	permitted
	small_or_approved
}

small_or_approved if input.tool.params.amount <= 500

small_or_approved if approved

permitted if {
	input.tool.name == "refund"
	claims := input.token.claims["kubernetes.io"]
	claims.namespace == "agents-prod"
	claims.serviceaccount.name == "refund-agent"
	"refunds" in input.user.roles
	input.resource.tenant == input.tenant
	input.tool.params.currency == "USD"
	input.tool.params.amount > 0
	input.tool.params.amount <= 10000
	"refund:create" in input.want.scopes
}

approved if {
	some approval in input.approvals
	"refund-leads" in approval.groups
	input.now - approval.at <= 900
}

denials contains "issuer_unknown" if input.token.issuer != "https://k8s-west.example.com"

denials contains "audience_mismatch" if not "https://broker.example.com" in input.token.aud

denials contains "token_expired" if input.token.exp <= input.now

denials contains "token_early" if input.token.nbf > input.now

denials contains "token_old" if input.now - input.token.iat > 600

denials contains "workload_revoked" if input.workload.revoked

denials contains "agent_revoked" if input.agent.revoked

denials contains "run_ended" if input.run.state != "running"

denials contains "session_ended" if not input.user.session_active

denials contains "session_expired" if input.user.session_exp <= input.now

denials contains "tenant_mismatch" if input.user.tenant != input.tenant

denials contains "tenant_mismatch" if input.resource.tenant != input.tenant

denials contains "environment_mismatch" if input.resource.environment != input.workload.environment

denials contains "token_reused" if input.want.reuse_subject_token

denials contains "user_not_authorized" if not input.user

denials contains "user_not_authorized" if not "refunds" in input.user.roles
