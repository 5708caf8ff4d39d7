// Compares `merlon iam evaluate` with iam-simulate: run by run.sh.
// Usage: node compare.mjs FOLDER-WITH-node_modules MERLON QUESTIONS DIFFERENCES
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { kindOf } from './kinds.mjs'
import { smaller } from './shrink.mjs'
import { load } from './simulate.mjs'

const [folder, merlon, questionsFile, differencesFile] = process.argv.slice(2)
const simulate = load(folder)

// ours are merlon's decisions, asked all at once.
function ours(questions) {
  if (questions.length === 0) return []
  const input = questions.map((q) => JSON.stringify(q)).join('\n')
  const out = execFileSync(merlon, ['iam', 'evaluate', '--requests', '-'], { input, maxBuffer: 1 << 30 })
  return out.toString().trim().split('\n').map((line) => JSON.parse(line).decision)
}

const questions = readFileSync(questionsFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const refused = []
const asked = []
for (const q of questions) {
  const answer = await simulate(q)
  if (answer.refused) {
    refused.push({ name: q.name, why: answer.refused })
    continue
  }
  // The keys that it does not look at are taken from the question, so that both answer the same one.
  const ignored = new Set(answer.ignored.map((key) => key.toLowerCase()))
  for (const key of Object.keys(q.request.context)) if (ignored.has(key.toLowerCase())) delete q.request.context[key]
  asked.push({ q, theirs: answer.decision })
}
let open = []
ours(asked.map((a) => a.q)).forEach((decision, i) => { if (decision !== asked[i].theirs) open.push({ ...asked[i], ours: decision }) })
const different = open
console.log(`${questions.length} questions, ${refused.length} refused by iam-simulate, ${different.length} answered differently`)
for (const r of refused.slice(0, 5)) console.log(`refused: ${r.name}: ${r.why}`)

// Each difference is made as small as it can be: what is left is what it is about.
while (open.length > 0) {
  const tries = open.flatMap((d) => smaller(d.q).map((q) => ({ d, q })))
  const said = ours(tries.map((t) => t.q))
  const shrunk = new Set()
  for (const [i, t] of tries.entries()) {
    if (shrunk.has(t.d) || said[i] !== t.d.ours) continue
    const answer = await simulate(t.q)
    if (answer.decision !== t.d.theirs) continue
    t.d.q = t.q
    shrunk.add(t.d)
  }
  open = open.filter((d) => shrunk.has(d))
}

const kinds = new Map()
for (const d of different) {
  const kind = kindOf(d)
  if (!kinds.has(kind)) kinds.set(kind, [])
  kinds.get(kind).push(d)
}
writeFileSync(differencesFile, different.map((d) => JSON.stringify({ kind: kindOf(d), merlon: d.ours, simulate: d.theirs, question: d.q })).join('\n') + '\n')
for (const [kind, list] of [...kinds].sort((a, b) => b[1].length - a[1].length)) {
  console.log(`${String(list.length).padStart(5)}  ${kind}`)
}
if (kinds.has('unexplained')) {
  console.error(`unexplained differences are in ${differencesFile}`)
  process.exit(1)
}
