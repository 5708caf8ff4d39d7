// The first thing one sees: what failed, what is not known and why, and where to
// begin. There is no score: a number that hides what is unknown would flatter.
const to = (changes) => address('findings', changes);
const badge = (s) => h('span', { class: 'badge s-' + severities[s] }, severityNames[s]);

// share is a bar of parts [class, number, title]; parts of nothing are left out.
function share(parts, label) {
  const text = parts.filter((p) => p[1]).map((p) => num(p[1]) + ' ' + p[2]).join(', ');
  return h('div', { class: 'share', role: 'img', 'aria-label': label ? label + ': ' + text : text, title: text },
    parts.filter((p) => p[1] > 0).map(([cls, n]) => h('i', { class: cls, grow: n })));
}
const severityParts = (t) => t.severity.map((n, i) => ['b-' + severities[i], n, severities[i]]);

// headline says the worst first, and never that all is well where something is unknown.
function headline() {
  if (!total.judged) return ['Nothing was judged', 'No control gave a verdict: nothing was in scope, or nothing could be read.'];
  const over = plural(meta.controls.length, 'control') + ' gave ' + plural(total.judged, 'verdict') + ' in ' + plural(meta.accounts.length, 'account') + '.';
  const worst = total.severity.findIndex((n) => n > 0);
  if (worst >= 0) {
    const n = total.severity[worst];
    return [n === total.fail ? plural(n, severities[worst] + ' failure') : plural(total.fail, 'failure') + ', ' + num(n) + ' of them ' + severities[worst], over];
  }
  if (total.unknown) return ['Nothing failed, and ' + plural(total.unknown, 'verdict') + (total.unknown === 1 ? ' is' : ' are') + ' unknown', over];
  return ['Nothing failed', over];
}

function drawOverview() {
  const [title, text] = headline();
  if (!total.judged) {
    fill($('overview'), h('div', { class: 'sheet' }, notices(), h('h1', null, title), h('p', { class: 'lead' }, text), h('section', { class: 'box' }, h('h2', null, 'What to look at'), h('ul', { class: 'plain' },
      h('li', null, h('a', { href: address('coverage') }, 'Coverage'), ' says which accounts, regions and services were in scope, and what could not be read.'),
      h('li', null, 'An account, region or service that was left out by a filter gives no verdict.'),
      h('li', null, h('code', null, 'merlon collect --dry-run'), ' prints the calls that a scan will make.')))));
    return;
  }
  fill($('overview'), h('div', { class: 'sheet' },
    notices(),
    h('h1', null, title), h('p', { class: 'lead' }, text),
    verdictBar(), tiles(),
    h('div', { class: 'columns' }, fixFirst(), unknowns()),
    byArea(), byAccount(), byFramework()));
}

// notices are what makes the report less than the whole truth.
function notices() {
  const list = [];
  if (meta.interrupted) list.push('The scan was stopped before it had read everything: this is not the whole.');
  if (meta.left) list.push('This page holds the first ' + num(rows.length) + ' findings; ' + num(meta.left) + ' more are counted here and listed in the JSON Lines report.');
  list.push(...meta.warnings);
  if (!list.length) return null;
  const most = 4, rest = list.slice(most);
  return h('div', { class: 'notice', role: 'note' }, list.slice(0, most).map((t) => h('p', null, t)),
    rest.length ? h('details', null, h('summary', null, num(rest.length) + ' more'), rest.map((t) => h('p', null, t))) : null);
}

function verdictBar() {
  if (!total.judged) return null;
  const parts = [['v-fail', total.fail, 'failed', 'fail'], ['v-unknown', total.unknown, 'unknown', 'unknown'], ['v-excepted', total.excepted, 'excepted', 'excepted'],
    ['v-pass', total.pass, 'passed', 'pass'], ['v-na', total.na, 'not applicable', 'not-applicable']];
  const listed = new Set(facetOf('verdict').values);
  const notes = [total.known && num(total.known) + ' known from the baseline', total.out && num(total.out) + ' of the unknown were out of scope'].filter(Boolean);
  return h('div', { class: 'verdicts' }, share(parts, 'Verdicts'),
    h('ul', { class: 'legend' }, parts.filter((p) => p[1]).map(([cls, n, name, key]) => {
      const inner = [h('i', { class: cls }), h('b', null, num(n)), ' ' + name];
      return h('li', null, listed.has(key) ? h('a', { href: to({ verdict: key }) }, inner) : inner);
    }), notes.map((t) => h('li', { class: 'dim' }, t))));
}

function tiles() {
  if (!total.judged) return null;
  const tile = (cls, n, name, href, note) => h(n ? 'a' : 'div', { class: 'tile ' + cls + (n ? '' : ' zero'), href: n ? href : null }, h('b', null, num(n)), h('span', null, name), note ? h('small', null, note) : null);
  const controls = tally((c) => (c.fail ? [c.severity + ' ' + c.control] : []));
  const bySeverity = [0, 0, 0, 0, 0, 0];
  for (const k of controls.keys()) bySeverity[k.split(' ')[0]]++;
  return h('div', { class: 'tiles' },
    total.severity.map((n, i) => (i === 5 && !n ? null : tile('s-' + severities[i], n, severityNames[i], to({ verdict: 'fail', severity: severities[i] }), n ? plural(bySeverity[i], 'control') : ''))),
    tile('unknown', total.unknown, 'Unknown', to({ verdict: 'unknown' }), total.unknown && meta.gaps.length ? plural(gapGroups.length, 'call') + ' not read' : ''));
}

// failing lists the controls with failures, worst first.
const failing = [...tally((c) => [c.control])].map(([i, t]) => ({ control: meta.controls[i], t })).filter((x) => x.t.fail)
  .sort((a, b) => a.t.worst - b.t.worst || b.t.severity[b.t.worst] - a.t.severity[a.t.worst] || b.t.fail - a.t.fail || (a.control.id < b.control.id ? -1 : 1));

function fixFirst() {
  if (!failing.length) return h('section', { class: 'box' }, h('h2', null, 'Fix first'), h('p', { class: 'empty' }, total.judged ? 'Nothing failed.' : 'There is nothing to fix in what was read.'));
  const item = ({ control, t }) => h('li', null, h('a', { class: 'fix', href: to({ verdict: 'fail', control: control.id }) },
    badge(t.worst), h('span', { class: 'what' }, h('b', null, control.title), h('span', { class: 'how' }, control.fix[0])),
    h('span', { class: 'amount' }, h('b', null, num(t.fail) + ' failed'), h('span', null, t.accounts.size > 1 ? 'in ' + num(t.accounts.size) + ' accounts' : accountLabel([...t.accounts][0])))));
  const first = 7, rest = failing.slice(first);
  return h('section', { class: 'box' }, h('h2', null, 'Fix first'), h('ol', { class: 'fixes' }, failing.slice(0, first).map(item)),
    rest.length ? h('details', { ontoggle: once((d) => d.append(h('ol', { class: 'fixes' }, rest.map(item)))) }, h('summary', null, plural(rest.length, 'more control') + ' with failures')) : null);
}

// once fills a details element when it is opened for the first time.
function once(draw) {
  let done = false;
  return (e) => {
    if (done || !e.target.open) return;
    done = true;
    draw(e.target);
  };
}

function unknowns() {
  const waiting = new Map(), groupOf = new Map(); // how many findings wait for each call
  for (const g of gapGroups) for (const i of g.gaps) groupOf.set(i, g);
  for (const f of rows) for (const g of new Set((f[GAPS] || []).map((i) => groupOf.get(i)))) waiting.set(g, (waiting.get(g) || 0) + 1);
  const head = h('h2', null, 'Unknown, and why');
  if (!total.unknown && !meta.gaps.length) return h('section', { class: 'box' }, head, h('p', { class: 'empty' }, total.judged ? 'Everything that was asked for could be read.' : 'No call was recorded as failed.'));
  return h('section', { class: 'box' }, head,
    h('p', { class: 'dim' }, 'What could not be read is neither a pass nor a failure.'),
    h('ul', { class: 'reasons' }, gapGroups.slice(0, 6).map((g) => h('li', null, h('code', null, g.call), ' ' + causeText(g.cause),
      h('small', null, [waiting.get(g) ? plural(waiting.get(g), 'finding') : '', g.gaps.length > 1 ? num(g.gaps.length) + ' times' : '', g.accounts.size > 1 ? num(g.accounts.size) + ' accounts' : [...g.accounts].map((a) => accountNames.get(a) || a)[0], g.accepted ? num(g.accepted) + ' accepted' : ''].filter(Boolean).join(' · '))))),
    gapGroups.length ? h('a', { class: 'more', href: address('coverage') }, gapGroups.length > 6 ? 'All ' + num(gapGroups.length) + ' calls, and how to grant them' : 'Where, and how to grant what was missing')
      : h('a', { class: 'more', href: to({ verdict: 'unknown' }) }, 'See each with its reason'));
}

const shortNames = ['Crit', 'High', 'Med', 'Low', 'Info'];
const head = (name, short) => h('th', { class: 'n', scope: 'col' }, h('span', { class: 'long' }, name), h('span', { class: 'short', 'aria-hidden': 'true' }, short));
const sevHead = () => severityNames.slice(0, 5).map((n, i) => head(n, shortNames[i]));
const cell = (n, href, cls) => h('td', { class: 'n' + (n ? '' : ' zero') + (cls ? ' ' + cls : '') }, n && href ? h('a', { href }, num(n)) : num(n));
const sevCells = (t, extra) => t.severity.slice(0, 5).map((n, i) => cell(n, to({ verdict: 'fail', severity: severities[i], ...extra }), 't-' + severities[i]));

function byArea() {
  if (!total.judged) return null;
  const sums = tally((c) => [meta.controls[c.control].area || 'other']);
  const names = [...areas, ...[...sums.keys()].filter((k) => !areas.includes(k))];
  return h('section', { class: 'box' }, h('h2', null, 'By area'), h('div', { class: 'scroll' }, h('table', { class: 'matrix' },
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Area'), sevHead(), head('Unknown', 'Unkn'), head('Passed', 'Pass'), h('th', { class: 'wide', scope: 'col' }, h('span', { class: 'away' }, 'Share')))),
    h('tbody', null, names.map((a) => {
      const t = sums.get(a) || noTally();
      return h('tr', null, h('th', { scope: 'row' }, t.fail + t.unknown ? h('a', { href: to({ area: a }) }, areaName(a)) : areaName(a)),
        sevCells(t, { area: a }), cell(t.unknown, to({ verdict: 'unknown', area: a })), cell(t.pass), h('td', { class: 'wide' }, share([['v-fail', t.fail, 'failed'], ['v-unknown', t.unknown, 'unknown'], ['v-excepted', t.excepted, 'excepted'], ['v-pass', t.pass, 'passed']])));
    })))));
}

function byAccount() {
  if (!meta.accounts.length || !total.judged) return null;
  const sums = tally((c) => [c.account]);
  const list = meta.accounts.map((a, i) => [a, sums.get(i) || noTally()])
    .sort(([a, s], [b, t]) => { for (let i = 0; i < 5; i++) if (s.severity[i] !== t.severity[i]) return t.severity[i] - s.severity[i]; return t.unknown - s.unknown || (a.id < b.id ? -1 : 1); });
  const most = Math.max(1, ...list.map(([, t]) => t.fail));
  const row = ([a, t]) => h('tr', null, h('th', { scope: 'row' }, t.fail + t.unknown ? h('a', { href: to({ account: a.id }) }, a.name || a.id || 'no account') : a.name || a.id || 'no account', a.name ? h('small', null, a.id) : null),
    sevCells(t, { account: a.id }), cell(t.unknown, to({ verdict: 'unknown', account: a.id })), cell(t.pass),
    h('td', { class: 'wide' }, h('div', { class: 'scaled' }, t.fail ? h('div', { grow: t.fail, class: 'part' }, share(severityParts(t))) : null, h('div', { grow: most - t.fail, class: 'rest' }))));
  const first = 12, body = h('tbody', null, list.slice(0, first).map(row));
  return h('section', { class: 'box' }, h('h2', null, 'By account'), h('div', { class: 'scroll' }, h('table', { class: 'matrix' },
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Account'), sevHead(), head('Unknown', 'Unkn'), head('Passed', 'Pass'), h('th', { class: 'wide', scope: 'col' }, h('span', { class: 'away' }, 'Failures')))), body)),
  list.length > first ? h('button', { type: 'button', class: 'link', onclick: (e) => { put(body, list.slice(first).map(row)); e.target.remove(); } }, 'Show all ' + num(list.length) + ' accounts') : null);
}

// requirementsOf gives the state of each requirement of a framework: it fails if
// one of its controls does, and passes only if all that judged anything did.
function requirementsOf(framework) {
  const sums = tally((c) => meta.controls[c.control].requirements.filter((r) => r.split('/')[0] === framework));
  const by = new Intl.Collator('en', { numeric: true });
  return [...sums].map(([id, t]) => ({ id, t, state: t.fail ? 'fail' : t.unknown ? 'unknown' : t.excepted ? 'excepted' : t.pass ? 'pass' : 'na' })).sort((a, b) => by.compare(a.id, b.id));
}

function byFramework() {
  const ids = [...new Set(meta.controls.flatMap((c) => c.frameworks))].sort();
  if (!ids.length || !total.judged) return null;
  const label = { fail: 'fail', unknown: 'unknown', excepted: 'excepted', pass: 'pass', na: 'not applicable' };
  return h('section', { class: 'box' }, h('h2', null, 'By framework'),
    h('p', { class: 'dim' }, 'Of the requirements that controls of this scan judge. What no program can judge is not among them.'),
    ids.map((id) => {
      const list = requirementsOf(id);
      if (!list.length) return null;
      const n = { fail: 0, unknown: 0, excepted: 0, pass: 0, na: 0 };
      for (const r of list) n[r.state]++;
      return h('details', { class: 'framework', ontoggle: once((d) => d.append(h('ul', { class: 'requirements' }, list.map((r) => h('li', null,
        h('span', { class: 'state q-' + r.state }, label[r.state]),
        h('span', { class: 'what' }, r.t.fail + r.t.unknown + r.t.excepted ? h('a', { href: to({ requirement: r.id }) }, r.id.slice(id.length + 1) || r.id) : h('span', null, r.id.slice(id.length + 1) || r.id), ' ', requirementTitle(r.id)),
        h('span', { class: 'dim n' }, [r.t.fail && num(r.t.fail) + ' failed', r.t.unknown && num(r.t.unknown) + ' unknown'].filter(Boolean).join(', '))))))) },
      h('summary', null, h('span', { class: 'name' }, frameworkName(id)), h('span', { class: 'figures' }, [n.fail && num(n.fail) + ' fail', n.unknown && num(n.unknown) + ' unknown', num(n.pass) + ' of ' + num(list.length) + ' pass'].filter(Boolean).join(' · ')),
        share([['v-fail', n.fail, 'fail'], ['v-unknown', n.unknown, 'unknown'], ['v-excepted', n.excepted, 'excepted'], ['v-pass', n.pass, 'pass'], ['v-na', n.na, 'not applicable']], frameworkName(id))));
    }));
}
