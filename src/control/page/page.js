// The status page: asks once a second, shows what came and how old it is. Plain DOM; every text is set as text.
const POLL_MS = 1000;
const ANSWER_MS = 3000;
const STALE_MS = 3000;

const byId = (id) => document.getElementById(id);
// The token comes in the fragment, which no server sees, and leaves the address bar at once.
let token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);
let lastStatus = null;
let lastAnswerAtMs = 0;

function element(tag, { text, cls, style } = {}, children = []) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (cls) node.className = cls;
  if (style) Object.assign(node.style, style);
  node.append(...children);
  return node;
}

const count = (n) => n.toLocaleString('en');
const seconds = (ms) => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);
const clock = (ms) => new Date(ms).toISOString().slice(11, 19);
const figure = (x) => (x === null ? '–' : Number(x.toPrecision(4)).toString());
const words = (name) => name.replaceAll('_', ' ');

function bars(entries) {
  const most = Math.max(1, ...entries.map(([, n]) => n));
  const rows = entries.flatMap(([name, n]) => [
    element('dt', { text: words(name) }),
    element('div', {}, [element('div', { cls: 'bar', style: { width: `${(100 * n) / most}%` } })]),
    element('dd', { text: count(n) }),
  ]);
  return element('dl', { cls: 'bars' }, rows);
}

function botPanel(name, bot) {
  const permit =
    bot.permit === 'open'
      ? element('span', { cls: 'good', text: 'permit open' })
      : element('span', {
          cls: 'bad',
          text: `${bot.permit === 'closed' ? 'permit closed' : bot.permit}: ${bot.closure?.reason ?? '?'} (by ${bot.closure?.by ?? '?'})`,
        });
  const why = Object.entries(bot.why)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);
  const need =
    bot.needDeltaPx === null ? 'price missing to go: unknown' : `price missing to go: ${figure(bot.needDeltaPx)}`;
  return element('article', { cls: 'bot' }, [
    element('h2', { text: name }),
    element('p', { cls: 'quiet', text: `${bot.state} · slot ${bot.slotOpen ? 'open' : 'closed'} · ${need}` }),
    element('p', {}, [permit]),
    element('h3', { text: 'Funnel' }),
    bars(['looks', 'near', 'auto', 'go', 'trades'].map((stage) => [stage, bot[stage]])),
    element('p', {
      cls: 'quiet',
      text: `net ${figure(bot.ev.net)} = spread ${figure(bot.ev.spread)}, adverse ${figure(bot.ev.adverse)}, fees ${figure(bot.ev.fees)}, slippage ${figure(bot.ev.slippage)}`,
    }),
    element('h3', { text: 'Why not' }),
    why.length === 0 ? element('p', { cls: 'quiet', text: 'no look has ended yet' }) : bars(why),
    element('h3', { text: 'Last looks' }),
    lastLooks(bot.lastReasons),
  ]);
}

function lastLooks(reasons) {
  if (reasons.length === 0) return element('p', { cls: 'quiet', text: 'none yet' });
  const head = ['UTC', 'end', 'value', 'limit'].map((text, i) => element('th', { text, cls: i > 1 ? 'num' : '' }));
  const rows = reasons.map(({ atMs, end, value, limit }) =>
    element('tr', {}, [
      element('td', { text: clock(atMs) }),
      element('td', { text: words(end), cls: end === 'trade' ? 'good' : '' }),
      element('td', { text: figure(value), cls: 'num' }),
      element('td', { text: figure(limit), cls: 'num' }),
    ]),
  );
  const table = element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)]);
  return element('div', { cls: 'scroll' }, [table]);
}

function feedRow([id, feed]) {
  const cells = [feed.frames, feed.gaps, feed.resyncs, feed.crossed, feed.badFrames];
  return element('tr', {}, [
    element('td', { text: id }),
    element('td', { text: feed.live ? 'live' : 'not live', cls: feed.live ? 'good' : 'bad' }),
    element('td', { text: seconds(feed.ageMs), cls: 'num' }),
    ...cells.map((n) => element('td', { text: count(n), cls: 'num' })),
  ]);
}

function treeNode({ id, state, incarnation, restarts, children = [] }) {
  const again = restarts > 0 ? `, restarted ${restarts} ${restarts === 1 ? 'time' : 'times'}` : '';
  const running = state === 'running';
  const line = element('span', {}, [
    `${id} `,
    element('span', { cls: running ? 'quiet' : 'warn', text: `${state} #${incarnation}${again}` }),
  ]);
  const below = children.length === 0 ? [] : [element('ul', {}, children.map(treeNode))];
  return element('li', {}, [line, ...below]);
}

function show(status) {
  byId('facts').textContent =
    `run ${status.run} · ${status.mode} on ${status.env} · ${status.phase} · core incarnation ${status.incarnation} · restarts ${status.restarts} · 429s ${status.http429}`;
  byId('plumbing').hidden = !status.embedded;
  const trouble = byId('trouble');
  trouble.hidden = status.notReady.length === 0;
  trouble.textContent = `Not ready: ${status.notReady.join('; ')}`;
  byId('bots').replaceChildren(...Object.entries(status.bots).map(([name, bot]) => botPanel(name, bot)));
  byId('feeds').replaceChildren(...Object.entries(status.feeds).map(feedRow));
  byId('tree').replaceChildren(...status.tree.map(treeNode));
  for (const id of ['feeds', 'tree']) byId(id).closest('section').hidden = false;
}

function showFreshness(problem) {
  const sinceAnswerMs = performance.now() - lastAnswerAtMs;
  const ageMs = lastStatus === null ? null : lastStatus.viewAgeMs + sinceAnswerMs;
  const stale = ageMs === null || ageMs > STALE_MS;
  document.body.classList.toggle('stale', stale && lastStatus !== null);
  byId('freshness').textContent = [ageMs === null ? '' : `as of ${seconds(ageMs)} ago`, problem]
    .filter(Boolean)
    .join(' · ');
}

function askForToken(note) {
  token = '';
  byId('login').hidden = false;
  if (note) byId('login-note').textContent = note;
}

async function poll() {
  if (token === '') return;
  let problem = '';
  try {
    const answer = await fetch('/api/status', {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = await answer.json();
    if (answer.status === 401 || answer.status === 403) askForToken('This token is not known here.');
    else if (answer.ok) {
      lastStatus = body;
      lastAnswerAtMs = performance.now();
      show(body);
    } else problem = body.error;
  } catch {
    problem = 'no answer from the system';
  }
  showFreshness(problem);
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value.trim();
  byId('token').value = '';
  byId('login').hidden = true;
  poll();
});
if (token === '') askForToken();

async function loop() {
  await poll();
  setTimeout(loop, POLL_MS);
}
loop();
