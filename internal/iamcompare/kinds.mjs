// Why merlon and iam-simulate differ. Each kind has its sentence of AWS's
// documentation in docs/design/iam-differences.md, under the same words.

const policies = (q) => [q.identityPolicies, q.resourcePolicy, q.boundaries, q.sessionPolicy, q.endpointPolicy, q.scps, q.rcps].flat(3).filter(Boolean)
const statements = (q) => policies(q).flatMap((p) => p.Statement)
const list = (v) => [v ?? []].flat().map(String)

// conditions are [operator, wanted, got, name of the key] of every condition.
function conditions(q) {
  const context = Object.fromEntries(Object.entries(q.request.context).map(([k, v]) => [k.toLowerCase(), list(v)]))
  return statements(q).flatMap((s) =>
    Object.entries(s.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ operator, wanted: list(values), got: context[key.toLowerCase()] ?? [] }))
    )
  )
}

const isDate = (v) => !Number.isNaN(Date.parse(v)) || /^\d+$/.test(v)
const isIP = (v) => /^[0-9a-f:.]+(\/\d+)?$/i.test(v) && !(/^[\d.]+\/(\d+)$/.test(v) && Number(v.split('/')[1]) > 32) && !v.startsWith('300.')
const isNumber = (v) => /^-?\d+(\.\d+)?$/.test(v)
const isBase64 = (v) => v.length % 4 === 0 && !v.includes('?')
const isARN = (v) => v.includes('${') || (v.startsWith('arn:') && v.split(':').length >= 6)

// misfit says whether a value is none of its operator's type.
function misfit({ operator, wanted, got }) {
  const is = /Date/.test(operator) ? isDate : /Ip/.test(operator) ? isIP : /Numeric/.test(operator) ? isNumber : /Binary/.test(operator) ? isBase64 : /Arn/.test(operator) ? isARN : null
  return is !== null && [...wanted, ...got].some((v) => !is(v))
}

const hasVariable = (v) => /\$\{(?![*?$]\})/.test(v)

// The first that fits is the reason.
const reasons = [
  ['a root user needs no policy', (q, d) => q.request.principal.endsWith(':root') && d.merlon === 'Allowed'],
  ['a root user cannot assume a role', (q) => q.request.principal.endsWith(':root') && q.request.action.startsWith('sts:')],
  ['service-linked roles are exempt from SCPs and RCPs', (q) => q.request.principal.includes('AWSServiceRole') && (q.scps.length > 0 || q.rcps.length > 0)],
  ['a principal that an identity provider vouches for', (q) => q.request.principal.includes('-provider/')],
  ['a federated user without a session policy', (q, d) => q.request.principal.includes(':federated-user/') && !q.sessionPolicy && d.simulate === 'Allowed'],
  ["a role's trust policy must allow", (q, d) => q.request.action.startsWith('sts:') && !q.resourcePolicy && d.simulate === 'Allowed'],
  ['no boundary that allows', (q) => Array.isArray(q.boundaries) && q.boundaries.length === 0],
  ['a request for a resource with a star in its name', (q) => q.request.resource.length > 1 && q.request.resource.includes('*')],
  ['NotPrincipal with Deny', (q) => statements(q).some((s) => s.NotPrincipal && s.Effect === 'Deny')],
  ['Null with a set operator', (q) => conditions(q).some((c) => /For.*:Null/.test(c.operator))],
  ['an empty string under a set operator', (q) => conditions(q).some((c) => c.operator.startsWith('For') && c.got.length > 0 && c.got.every((v) => v === ''))],
  ['IfExists under ForAnyValue', (q) => conditions(q).some((c) => /^ForAnyValue:.*IfExists$/.test(c.operator) && c.got.length === 0)],
  ['an ARN that is a variable', (q) => conditions(q).some((c) => /Arn/.test(c.operator) && c.got.length > 0 && c.wanted.some((w) => w.startsWith('${')))],
  ['a value that is none of its type', (q) => conditions(q).some(misfit)],
  ['a variable without value under a negated operator', (q) => conditions(q).some((c) => /Not/.test(c.operator) && c.wanted.some(hasVariable))],
  ['a variable without value in NotResource', (q) => statements(q).some((s) => list(s.NotResource).some(hasVariable))],
  ["a date's forms", (q) => conditions(q).some((c) => /Date/.test(c.operator))],
  ['a number of many digits or with decimals', (q) => conditions(q).some((c) => /Numeric/.test(c.operator))],
  ['ranges of addresses', (q) => conditions(q).some((c) => /Ip/.test(c.operator))],
  ['a wildcard that leaves its ARN segment', (q) => statements(q).some((s) => [...list(s.Resource), ...list(s.NotResource)].some((r) => r.startsWith('arn:') && /[*?]/.test(r)))],
  ['what a policy grants to everyone is not limited by boundary or session policy', (q) => Boolean(q.resourcePolicy) && (Boolean(q.sessionPolicy) || Boolean(q.boundaries))]
]

// kindOf is the reason for a difference {q, ours, theirs} made small.
export function kindOf({ q, ours, theirs }) {
  const found = reasons.find(([, fits]) => fits({ scps: [], rcps: [], ...q }, { merlon: ours, simulate: theirs }))
  return found ? found[0] : 'unexplained'
}
