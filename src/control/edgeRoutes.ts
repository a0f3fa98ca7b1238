import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { ControlMessage } from '../domain/control.ts';
import type { Caller, ControlDoor } from './controlDoor.ts';
import { parseControlRequest } from './controlRequest.ts';
import type { Reply } from './coreLink.ts';
import { stopOf } from './lastResort.ts';
import type { ThreadSanity } from './metricsSanity.ts';
import type { PermitDesk } from './permitDesk.ts';
import type { Access } from './requestGuards.ts';
import { statusPage, statusPageHeaders } from './statusPage.ts';
import type { SystemStatus } from './systemStatus.ts';
import { parseWarmObservations } from './warmObservations.ts';

export interface RouteDeps {
  readonly scrape: () => Promise<string>;
  readonly metricsContentType: string;
  readonly status: () => SystemStatus | null;
  readonly notReady: () => readonly string[];
  readonly door: ControlDoor;
  readonly desk: Pick<PermitDesk, 'slam'>;
  readonly alerts: (body: unknown, from: string) => Promise<Reply>;
  readonly sanity: () => Promise<readonly ThreadSanity[]>;
  /** For the journal; the core's answer is not waited for. */
  readonly note: (message: ControlMessage) => void;
}

/** Who made the request, as the guards found out. */
export interface RouteEnv {
  Bindings: { readonly caller: Caller };
}

/** What each path asks of the caller; what is not listed asks for a token, so that probing tells nothing. */
const ACCESS: Readonly<Record<string, Access>> = {
  'GET /': 'open',
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'loopback',
  'POST /control': 'operate',
  'POST /am-webhook': 'stop',
  'POST /emit': 'operate',
};

export const accessOf = (method: string, path: string): Access =>
  ACCESS[`${method === 'HEAD' ? 'GET' : method} ${path}`] ?? 'read';

export function createEdgeRoutes(deps: RouteDeps): Hono<RouteEnv> {
  const app = new Hono<RouteEnv>();

  app.get('/', (c) => c.html(statusPage, 200, statusPageHeaders));
  app.get('/healthz', (c) => c.json({ alive: true }));
  app.get('/readyz', (c) => {
    const notReady = deps.notReady();
    return c.json({ ready: notReady.length === 0, notReady }, notReady.length === 0 ? 200 : 503);
  });
  app.get('/metrics', async (c) => c.body(await deps.scrape(), 200, { 'content-type': deps.metricsContentType }));
  app.get('/api/status', (c) => {
    const status = deps.status();
    if (status !== null) return c.json(status);
    return c.json({ error: 'the core has not reported yet: ask again in a second' }, 503);
  });

  app.post('/control', async (c) => {
    // The guard has asked already; twice, since this is the path that acts.
    if (!mayAct(c.env.caller)) return json({ status: 403, body: { error: 'this needs the role operate or kill' } });
    const text = await c.req.text();
    // A form or a beacon of a foreign page cannot send this type unasked; a stop is not refused over it.
    if (!isJson(c.req.header('content-type')) && stopOf(text, c.env.caller) === null) {
      return json(WANTS_JSON);
    }
    const body = parseJson(text);
    if (body === undefined) return json({ status: 400, body: { error: 'the body is not JSON' } });
    const request = parseControlRequest(body);
    if (typeof request === 'string') return json({ status: 400, body: { error: request } });
    return json(await deps.door.handle(request, c.env.caller));
  });
  app.post('/am-webhook', async (c) => {
    const mayStop = mayAct(c.env.caller) || c.env.caller.role === 'alertmanager';
    if (!mayStop) return json({ status: 403, body: { error: 'this needs the role alertmanager' } });
    const body = parseJson(await c.req.text());
    if (body === undefined) return json({ status: 400, body: { error: 'the body is not JSON' } });
    return json(await deps.alerts(body, c.env.caller.from));
  });

  app.get('/api/metrics/sanity', async (c) => c.json({ threads: await deps.sanity() }));
  app.post('/emit', async (c) => {
    if (!mayAct(c.env.caller)) return json({ status: 403, body: { error: 'this needs the role operate or kill' } });
    if (!isJson(c.req.header('content-type'))) return json(WANTS_JSON);
    const body = parseJson(await c.req.text());
    if (body === undefined) return json({ status: 400, body: { error: 'the body is not JSON' } });
    const warm = parseWarmObservations(body);
    if (typeof warm === 'string') return json({ status: 400, body: { error: warm } });
    const { bot, observations } = warm;
    const id = warm.id ?? randomUUID();
    const { role, from } = c.env.caller;
    const target = bot === null ? {} : { target: bot };
    const args = { source: 'warm', observations };
    deps.note({ id, action: 'emit', ...target, reason: 'warm-up', args, by: role ?? 'nobody', from });
    return json({ status: 202, body: { id, accepted: observations.length, source: 'warm' } });
  });

  app.notFound((c) => c.json({ error: `there is no ${c.req.method} ${c.req.path}` }, 404));
  // The thread outlives any request; what went wrong is the caller's to know. A stop happens all the same.
  app.onError(async (error, c) => {
    const level = c.req.path === '/control' ? stopOf(await c.req.text(), c.env.caller) : null;
    if (level === null) return c.json({ error: `unexpected: ${error.message}` }, 500);
    deps.desk.slam(level, null, `last resort, since ${error.message}`);
    return c.json({ error: `unexpected: ${error.message}; every bot was stopped by the last resort`, level }, 500);
  });
  return app;
}

const WANTS_JSON: Reply = { status: 415, body: { error: 'send the header "content-type: application/json"' } };

const isJson = (type: string | undefined) => /^application\/json *(;|$)/i.test(type ?? '');

const mayAct = ({ role }: Caller) => role === 'operate' || role === 'kill';

const json = ({ status, body }: Reply) => Response.json(body, { status });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
