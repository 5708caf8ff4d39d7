// Elements are made here and nowhere else. What comes from an account becomes a
// text node or an attribute that nobody executes; there is no innerHTML.
const $ = (id) => document.getElementById(id);

function put(parent, children) {
  for (const c of children) {
    if (Array.isArray(c)) put(parent, c);
    else if (c instanceof Node) parent.append(c);
    else if (c !== null && c !== undefined && c !== false && c !== '') parent.append(String(c));
  }
  return parent;
}

// h makes an element: attributes by name, "on…" listeners, "grow" for the share
// of a bar, then children.
function h(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const k in attrs || {}) {
    const v = attrs[k];
    if (v === null || v === undefined || v === false) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (k === 'grow') e.style.flexGrow = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
  return put(e, children);
}

function fill(e, ...children) {
  e.replaceChildren();
  return put(e, children);
}

const icons = {
  copy: 'M5 2h8v9h-2v3H3V5h2zm1.5 3H11v4.5h.5v-6h-5zM4.5 6.500V12.500H9.500V6.500z',
  close: 'M3.500 4.600 4.600 3.500 8 6.900l3.400-3.400 1.100 1.100L9.100 8l3.400 3.400-1.100 1.100L8 9.100l-3.400 3.400-1.100-1.100L6.900 8z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.300 1h1.400v2.200H7.300zm0 11.800h1.400V15H7.300zM1 7.300h2.200v1.400H1zm11.800 0H15v1.400h-2.200zM2.600 3.600l1-1 1.600 1.600-1 1zm8.200 8.200 1-1 1.600 1.600-1 1zM2.600 12.400l1.600-1.600 1 1-1.600 1.600zm8.200-8.200 1.600-1.600 1 1-1.600 1.600z',
  moon: 'M6.200 2A6.500 6.500 0 1 0 14 9.800 5.300 5.300 0 0 1 6.200 2z',
  auto: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 1.500v9a4.500 4.500 0 0 1 0-9z',
  fold: 'M4 6l4 4 4-4z',
};

function icon(name) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(ns, 'path');
  path.setAttribute('d', icons[name]);
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

const num = (n) => n.toLocaleString('en');
const plural = (n, one, many) => num(n) + ' ' + (n === 1 ? one : many || one + 's');
const time = (s) => (s ? new Date(s * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC' : '');

// copy puts text on the clipboard, also where a page read from a file may not.
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h('textarea', { class: 'away' });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  toast((what || 'Text') + ' copied');
}

let toastTimer;
function toast(text) {
  const t = $('toast');
  t.textContent = text;
  t.classList.add('on');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => t.classList.remove('on'), 1800);
}

const copyButton = (text, what) =>
  h('button', { class: 'icon copy', type: 'button', title: 'Copy ' + what, 'aria-label': 'Copy ' + what, onclick: (e) => { e.stopPropagation(); copy(text, what); } }, icon('copy'));

// code is a block of text with a copy button.
const code = (text, what) => h('div', { class: 'code' }, h('pre', { tabindex: '0' }, text), copyButton(text, what));

// json lays JSON text out over lines without decoding it, so that escapes stay
// as they are; what is not JSON is shown as it stands.
function json(text) {
  const pre = h('pre', { class: 'json', tabindex: '0' });
  if (text.includes(' … cut, ')) return put(pre, [text]);
  let depth = 0;
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\],]|[^\s{}[\],":]+/g;
  const line = () => '\n' + '  '.repeat(depth);
  for (let m, last = ''; (m = token.exec(text)); last = m[0]) {
    const t = m[0];
    if (t === '}' || t === ']') {
      depth--;
      pre.append((last === '{' || last === '[' ? '' : line()) + t);
      continue;
    }
    if (last === '{' || last === '[' || last === ',') pre.append(line());
    if (t === '{' || t === '[') depth++;
    if (m[1] !== undefined) pre.append(h('span', { class: 'key' }, t.slice(0, -m[1].length)), ': ');
    else if (t[0] === '"') pre.append(h('span', { class: 'str' }, t));
    else if (/^[{}[\],]$/.test(t)) pre.append(t);
    else pre.append(h('span', { class: 'lit' }, t));
  }
  return pre;
}
