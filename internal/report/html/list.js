// The list of findings. Only the rows in sight exist as elements, so that 20,000
// findings scroll as 20 do.
const HEAD = 52, ROW = 58;
const list = $('list'), space = $('space'), stuck = $('stuck');
const folded = new Set();
let shown = []; // items: finding numbers, or group objects
let tops = new Float64Array(1); // the top of each item, and the end
let selected = -1; // index in shown
const orders = {}; // permutations by grouping

// groupKey is the number of the group that finding i is in.
const groupKey = {
  control: (i) => rows[i][CONTROL],
  account: (i) => rows[i][ACCOUNT],
  resource: (i) => rows[i][ACCOUNT] + ' ' + rows[i][RESOURCE],
  none: () => 0,
};

// ordered is every finding in the order of a grouping: groups worst first, and in
// them failures before unknowns, worst first.
function ordered(grouping) {
  if (orders[grouping]) return orders[grouping];
  const weight = new Map(); // group → [worst rank, number at it]
  const key = groupKey[grouping];
  const rank = (f) => state(f) * 6 + f[SEVERITY];
  rows.forEach((f, i) => {
    const k = key(i), r = rank(f), w = weight.get(k);
    if (!w) weight.set(k, [r, 1, weight.size]);
    else if (r < w[0]) [w[0], w[1]] = [r, 1];
    else if (r === w[0]) w[1]++;
  });
  const keys = rows.map((_, i) => weight.get(key(i)));
  const order = rows.map((_, i) => i);
  order.sort((a, b) => {
    const x = keys[a], y = keys[b];
    if (x !== y) return x[0] - y[0] || y[1] - x[1] || x[2] - y[2];
    const f = rows[a], g = rows[b];
    return rank(f) - rank(g) || f[ACCOUNT] - g[ACCOUNT] || (f[RESOURCE] < g[RESOURCE] ? -1 : f[RESOURCE] > g[RESOURCE] ? 1 : a - b);
  });
  return (orders[grouping] = order);
}

// arrange makes the items of the list from the findings that match.
function arrange(match) {
  const keep = selected >= 0 && typeof shown[selected] === 'number' ? shown[selected] : -1;
  const matched = new Uint8Array(rows.length);
  for (const i of match) matched[i] = 1;
  shown = [];
  const key = groupKey[filter.group];
  let group = null;
  for (const i of ordered(filter.group)) {
    if (!matched[i]) continue;
    if (filter.group !== 'none') {
      const k = filter.group + ' ' + key(i);
      if (!group || group.key !== k) shown.push((group = { key: k, first: i, n: 0, worst: 6, fails: 0 }));
      group.n++;
      if (state(rows[i]) === 0) {
        group.fails++;
        group.worst = Math.min(group.worst, rows[i][SEVERITY]);
      }
      if (folded.has(k)) continue;
    }
    shown.push(i);
  }
  tops = new Float64Array(shown.length + 1);
  for (let j = 0; j < shown.length; j++) tops[j + 1] = tops[j] + (typeof shown[j] === 'number' ? ROW : HEAD);
  space.style.height = tops[shown.length] + 'px';
  selected = keep < 0 ? -1 : shown.indexOf(keep);
  lastRange = '';
  draw();
}

// at is the item that covers a height.
function at(y) {
  let lo = 0, hi = shown.length - 1;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (tops[mid] <= y) lo = mid; else hi = mid - 1;
  }
  return lo;
}

let lastRange = '';
function draw() {
  if (!shown.length) {
    space.replaceChildren();
    stuck.hidden = true;
    list.removeAttribute('aria-activedescendant');
    return;
  }
  const top = list.scrollTop, height = list.clientHeight || 800;
  const from = Math.max(0, at(top) - 6), to = Math.min(shown.length, at(top + height) + 7);
  const range = from + ' ' + to + ' ' + selected;
  stick(top);
  if (range === lastRange) return;
  lastRange = range;
  const items = [];
  for (let j = from; j < to; j++) {
    const e = typeof shown[j] === 'number' ? rowElement(j) : headElement(shown[j], 'head', j);
    e.style.top = tops[j] + 'px';
    items.push(e);
  }
  space.replaceChildren(...items);
  if (selected >= from && selected < to) list.setAttribute('aria-activedescendant', 'row-' + selected);
  else list.removeAttribute('aria-activedescendant');
}

// stick keeps the head of the group that is scrolled through in sight.
let stuckGroup = null;
function stick(top) {
  let j = at(top);
  while (j > 0 && typeof shown[j] === 'number') j--;
  const group = typeof shown[j] === 'number' || top <= tops[j] ? null : shown[j];
  if (group !== stuckGroup || !group) {
    stuckGroup = group;
    stuck.hidden = !group;
    if (group) stuck.replaceChildren(headElement(group, 'head pinned', -1));
  }
}

function headElement(g, cls, j) {
  const f = rows[g.first], c = controlOf(f), open = !folded.has(g.key);
  const title = filter.group === 'control' ? c.title : filter.group === 'account' ? accountLabel(f[ACCOUNT]) : nameOf(f);
  const sub = filter.group === 'control' ? c.id : filter.group === 'account' ? meta.accounts[f[ACCOUNT]].id : [f[RESOURCE] === title ? '' : f[RESOURCE], accountLabel(f[ACCOUNT])].filter(Boolean).join(' · ');
  return h('div', { class: cls + (j >= 0 && j === selected ? ' selected' : ''), id: j >= 0 ? 'row-' + j : null, role: 'option', 'aria-selected': String(j >= 0 && j === selected), 'aria-expanded': String(open), 'aria-hidden': j < 0 ? 'true' : null,
    onclick: () => { if (j >= 0) selected = j; fold(g); } },
  h('span', { class: 'turn' + (open ? ' open' : '') }, icon('fold')),
  h('span', { class: 'main' }, h('span', { class: 'msg' }, title), h('span', { class: 'sub' }, sub)),
  g.worst < 6 ? badge(g.worst) : h('span', { class: 'badge q' }, stateNames[state(f)]),
  h('span', { class: 'n' }, num(g.n)));
}

function fold(g) {
  if (folded.has(g.key)) folded.delete(g.key); else folded.add(g.key);
  const anchor = g === stuckGroup ? g : null;
  refresh();
  if (anchor) {
    const j = shown.findIndex((x) => typeof x !== 'number' && x.key === g.key);
    if (j >= 0) list.scrollTop = tops[j];
  }
}

// foldAll closes every group, or opens them all if all are closed.
function foldAll() {
  const heads = shown.filter((x) => typeof x !== 'number');
  const closing = heads.some((g) => !folded.has(g.key));
  for (const g of heads) if (closing) folded.add(g.key); else folded.delete(g.key);
  selected = -1;
  refresh();
  list.scrollTop = 0;
}

const marks = ['✕', '?', '○', '✓', '–'];

function rowElement(j) {
  const f = rows[shown[j]], c = controlOf(f), s = state(f), region = word(f[REGION]);
  const where = [filter.group === 'resource' ? c.title : nameOf(f), filter.group === 'account' ? '' : accountLabel(f[ACCOUNT]), region, filter.group === 'none' ? c.title : ''].filter(Boolean);
  return h('div', { class: 'row' + (j === selected ? ' selected' : '') + (s > 1 ? ' aside' : ''), role: 'option', id: 'row-' + j, 'aria-selected': String(j === selected), onclick: () => { selected = j; openFinding(shown[j]); } },
    h('span', { class: 'mark m-' + states[s] + (s === 0 ? ' s-' + severities[f[SEVERITY]] : ''), title: stateNames[s] }, marks[s], h('span', { class: 'away' }, ' ' + stateNames[s] + ', ' + severityNames[f[SEVERITY]])),
    h('span', { class: 'main' }, h('span', { class: 'msg' }, f[MESSAGE] || c.title), h('span', { class: 'sub' }, where.join(' · '))),
    f[FLAGS] & KNOWN ? h('span', { class: 'tag' }, 'known') : null,
    s === 2 ? h('span', { class: 'tag' }, 'excepted') : null,
    filter.group === 'control' ? null : badge(f[SEVERITY]));
}

// select moves the selection and keeps it in sight.
function select(j, open) {
  if (!shown.length) return;
  selected = Math.max(0, Math.min(shown.length - 1, j));
  const top = tops[selected], end = tops[selected + 1], pinned = filter.group === 'none' ? 0 : HEAD;
  if (top - pinned < list.scrollTop) list.scrollTop = Math.max(0, top - pinned);
  else if (end > list.scrollTop + list.clientHeight) list.scrollTop = end - list.clientHeight;
  draw();
  if (open && typeof shown[selected] === 'number') openFinding(shown[selected], true);
}

list.addEventListener('scroll', () => requestAnimationFrame(draw), { passive: true });
new ResizeObserver(() => draw()).observe(list);
