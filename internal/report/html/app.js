// Which view is shown, what the keys do, and the colours.
const views = [['overview', 'Overview'], ['findings', 'Findings'], ['coverage', 'Coverage']];

function writeAddress() {
  const a = address(filter.view);
  if (a !== location.hash) history.replaceState(null, '', a);
}

// refresh shows the findings that the filters leave.
function refresh() {
  const match = apply();
  arrange(match);
  drawChips();
  drawFilters();
  const narrowed = filter.query || chosenCount();
  $('count').textContent = narrowed ? num(match.length) + ' of ' + plural(rows.length, 'finding') : plural(rows.length, 'finding');
  const heads = shown.filter((x) => typeof x !== 'number');
  $('fold').hidden = heads.length < 2;
  $('fold').textContent = heads.length && heads.every((g) => folded.has(g.key)) ? 'Open all' : 'Close all';
  const none = $('none');
  none.hidden = match.length > 0;
  list.hidden = !match.length;
  if (!match.length) {
    fill(none, h('p', null, rows.length ? 'No finding matches.' : total.judged ? 'No finding was listed: what passed is only counted.' : 'There are no findings.'),
      narrowed ? h('button', { type: 'button', class: 'button', onclick: () => { clearFilters(); changed(); } }, 'Clear search and filters') : null);
  }
}

// changed follows a choice of filters.
function changed() {
  list.scrollTop = 0;
  refresh();
  writeAddress();
}

const drawn = {};
function route() {
  readAddress();
  for (const [name] of views) $(name).hidden = name !== filter.view;
  for (const a of $('views').children) {
    if (a.dataset.view === filter.view) a.setAttribute('aria-current', 'page'); else a.removeAttribute('aria-current');
  }
  document.body.dataset.view = filter.view;
  if (filter.view === 'findings') {
    if ($('search').value !== filter.query) $('search').value = filter.query;
    $('group').value = filter.group;
    showFilters(false);
    refresh();
    const i = filter.open ? rows.findIndex((f) => f[ID] === filter.open) : -1;
    if (i >= 0) {
      drawDetail(i);
      const j = shown.indexOf(i);
      if (j >= 0) select(j);
    } else {
      filter.open = '';
      $('detail').hidden = true;
      $('findings').classList.remove('opened');
    }
  } else if (!drawn[filter.view]) {
    drawn[filter.view] = true;
    (filter.view === 'overview' ? drawOverview : drawCoverage)();
  }
  document.title = (filter.view === 'overview' ? '' : views.find((v) => v[0] === filter.view)[1] + ' · ') + 'Merlon report';
}

function go(view) {
  location.hash = address(view);
}

const themes = { auto: ['auto', 'light dark', 'as the system'], light: ['sun', 'light', 'light'], dark: ['moon', 'dark', 'dark'] };
let theme = 'auto';
function setTheme(name) {
  theme = Object.hasOwn(themes, name) ? name : 'auto';
  document.documentElement.style.colorScheme = themes[theme][1];
  const b = $('theme');
  fill(b, icon(themes[theme][0]));
  b.title = 'Colours: ' + themes[theme][2] + ' (t)';
  b.setAttribute('aria-label', b.title);
}
function nextTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const turn = dark ? ['auto', 'light', 'dark'] : ['auto', 'dark', 'light'];
  setTheme(turn[(turn.indexOf(theme) + 1) % 3]);
  try { localStorage.setItem('merlon-theme', theme); } catch { /* a page without storage forgets */ }
}

const keys = [['/', 'search'], ['j  k', 'next and previous finding'], ['Enter', 'open the finding, or open and close a group'], ['Esc', 'close, or leave the search'], ['o  f  c', 'overview, findings, coverage'], ['x', 'clear search and filters'], ['z', 'close or open all groups'], ['t', 'light, dark, or as the system'], ['?', 'this help']];
function openHelp() {
  fill($('help'), h('div', { class: 'pane-head' }, h('h2', { id: 'help-title' }, 'Keyboard'), h('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => $('help').close() }, icon('close'))),
    h('dl', { class: 'keys' }, keys.map(([k, what]) => [h('dt', null, k.split('  ').map((x) => h('kbd', null, x))), h('dd', null, what)])),
    h('p', { class: 'dim' }, 'The address holds the filters: copy it to share what you see. This page loads nothing and sends nothing.'));
  $('help').showModal();
}

const inFindings = () => filter.view === 'findings';
function key(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if ($('help').open) {
    if (e.key === '?') { e.preventDefault(); $('help').close(); }
    return;
  }
  const target = e.target, typing = target.matches('input[type=search],select,textarea');
  if (e.key === 'Escape') {
    if ($('filters').classList.contains('open')) showFilters(false);
    else if (target === $('search')) list.focus({ preventScroll: true });
    else if (inFindings()) closeFinding();
    return;
  }
  if (typing) {
    if (target === $('search') && (e.key === 'Enter' || e.key === 'ArrowDown')) {
      e.preventDefault();
      list.focus({ preventScroll: true });
      select(firstFinding());
    }
    return;
  }
  const act = {
    '/': () => { if (!inFindings()) go('findings'); setTimeout(() => { $('search').focus(); $('search').select(); }); },
    '?': openHelp, t: nextTheme, o: () => go('overview'), f: () => go('findings'), c: () => go('coverage'),
  }[e.key] || (inFindings() && {
    j: () => move(1), k: () => move(-1), x: () => { clearFilters(); changed(); }, z: foldAll,
  }[e.key]) || (inFindings() && (target === list || target === document.body) && {
    ArrowDown: () => move(1), ArrowUp: () => move(-1), PageDown: () => move(10), PageUp: () => move(-10), Home: () => select(0), End: () => select(shown.length - 1),
    Enter: openSelected, ' ': openSelected,
  }[e.key]);
  if (!act) return;
  e.preventDefault();
  act();
}

const firstFinding = () => Math.max(0, shown.findIndex((x) => typeof x === 'number'));

function move(d) {
  if (document.activeElement !== list && !$('detail').contains(document.activeElement)) list.focus({ preventScroll: true });
  if (filter.open) step(d);
  else if (selected < 0) select(firstFinding());
  else select(selected + d);
}

function openSelected() {
  if (selected < 0) return;
  const x = shown[selected];
  if (typeof x === 'number') openFinding(x); else fold(x);
}

function start() {
  let saved = '';
  try { saved = localStorage.getItem('merlon-theme') || ''; } catch { /* see above */ }
  setTheme(saved);
  fill($('views'), views.map(([name, title]) => h('a', { href: '#/' + name, 'data-view': name }, title, name === 'findings' ? h('span', { class: 'n' }, num(rows.length + meta.left)) : name === 'coverage' && meta.gaps.length ? h('span', { class: 'n' }, num(meta.gaps.length)) : null)));
  $('about').textContent = [plural(meta.accounts.length, 'account'), time(meta.started)].filter(Boolean).join(' · ');
  fill($('group'), Object.entries(groupings).map(([k, t]) => h('option', { value: k }, t)));
  $('search').addEventListener('input', (e) => { filter.query = e.target.value; changed(); });
  $('group').addEventListener('change', (e) => { filter.group = e.target.value; selected = -1; changed(); });
  $('fold').addEventListener('click', foldAll);
  $('filters-open').addEventListener('click', () => showFilters(!$('filters').classList.contains('open')));
  $('theme').addEventListener('click', nextTheme);
  $('help-open').addEventListener('click', openHelp);
  $('help').addEventListener('click', (e) => { if (e.target === $('help')) $('help').close(); });
  addEventListener('keydown', key);
  addEventListener('hashchange', route);
  route();
  // For tests and the curious: when the page could be used.
  requestAnimationFrame(() => setTimeout(() => { performance.mark('usable'); document.documentElement.dataset.ready = ''; }));
}
start();
