// The data of the page: rows as Finding in html.go writes them, and tables.
const meta = JSON.parse($('meta').textContent);
const rows = JSON.parse($('rows').textContent);
// The text is parsed; the browser need not keep it twice.
$('meta').remove();
$('rows').remove();

const ID = 0, CONTROL = 1, VERDICT = 2, SEVERITY = 3, ACCOUNT = 4, REGION = 5, TYPE = 6, NAME = 7,
  RESOURCE = 8, MESSAGE = 9, EVIDENCE = 10, REASONS = 11, GAPS = 12, FLAGS = 13, EXCEPTION = 14;
const KNOWN = 1, OUT_OF_SCOPE = 2;

const severities = ['critical', 'high', 'medium', 'low', 'info', 'other'];
const severityNames = ['Critical', 'High', 'Medium', 'Low', 'Info', 'Other'];
const areas = ['identity', 'detection', 'infrastructure', 'data', 'incident-response'];
// A finding's state is its verdict, or that somebody accepted it.
const states = ['fail', 'unknown', 'excepted', 'pass', 'not-applicable'];
const stateNames = ['Failed', 'Unknown', 'Excepted', 'Passed', 'Not applicable'];
const stateOfVerdict = [0, 1, 3, 4];

const state = (f) => (f[EXCEPTION] !== undefined ? 2 : stateOfVerdict[f[VERDICT]]);
const word = (n) => meta.words[n];
const controlOf = (f) => meta.controls[f[CONTROL]];
// Controls stand in a folder for each service; a control of one's own may not.
const serviceOf = (f) => { const id = controlOf(f).id; return id.includes('/') ? id.split('/')[0] : (word(f[TYPE]).split('::')[1] || 'other').toLowerCase(); };
const accountLabel = (i) => meta.accounts[i].name || meta.accounts[i].id || 'no account';
const nameOf = (f) => f[NAME] || f[RESOURCE];
const areaName = (a) => (a ? a[0].toUpperCase() + a.slice(1).replace('-', ' ') : 'Other');
const frameworkName = (id) => (Object.hasOwn(meta.frameworks, id) ? meta.frameworks[id] : id);
const requirementTitle = (id) => (Object.hasOwn(meta.requirements, id) ? meta.requirements[id] : '');

for (const c of meta.controls) {
  c.requirements ||= [];
  c.aliases ||= [];
  c.frameworks = [...new Set(c.requirements.map((r) => r.split('/')[0]))];
}

// A cell is the tally of a control in an account at a severity.
const cells = meta.cells.map(([control, account, severity, fail, unknown, pass, na, excepted, known, out]) =>
  ({ control, account, severity, fail, unknown, pass, na, excepted, known, out }));
const counted = ['fail', 'unknown', 'pass', 'na', 'excepted', 'known', 'out'];
const noTally = () => ({ fail: 0, unknown: 0, pass: 0, na: 0, excepted: 0, known: 0, out: 0, severity: [0, 0, 0, 0, 0, 0], accounts: new Set(), worst: 5 });

// tally sums cells under the keys that key gives for each; a Map keeps names
// such as "__proto__" what they are.
function tally(key) {
  const sums = new Map();
  for (const c of cells) {
    for (const k of key(c)) {
      let t = sums.get(k);
      if (!t) sums.set(k, (t = noTally()));
      for (const n of counted) t[n] += c[n];
      t.severity[c.severity] += c.fail;
      if (c.fail) {
        t.accounts.add(c.account);
        t.worst = Math.min(t.worst, c.severity);
      }
    }
  }
  return sums;
}
const total = tally(() => [0]).get(0) || noTally();
total.judged = total.fail + total.unknown + total.pass + total.na + total.excepted;

// gapGroups gathers what was not read by call and cause, most first.
const gapGroups = (() => {
  const groups = new Map();
  meta.gaps.forEach((g, i) => {
    const key = g.call + ' ' + g.cause;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { call: g.call, cause: g.cause, gaps: [], accounts: new Set(), regions: new Set(), actions: new Set(), accepted: 0 }));
    group.gaps.push(i);
    if (g.account) group.accounts.add(g.account);
    if (g.region) group.regions.add(g.region);
    for (const a of g.actions || []) group.actions.add(a);
    if (g.accepted) group.accepted++;
  });
  return [...groups.values()].sort((a, b) => b.gaps.length - b.accepted - (a.gaps.length - a.accepted) || (a.call < b.call ? -1 : 1));
})();

const causes = {
  AccessDenied: 'was denied', Throttled: 'was throttled until Merlon gave up', Timeout: 'got no answer in time',
  ExpiredCredentials: 'found the credentials expired', Failed: 'failed', Malformed: 'gave an answer that could not be read',
  NotRecorded: 'is not in the recording', TooLarge: 'gave more than Merlon reads',
};
const causeText = (cause) => (Object.hasOwn(causes, cause) ? causes[cause] : 'could not be read');
