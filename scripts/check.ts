import { runSteps, type Step, staticSteps } from './runStep.ts';

/** `npm run check`: what has to be green before and after every commit. */
const unitTests: Step = { name: 'unit tests', command: 'vitest', args: ['run', '--project', 'unit', '--reporter=dot'] };

const results = await runSteps([...staticSteps, unitTests]);
const failed = results.filter(({ ok }) => !ok);
console.log(failed.length === 0 ? 'all green' : `failed: ${failed.map(({ name }) => name).join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
