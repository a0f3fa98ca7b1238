import type { Command } from 'commander';
import type { ThreadSanity } from '../control/metricsSanity.ts';
import { NightjarError } from '../domain/errors.ts';
import { connectToSystem, type SystemClient } from './client.ts';
import { action, EXIT, type ExitCode, formatTable, printJson, printText, talk } from './output.ts';

/** Every thread reports four times a second; one that is this late counts as silent. */
const LONGEST_WAIT_MS = 5_000;
const ASK_EVERY_MS = 200;

interface MetricsOptions {
  readonly data: string;
  readonly json?: true;
}

export function registerMetrics(program: Command): void {
  const metrics = program.command('metrics').description('are the metrics of the running system to be believed?');
  const add = (name: string, text: string, run: (options: MetricsOptions) => Promise<ExitCode>) =>
    metrics
      .command(name)
      .description(text)
      .option('--data <dir>', 'data directory of the running system', './data')
      .option('--json', 'machine-readable')
      .action(action(run));
  add('sanity', 'every thread counts, and the scrape shows what its slab holds; exit 1 when not', sanity);
  add('janitor', 'what dead incarnations left to be folded into the totals', janitor);
}

/** What one thread showed over the time of the look. */
interface Judged extends ThreadSanity {
  readonly rose: number;
  readonly ok: boolean;
}

async function sanity({ data, json }: MetricsOptions): Promise<ExitCode> {
  const client = connectToSystem(data);
  const first = new Map((await ask(client)).map((one) => [one.thread, one]));
  const endMs = performance.now() + LONGEST_WAIT_MS;
  let judged: readonly Judged[];
  do {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    judged = (await ask(client)).map((now) => {
      const rose = now.slab - (first.get(now.thread)?.slab ?? 0);
      return { ...now, rose, ok: now.equal && rose > 0 };
    });
  } while (!judged.every(({ ok }) => ok) && performance.now() < endMs);

  const ok = judged.every((one) => one.ok);
  if (json === true) printJson({ ok, threads: judged });
  else {
    printText(
      formatTable(
        [
          ['thread', 'mini_counter_total', 'in the scrape', 'rose by', 'last report', ''],
          ...judged.map((one) => [
            one.thread,
            String(one.slab),
            String(one.rendered ?? '–'),
            String(one.rose),
            one.reportAgeMs === null ? 'never' : `${one.reportAgeMs} ms ago`,
            one.ok ? 'ok' : one.equal ? 'SILENT' : 'NOT THE SAME',
          ]),
        ],
        [1, 2, 3],
      ),
    );
  }
  for (const { thread, equal } of judged.filter((one) => !one.ok)) {
    talk(
      `thread ${thread}: ${equal ? 'it did not count while we looked' : 'the scrape does not show what its slab holds'}`,
    );
  }
  return ok ? EXIT.done : EXIT.failed;
}

/**
 * A successor counts on in its predecessor's slab, which the core's memory owns, so a dead thread leaves nothing that
 * would have to be added by hand. The janitor shows that it is so.
 */
async function janitor({ data, json }: MetricsOptions): Promise<ExitCode> {
  const threads = await ask(connectToSystem(data));
  const lost = threads.filter(({ equal }) => !equal).map(({ thread }) => thread);
  if (json === true) printJson({ folded: 0, threads: threads.map(({ thread, slab }) => ({ thread, slab })), lost });
  else {
    printText(`folded 0: ${threads.length} slabs, each counted on by whoever runs its thread now`);
  }
  for (const thread of lost)
    talk(`thread ${thread}: the scrape does not show what its slab holds; see "metrics sanity"`);
  return lost.length === 0 ? EXIT.done : EXIT.failed;
}

async function ask(client: SystemClient): Promise<readonly ThreadSanity[]> {
  const { status, body } = await client.call('GET', '/api/metrics/sanity', 'read');
  if (status !== 200) throw new NightjarError('control.unavailable', `the system answered ${status}`);
  return (body as { readonly threads: readonly ThreadSanity[] }).threads;
}
