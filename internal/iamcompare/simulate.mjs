// What iam-simulate says to a question of `merlon iam evaluate`.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const named = (kind, policies) => (policies ?? []).map((policy, i) => ({ name: `${kind}${i}`, policy }))
const levels = (kind, list) => (list ?? []).map((policies, i) => ({ orgIdentifier: `${kind}${i}`, policies: named(`${kind}${i}-`, policies) }))
const texts = (v) => (Array.isArray(v) ? v.map(String) : String(v))

// It adds RCPFullAWSAccess itself and takes only what an account's owner may write: Deny.
const denials = (list) =>
  (list ?? []).map((policies) =>
    policies
      .map((p) => ({ ...p, Statement: [p.Statement].flat().filter((s) => s.Effect === 'Deny') }))
      .filter((p) => p.Statement.length > 0)
  )

function simulation(q, anonymous) {
  const contextVariables = {}
  for (const [key, v] of Object.entries(q.request.context ?? {})) {
    if (v !== null && !(Array.isArray(v) && v.length === 0)) contextVariables[key] = texts(v)
  }
  const { principal, action, resource, resourceAccount } = q.request
  return {
    request: { principal: principal === 'anonymous' ? anonymous : principal, action, resource: { resource, accountId: resourceAccount }, contextVariables },
    identityPolicies: named('identity', q.identityPolicies),
    resourcePolicy: q.resourcePolicy ?? undefined,
    permissionBoundaryPolicies: q.boundaries ? named('boundary', q.boundaries) : undefined,
    sessionPolicy: q.sessionPolicy ?? undefined,
    vpcEndpointPolicies: q.endpointPolicy ? named('endpoint', [q.endpointPolicy]) : undefined,
    serviceControlPolicies: levels('scp', q.scps),
    resourceControlPolicies: levels('rcp', denials(q.rcps))
  }
}

// load reads the package from a folder with node_modules. The function it gives
// answers with {decision, ignored} (the context keys that were not looked at) or {refused}.
export function load(folder) {
  const { runSimulation, anonymousPrincipal } = createRequire(resolve(folder, 'x.js'))('@cloud-copilot/iam-simulate')
  return async (q) => {
    try {
      const r = await runSimulation(simulation(q, anonymousPrincipal), {})
      if (r.resultType === 'error') return { refused: JSON.stringify(r.errors) }
      return { decision: r.overallResult, ignored: (r.results ?? [r.result]).flatMap((one) => one.ignoredContextKeys ?? []) }
    } catch (err) {
      return { refused: `it fails: ${err.message}` }
    }
  }
}
