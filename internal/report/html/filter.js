// Which findings are shown. The choice is the part of the address behind "#", so
// that a link or a bookmark shows the same.
const facets = [
  { key: 'verdict', title: 'Result', of: (f) => states[state(f)], order: states, label: (v) => stateNames[states.indexOf(v)] || v },
  { key: 'severity', title: 'Severity', of: (f) => severities[f[SEVERITY]], order: severities, label: (v) => severityNames[severities.indexOf(v)] || v },
  { key: 'area', title: 'Area', of: (f) => controlOf(f).area || 'other', order: areas, label: areaName },
  { key: 'account', title: 'Account', of: (f) => meta.accounts[f[ACCOUNT]].id, label: (v) => accountNames.get(v) || v, note: (v) => (accountNames.get(v) ? v : '') },
  { key: 'service', title: 'Service', of: serviceOf, label: (v) => v },
  { key: 'region', title: 'Region', of: (f) => word(f[REGION]) || 'none', label: (v) => v },
  { key: 'framework', title: 'Framework', many: (f) => controlOf(f).frameworks, label: frameworkName },
  { key: 'baseline', title: 'Baseline', of: (f) => (f[FLAGS] & KNOWN ? 'known' : 'new'), order: ['new', 'known'], label: (v) => (v === 'new' ? 'New' : 'Known before'), optional: true },
  // These two are chosen by following links and shown as chips alone.
  { key: 'control', title: 'Control', of: (f) => controlOf(f).id, label: (v) => v, hidden: true },
  { key: 'requirement', title: 'Requirement', many: (f) => controlOf(f).requirements, label: (v) => v, hidden: true },
];
const accountNames = new Map(meta.accounts.map((a) => [a.id, a.name]));

// codes[k][i] is the number of finding i's value in facet k, or a list of them.
for (const facet of facets) {
  const numbers = new Map();
  facet.values = [];
  const numberOf = (v) => {
    let n = numbers.get(v);
    if (n === undefined) {
      numbers.set(v, (n = facet.values.length));
      facet.values.push(v);
    }
    return n;
  };
  // What a control says is the same for all of its findings.
  if (facet.many) {
    const byControl = meta.controls.map((c, i) => facet.many([0, i]).map(numberOf));
    facet.codes = rows.map((f) => byControl[f[CONTROL]]);
  } else {
    facet.codes = new Int32Array(rows.length);
    rows.forEach((f, i) => { facet.codes[i] = numberOf(facet.of(f)); });
  }
  facet.chosen = new Set();
}
const facetOf = (key) => facets.find((f) => f.key === key);

const filter = { view: 'overview', query: '', group: 'control', open: '' };
const groupings = { control: 'by control', account: 'by account', resource: 'by resource', none: 'not at all' };

let hay = null;
function haystack() {
  hay ||= rows.map((f) => {
    const c = controlOf(f), a = meta.accounts[f[ACCOUNT]];
    return [f[MESSAGE], f[NAME], f[RESOURCE], f[ID], c.id, c.title, a.name, a.id, word(f[REGION]), word(f[TYPE]), c.aliases.join(' '), c.requirements.join(' ')].join('\n').toLowerCase();
  });
  return hay;
}

// apply gives the findings that match, in the order of their numbers, and counts
// for each value of a facet how many would match if the facet chose nothing.
function apply() {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = words.length ? haystack() : null;
  const active = facets.map((facet) => {
    facet.counts = new Int32Array(facet.values.length);
    if (!facet.chosen.size) return null;
    return facet.values.map((v) => facet.chosen.has(v));
  });
  const match = [];
  next: for (let i = 0; i < rows.length; i++) {
    for (const w of words) if (!text[i].includes(w)) continue next;
    let missed = -1;
    for (let k = 0; k < facets.length; k++) {
      const want = active[k];
      if (!want) continue;
      const v = facets[k].codes[i];
      if (typeof v === 'number' ? want[v] : v.some((n) => want[n])) continue;
      if (missed >= 0) continue next;
      missed = k;
    }
    if (missed < 0) match.push(i);
    for (let k = 0; k < facets.length; k++) {
      if (missed >= 0 && missed !== k) continue;
      const v = facets[k].codes[i];
      if (typeof v === 'number') facets[k].counts[v]++;
      else for (const n of v) facets[k].counts[n]++;
    }
  }
  return match;
}

// address writes the choice as the part behind "#".
function address(view, changes) {
  const p = new URLSearchParams();
  if (changes) {
    for (const k in changes) p.set(k, changes[k]);
  } else if (view === 'findings') {
    if (filter.query) p.set('q', filter.query);
    for (const f of facets) for (const v of f.chosen) p.append(f.key, v);
    if (filter.group !== 'control') p.set('group', filter.group);
    if (filter.open) p.set('finding', filter.open);
  }
  const s = p.toString();
  return '#/' + view + (s ? '?' + s : '');
}

// readAddress sets the choice from the address; what it does not know it leaves out.
function readAddress() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  filter.view = ['findings', 'coverage'].includes(path) ? path : 'overview';
  if (filter.view !== 'findings') return;
  const p = new URLSearchParams(query || '');
  filter.query = p.get('q') || '';
  filter.group = Object.hasOwn(groupings, p.get('group')) ? p.get('group') : 'control';
  filter.open = p.get('finding') || '';
  for (const f of facets) f.chosen = new Set(p.getAll(f.key));
}

const chosenCount = () => facets.reduce((n, f) => n + f.chosen.size, 0);

function clearFilters() {
  for (const f of facets) f.chosen.clear();
  filter.query = '';
  $('search').value = '';
}

// drawFilters shows each facet with its counts; a value that would match nothing
// stays visible only where it is chosen.
function drawFilters() {
  const shown = 8;
  const sections = facets.filter((f) => !f.hidden && (f.values.length > 1 || f.chosen.size) && !(f.optional && f.values.length < 2)).map((facet) => {
    let values = facet.values.map((v, n) => [v, facet.counts[n]]);
    for (const v of facet.chosen) if (!facet.values.includes(v)) values.push([v, 0]);
    values = values.filter(([v, n]) => n > 0 || facet.chosen.has(v));
    values.sort((a, b) => (facet.order ? facet.order.indexOf(a[0]) - facet.order.indexOf(b[0]) : b[1] - a[1]) || (a[0] < b[0] ? -1 : 1));
    const cut = facet.whole || values.length <= shown + 2 ? values.length : shown;
    const rest = values.slice(cut).filter(([v]) => facet.chosen.has(v));
    const item = ([v, n]) => {
      const note = facet.note && facet.note(v);
      return h('label', { class: 'value', title: note ? facet.label(v) + ' ' + note : facet.label(v) },
        h('input', { type: 'checkbox', checked: facet.chosen.has(v), 'data-facet': facet.key, 'data-value': v, onchange: (e) => {
          if (e.target.checked) facet.chosen.add(v); else facet.chosen.delete(v);
          changed();
        } }),
        facet.key === 'severity' ? h('i', { class: 'dot s-' + v }) : null,
        h('span', { class: 'text' }, facet.label(v)), h('span', { class: 'n' }, num(n)));
    };
    return h('fieldset', null, h('legend', null, facet.title), values.slice(0, cut).map(item), rest.map(item),
      cut < values.length && h('button', { type: 'button', class: 'link', onclick: () => { facet.whole = true; drawFilters(); } }, 'Show all ' + num(values.length)),
      facet.whole && values.length > shown + 2 && h('button', { type: 'button', class: 'link', onclick: () => { facet.whole = false; drawFilters(); } }, 'Show fewer'));
  });
  const focus = document.activeElement && document.activeElement.dataset && document.activeElement.dataset.facet ? [document.activeElement.dataset.facet, document.activeElement.dataset.value] : null;
  const pane = $('filters'), top = pane.scrollTop;
  fill(pane, h('div', { class: 'pane-head' }, h('h2', null, 'Filters'),
    chosenCount() || filter.query ? h('button', { type: 'button', class: 'link', onclick: () => { clearFilters(); changed(); } }, 'Clear') : null,
    h('button', { type: 'button', class: 'icon only-small', 'aria-label': 'Close filters', onclick: () => showFilters(false) }, icon('close'))), sections);
  pane.scrollTop = top;
  if (focus) {
    for (const input of pane.querySelectorAll('input')) if (input.dataset.facet === focus[0] && input.dataset.value === focus[1]) input.focus({ preventScroll: true });
  }
}

function drawChips() {
  const chips = [];
  for (const facet of facets) {
    for (const v of facet.chosen) {
      chips.push(h('button', { type: 'button', class: 'chip', title: 'Remove this filter', onclick: () => { facet.chosen.delete(v); changed(); } },
        h('span', { class: 'dim' }, facet.title + ' '), facet.label(v), icon('close')));
    }
  }
  fill($('chips'), chips);
  const n = chosenCount();
  fill($('filters-open'), n ? 'Filters · ' + n : 'Filters');
}

function showFilters(on) {
  $('filters').classList.toggle('open', on);
  if (on) $('filters').querySelector('button,input')?.focus();
}
