// What can be taken from a question one at a time.
const clone = (v) => JSON.parse(JSON.stringify(v))

// smaller are the questions that lack one thing.
export function smaller(q) {
  const out = []
  const without = (change) => {
    const c = clone(q)
    if (change(c) !== false) out.push(c)
  }
  for (const slot of ['resourcePolicy', 'boundaries', 'sessionPolicy', 'endpointPolicy']) if (q[slot]) without((c) => { c[slot] = null })
  for (const slot of ['identityPolicies', 'scps', 'rcps']) (q[slot] ?? []).forEach((_, i) => without((c) => c[slot].splice(i, 1)))
  for (const slot of ['scps', 'rcps', 'boundaries']) {
    ;(q[slot] ?? []).forEach((level, i) => { if (Array.isArray(level) && level.length > 1) level.forEach((_, j) => without((c) => c[slot][i].splice(j, 1))) })
  }
  if ((q.boundaries ?? []).length > 1) q.boundaries.forEach((_, i) => without((c) => c.boundaries.splice(i, 1)))
  for (const key of Object.keys(q.request.context)) without((c) => delete c.request.context[key])
  policies(q).forEach((_, i) => fewerStatements(q, i, without))
  return out
}

function policies(q) {
  return [q.identityPolicies, q.resourcePolicy, q.boundaries, q.sessionPolicy, q.endpointPolicy, q.scps, q.rcps].flat(3).filter(Boolean)
}

function fewerStatements(q, i, without) {
  const list = [policies(q)[i].Statement].flat()
  list.forEach((s, j) => {
    const inside = (change) => without((c) => {
      const p = policies(c)[i]
      p.Statement = [p.Statement].flat()
      return change(p.Statement[j], p)
    })
    if (list.length > 1) inside((_, p) => p.Statement.splice(j, 1))
    for (const name of ['Action', 'NotAction', 'Resource', 'NotResource']) {
      if (Array.isArray(s[name]) && s[name].length > 1) s[name].forEach((_, k) => inside((t) => { t[name] = t[name][k] }))
      if (s[name] && s[name] !== '*') inside((t) => { delete t[name]; t[name.replace('Not', '')] = '*' })
    }
    for (const name of ['Principal', 'NotPrincipal']) {
      for (const [type, values] of Object.entries(typeof s[name] === 'object' ? s[name] : {})) {
        if (Object.keys(s[name]).length > 1) inside((t) => delete t[name][type])
        if (Array.isArray(values) && values.length > 1) values.forEach((_, k) => inside((t) => t[name][type].splice(k, 1)))
      }
    }
    for (const [operator, keys] of Object.entries(s.Condition ?? {})) {
      for (const [key, values] of Object.entries(keys)) {
        inside((t) => {
          delete t.Condition[operator][key]
          if (Object.keys(t.Condition[operator]).length === 0) delete t.Condition[operator]
          if (Object.keys(t.Condition).length === 0) delete t.Condition
        })
        if (Array.isArray(values) && values.length > 1) values.forEach((_, k) => inside((t) => { t.Condition[operator][key] = t.Condition[operator][key][k] }))
      }
    }
  })
}
