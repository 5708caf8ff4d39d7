// One finding with all that proves it and all that helps to mend it.
const fixNames = ['What to do', 'AWS CLI', 'Terraform', 'CloudFormation'];
let fixTab = 0;

function openFinding(i, quiet) {
  filter.open = rows[i][ID];
  drawDetail(i);
  lastRange = '';
  draw();
  writeAddress();
  if (!quiet) {
    $('detail').focus({ preventScroll: true });
  }
}

function closeFinding() {
  if (!filter.open) return;
  filter.open = '';
  $('detail').hidden = true;
  $('findings').classList.remove('opened');
  writeAddress();
  list.focus({ preventScroll: true });
  draw();
}

const fact = (name, value, mono, copied) => (value ? [h('dt', null, name), h('dd', { class: mono ? 'mono' : null }, value, copied ? copyButton(copied === true ? value : copied, name.toLowerCase()) : null)] : null);
const part = (title, ...children) => h('section', null, h('h3', null, title), children);

function drawDetail(i) {
  const f = rows[i], c = controlOf(f), s = state(f), account = meta.accounts[f[ACCOUNT]], pane = $('detail');
  const gaps = (f[GAPS] || []).map((g) => meta.gaps[g]), reasons = (f[REASONS] || []).map(word).filter((r) => !gaps.some((g) => r.startsWith(g.call))), evidence = f[EVIDENCE] || [];
  const same = rows.reduce((n, g) => n + (g[CONTROL] === f[CONTROL] ? 1 : 0), 0) - 1;
  const here = rows.reduce((n, g) => n + (g[RESOURCE] === f[RESOURCE] && g[ACCOUNT] === f[ACCOUNT] ? 1 : 0), 0) - 1;
  fill(pane,
    h('div', { class: 'detail-head' }, h('div', { class: 'badges' }, h('span', { class: 'state q-' + states[s] }, stateNames[s]), badge(f[SEVERITY]), f[FLAGS] & KNOWN ? h('span', { class: 'tag' }, 'known from the baseline') : null, f[FLAGS] & OUT_OF_SCOPE ? h('span', { class: 'tag' }, 'out of scope') : null),
      h('button', { class: 'icon', type: 'button', 'aria-label': 'Step to the finding before', title: 'Before (k)', onclick: () => step(-1) }, '↑'),
      h('button', { class: 'icon', type: 'button', 'aria-label': 'Step to the next finding', title: 'Next (j)', onclick: () => step(1) }, '↓'),
      h('button', { class: 'icon', type: 'button', 'aria-label': 'Close', title: 'Close (Esc)', onclick: closeFinding }, icon('close'))),
    h('h2', { id: 'detail-title' }, f[MESSAGE] || c.title),
    h('p', { class: 'dim' }, c.title),
    exceptionBox(f),
    h('dl', null, fact('Resource', f[RESOURCE], true, true), f[NAME] && f[NAME] !== f[RESOURCE] ? fact('Name', f[NAME]) : null, fact('Type', word(f[TYPE]), true),
      fact('Account', account.name ? account.name + '  ' + account.id : account.id, false, account.id), fact('Region', word(f[REGION])), fact('Area', areaName(c.area)), fact('Control', c.id, true, true), fact('Finding', f[ID], true, true)),
    reasons.length || gaps.length ? part('What was missing', h('ul', { class: 'plain' }, reasons.map((r) => h('li', null, r))), gaps.map(gapBox)) : null,
    evidence.length ? part('What was read', evidence.map(([path, value, call, at]) => h('div', { class: 'evidence' }, h('div', { class: 'path' }, h('code', null, word(path)), value.trim() === 'null' ? h('span', { class: 'tag' }, 'absent') : null), value.trim() === 'null' ? null : json(value),
      word(call) || at ? h('small', null, [word(call), time(at)].filter(Boolean).join(' · ')) : null))) : null,
    c.why ? part('Why it matters', h('p', { class: 'prose' }, c.why)) : null,
    fixBox(c),
    c.requirements.length ? part('Requirements', h('ul', { class: 'plain' }, c.requirements.map((r) => h('li', null, h('a', { href: to({ requirement: r }) }, r), requirementTitle(r) ? ' ' + requirementTitle(r) : null)))) : null,
    c.aliases.length ? part('In other tools', h('p', null, c.aliases.map((a) => h('code', { class: 'alias' }, a)))) : null,
    part('More', h('ul', { class: 'plain' },
      same > 0 ? h('li', null, h('a', { href: to({ control: c.id }) }, plural(same, 'other finding') + ' of this control')) : null,
      here > 0 ? h('li', null, h('a', { href: to({ q: f[RESOURCE], group: 'resource' }) }, plural(here, 'other finding') + ' on this resource')) : null,
      c.source ? h('li', null, h('a', { href: c.source, target: '_blank', rel: 'noopener noreferrer' }, 'The page this control rests on'), c.read ? h('span', { class: 'dim' }, ' read ' + c.read) : null) : null),
    code('merlon explain ' + f[ID], 'command')));
  pane.hidden = false;
  pane.tabIndex = -1;
  pane.setAttribute('aria-labelledby', 'detail-title');
  $('findings').classList.add('opened');
  pane.scrollTop = 0;
}

function exceptionBox(f) {
  if (f[EXCEPTION] === undefined) return null;
  const e = meta.exceptions[f[EXCEPTION]];
  return h('div', { class: 'notice' }, h('p', null, h('b', null, 'Accepted by ' + (e.owner || 'nobody named') + (e.until ? ' until ' + e.until : ''))), h('p', null, e.reason || 'No reason was given.'));
}

function gapBox(g) {
  const where = [g.resource, accountNames.get(g.account) || g.account, g.region].filter(Boolean).join(' · ');
  return h('div', { class: 'gap' }, h('p', null, h('code', null, g.call), ' ' + causeText(g.cause) + (g.code && g.code !== g.cause ? ' (' + g.code + ')' : ''), g.accepted ? h('span', { class: 'tag' }, 'accepted by ' + g.accepted) : null),
    where ? h('small', null, where) : null, g.message ? h('small', null, g.message) : null,
    g.statement ? [h('p', { class: 'dim' }, 'This statement would grant it:'), h('div', { class: 'code' }, json(g.statement), copyButton(g.statement, 'statement'))]
      : (g.actions || []).length ? h('p', { class: 'dim' }, 'Needs ', g.actions.map((a, k) => [k ? ', ' : '', h('code', null, a)])) : null);
}

// fixBox shows the repair in the forms there are, the chosen one first.
function fixBox(c) {
  const have = c.fix.map((t, k) => (t ? k : -1)).filter((k) => k >= 0);
  if (!have.length) return null;
  const body = h('div', { role: 'tabpanel' });
  const tabs = have.map((k) => h('button', { type: 'button', role: 'tab', onclick: () => show(k), onkeydown: (e) => {
    const d = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!d) return;
    e.preventDefault();
    const n = (have.indexOf(k) + d + have.length) % have.length;
    show(have[n]);
    tabs[n].focus();
  } }, fixNames[k]));
  function show(k) {
    fixTab = k;
    have.forEach((t, n) => {
      tabs[n].setAttribute('aria-selected', String(t === k));
      tabs[n].tabIndex = t === k ? 0 : -1;
    });
    fill(body, k === 0 ? h('div', { class: 'prose copyable' }, h('p', null, c.fix[0]), copyButton(c.fix[0], 'text')) : code(c.fix[k], fixNames[k]));
  }
  show(have.includes(fixTab) ? fixTab : have[0]);
  return part('How to fix it', h('div', { class: 'tabs', role: 'tablist' }, tabs), body,
    c.playbook ? h('p', { class: 'dim' }, 'Playbook ', h('code', null, c.playbook)) : null);
}

// step goes to the next finding, over the heads of groups.
function step(d) {
  let j = selected;
  if (j < 0 && filter.open) j = shown.findIndex((x) => typeof x === 'number' && rows[x][ID] === filter.open);
  do j += d; while (j >= 0 && j < shown.length && typeof shown[j] !== 'number' && filter.open);
  if (j < 0 || j >= shown.length) return;
  select(j, Boolean(filter.open));
}
