// On paper: the overview, then the findings that the filters leave, grouped.
const printed = 1000;

addEventListener('beforeprint', () => {
  drawOverview();
  for (const d of $('overview').querySelectorAll('details')) d.open = true;
  const match = new Set(apply()), out = [];
  let control = -1, n = 0, items = null;
  for (const i of ordered('control')) {
    if (!match.has(i)) continue;
    if (++n > printed) continue;
    const f = rows[i], c = controlOf(f);
    if (f[CONTROL] !== control) {
      control = f[CONTROL];
      out.push(h('h3', null, badge(f[SEVERITY]), ' ', c.title, ' ', h('small', null, c.id)), c.fix[0] ? h('p', null, h('b', null, 'Fix: '), c.fix[0]) : '', (items = h('ul', null)));
    }
    items.append(h('li', null, h('b', null, stateNames[state(f)] + '. '), f[MESSAGE], h('small', null, ' ' + [f[RESOURCE], accountLabel(f[ACCOUNT]), word(f[REGION]), f[ID]].filter(Boolean).join(' · '))));
  }
  fill($('print'), n ? [h('h2', null, 'Findings'), out, n > printed ? h('p', null, 'and ' + num(n - printed) + ' more') : null] : null);
});
addEventListener('afterprint', () => $('print').replaceChildren());
