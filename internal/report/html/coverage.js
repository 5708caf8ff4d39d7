// What the scan covered: what could not be read and how to grant it, what was in
// scope, what was found there and what it took.
function drawCoverage() {
  const calls = Object.entries(meta.calls).sort((a, b) => b[1].calls - a[1].calls || (a[0] < b[0] ? -1 : 1));
  const types = Object.entries(meta.resources).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  fill($('coverage'), h('div', { class: 'sheet' }, h('h1', null, meta.gaps.length ? plural(meta.gaps.length, 'gap') + ' in what was read' : total.judged ? 'Everything asked for was read' : 'Nothing was read'),
    h('p', { class: 'lead' }, meta.gaps.length ? 'A gap is a call that was denied, throttled, failed or never recorded. Controls that need it say “unknown”, never “pass”.' : meta.interrupted ? 'Up to where the scan was stopped.' : total.judged ? 'No call was denied, throttled or lost.' : 'There was nothing to read.'),
    meta.gaps.length ? h('section', { class: 'box' }, h('h2', null, 'Not read'), gapGroups.map(gapDetails), policy()) : null,
    h('div', { class: 'columns even' }, scopeBox(), callsBox(calls)), typesBox(types)));
}

function gapDetails(g) {
  const most = 50;
  return h('details', { class: 'gaps', ontoggle: once((d) => d.append(h('div', { class: 'inside' },
    g.actions.size ? h('p', null, 'Needs ', [...g.actions].sort().map((a, k) => [k ? ', ' : '', h('code', null, a)])) : null,
    (() => { const first = meta.gaps[g.gaps.find((i) => meta.gaps[i].statement)]; return first ? h('div', { class: 'code' }, json(first.statement), copyButton(first.statement, 'statement')) : null; })(),
    h('ul', { class: 'plain places' }, g.gaps.slice(0, most).map((i) => {
      const x = meta.gaps[i];
      return h('li', null, [accountNames.get(x.account) || x.account, x.region, x.resource || (x.types || []).join(', ')].filter(Boolean).join(' · ') || 'everywhere', x.code && x.code !== x.cause ? h('small', null, ' ' + x.code) : null, x.accepted ? h('span', { class: 'tag' }, 'accepted by ' + x.accepted) : null);
    })), g.gaps.length > most ? h('p', { class: 'dim' }, 'and ' + num(g.gaps.length - most) + ' more') : null))) },
  h('summary', null, h('span', { class: 'name' }, h('code', null, g.call), ' ' + causeText(g.cause)), h('span', { class: 'figures' }, [plural(g.gaps.length, 'gap'), g.accounts.size ? plural(g.accounts.size, 'account') : '', g.accepted ? num(g.accepted) + ' accepted' : ''].filter(Boolean).join(' · '))));
}

// policy is one statement with every action that was missing and not accepted.
function policy() {
  const actions = [...new Set(meta.gaps.filter((g) => !g.accepted).flatMap((g) => g.actions || []))].sort();
  if (!actions.length) return null;
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'MerlonRead', Effect: 'Allow', Action: actions, Resource: '*' }] }, null, 2);
  return h('div', { class: 'grant' }, h('h3', null, 'A policy that would grant all of it'), code(text, 'policy'), h('p', { class: 'dim' }, h('code', null, 'merlon permissions'), ' prints the whole of what a scan needs, also as CloudFormation and Terraform.'));
}

function scopeBox() {
  const sources = { live: 'AWS', awscli: 'A folder of AWS CLI output', template: 'CloudFormation templates' };
  const took = meta.started && meta.finished ? meta.finished - meta.started : 0;
  return h('section', { class: 'box' }, h('h2', null, 'Scope'), h('dl', null,
    fact('Source', Object.hasOwn(sources, meta.source) ? sources[meta.source] : meta.source), fact(meta.source === 'live' ? 'Snapshot' : 'Path', meta.path, true), fact('Started', time(meta.started)),
    fact('Took', took ? (took >= 120 ? Math.floor(took / 60) + ' min ' : '') + (took >= 120 ? took % 60 : took) + ' s' : ''),
    fact('Accounts', num(meta.accounts.length)), fact('Regions', meta.regions.join(', ')), fact('Services', meta.services.length ? meta.services.join(', ') : 'all'), fact('Controls', num(meta.controls.length)), fact('Merlon', meta.version)));
}

function callsBox(calls) {
  if (!calls.length) return h('section', { class: 'box' }, h('h2', null, 'Calls'), h('p', { class: 'empty' }, 'Nothing was asked of AWS for this report.'));
  const sum = (k) => calls.reduce((n, [, c]) => n + (c[k] || 0), 0);
  const row = ([name, c]) => h('tr', null, h('th', { scope: 'row' }, name), cell(c.calls), cell(c.retries || 0), cell(c.throttles || 0));
  const first = 10, body = h('tbody', null, calls.slice(0, first).map(row));
  return h('section', { class: 'box' }, h('h2', null, 'Calls'), h('table', null,
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Service'), h('th', { class: 'n', scope: 'col' }, 'Calls'), h('th', { class: 'n', scope: 'col' }, 'Retries'), h('th', { class: 'n', scope: 'col' }, 'Throttled'))), body,
    h('tfoot', null, h('tr', null, h('th', { scope: 'row' }, 'Total'), cell(sum('calls')), cell(sum('retries')), cell(sum('throttles'))))),
  calls.length > first ? h('button', { type: 'button', class: 'link', onclick: (e) => { put(body, calls.slice(first).map(row)); e.target.remove(); } }, 'Show all ' + num(calls.length) + ' services') : null);
}

function typesBox(types) {
  if (!types.length) return null;
  return h('section', { class: 'box' }, h('h2', null, plural(types.reduce((n, t) => n + t[1], 0), 'resource') + ' of ' + plural(types.length, 'type')),
    h('ul', { class: 'types' }, types.map(([t, n]) => h('li', null, h('span', { class: 'mono' }, t), h('span', { class: 'n' }, num(n))))));
}
