import { readFileSync } from 'node:fs';
import { Command, CommanderError, Help, type Option } from 'commander';
import { EXIT, exitCodeOf, formatError, talk } from './output.ts';

/** A command and the module that brings it; only the module that is asked for is loaded, so that each starts fast. */
interface CommandModule {
  readonly name: string;
  readonly register: (program: Command) => Promise<void>;
}

const commandModules: readonly CommandModule[] = [
  { name: 'start', register: async (program) => (await import('./startCommand.ts')).registerStart(program) },
  { name: 'sim', register: async (program) => (await import('./simCommand.ts')).registerSim(program) },
  { name: 'replay', register: async (program) => (await import('./replayCommand.ts')).registerReplay(program) },
  { name: 'record', register: async (program) => (await import('./recordCommand.ts')).registerRecord(program) },
  { name: 'decode', register: async (program) => (await import('./decodeCommand.ts')).registerDecode(program) },
  { name: 'status', register: async (program) => (await import('./statusCommand.ts')).registerStatus(program) },
  { name: 'ctl', register: async (program) => (await import('./ctlCommand.ts')).registerCtl(program) },
  { name: 'funnel', register: async (program) => (await import('./funnelCommand.ts')).registerFunnel(program) },
  { name: 'why', register: async (program) => (await import('./whyCommand.ts')).registerWhy(program) },
  { name: 'journal', register: async (program) => (await import('./journalCommand.ts')).registerJournal(program) },
  { name: 'doctor', register: async (program) => (await import('./doctorCommand.ts')).registerDoctor(program) },
  { name: 'metrics', register: async (program) => (await import('./metricsCommand.ts')).registerMetrics(program) },
  { name: 'tokens', register: async (program) => (await import('./tokensCommand.ts')).registerTokens(program) },
  { name: 'limits', register: async (program) => (await import('./limitsCommand.ts')).registerLimits(program) },
  { name: 'config', register: async (program) => (await import('./configCommand.ts')).registerConfig(program) },
];

/** Runs one command line; the exit code is left in `process.exitCode`. */
async function main(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe: that is not our failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const program = createProgram();
  const wanted = commandModules.filter(({ name }) => name === args[0]);
  // Help and "did you mean" need to know them all.
  for (const { register } of wanted.length > 0 ? wanted : commandModules) await register(program);
  await program.parseAsync(args, { from: 'user' });
}

function createProgram(): Command {
  const packageFile = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  return new Command('nightjar')
    .description('Actor-model runtime for supervised crypto trading bots')
    .version(version)
    .configureHelp({ optionDescription })
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
}

/** An option that may come again and again starts empty, which is nothing to tell. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(/ ?\(default: (\[\]|\{\})\)$/, '');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed its message; help and version on request are no errors.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    talk(formatError(error));
    process.exitCode = exitCodeOf(error);
  }
}
