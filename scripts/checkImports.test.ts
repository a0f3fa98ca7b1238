import { describe, expect, it } from 'vitest';
import { findImportViolations, importsOf } from './checkImports.ts';

const messagesFor = (path: string, text: string) =>
  findImportViolations([{ path, text }]).map(({ message }) => message);

describe('the import direction', () => {
  it.each([
    ['core may import machines', 'src/core/step.ts', '../machines/arbMachine.ts'],
    ['peers may import each other', 'src/core/step.ts', '../guardian/guardian.ts'],
    ['kernels are peers of the domain', 'src/domain/book.ts', '../workers/kernels/vwap.ts'],
    [
      'strategies may import kernels, though workers are above',
      'src/strategies/arb/a.ts',
      '../../workers/kernels/vwap.ts',
    ],
    ['main may import everything', 'src/main.ts', './cli/output.ts'],
    ['packages are not judged', 'src/domain/a.ts', 'zod'],
  ])('%s', (_name, path, specifier) => {
    expect(messagesFor(path, `import { a } from '${specifier}';`)).toEqual([]);
  });

  it.each([
    ['a machine that imports a worker', 'src/machines/m.ts', "import { a } from '../workers/lane.ts';"],
    ['a type-only import', 'src/domain/a.ts', "import type { A } from '../core/inputs.ts';"],
    ['a re-export', 'src/journal/a.ts', "export { a } from '../venues/a.ts';"],
    ['a dynamic import', 'src/config/a.ts', "const m = await import('../cli/output.ts');"],
    ['an import for its effect', 'src/risk/a.ts', "import '../sim/market.ts';"],
    ['the composition root from below', 'src/cli/a.ts', "import { main } from '../main.ts';"],
    ['an import over several lines', 'src/domain/a.ts', "import {\n  a,\n} from '../core/inputs.ts';"],
  ])('refuses %s', (_name, path, text) => {
    expect(messagesFor(path, text)).toHaveLength(1);
  });

  it('names the file, the line, both folders and a way out', () => {
    const text = "// a comment\nimport { a } from '../workers/lane.ts';\n";
    expect(findImportViolations([{ path: 'src/machines/m.ts', text }])).toEqual([
      {
        file: 'src/machines/m.ts',
        line: 2,
        message:
          'machines imports workers ("../workers/lane.ts"), which is above it: pass it in as an argument, or move the shared part down',
      },
    ]);
  });

  it('refuses a folder that has no place in the order', () => {
    expect(messagesFor('src/misc/a.ts', "import { a } from '../domain/a.ts';")[0]).toContain(
      'no folder of the layer list',
    );
  });

  it('refuses code outside src and a missing extension', () => {
    expect(messagesFor('src/domain/a.ts', "import '../../scripts/check.ts';")[0]).toContain('outside src');
    expect(messagesFor('src/domain/a.ts', "import './errors';")[0]).toContain('must end in .ts');
  });

  it('is not fooled by comments, strings, templates and regular expressions', () => {
    const text = [
      "// import { a } from '../core/a.ts';",
      "/* import '../core/b.ts' */",
      'const quoted = "import \'../core/c.ts\'";',
      "const template = `import '../core/d.ts' ${1 + 1}`;",
      'const regex = /[\'"`]/.test(quoted);',
      "import { real } from './real.ts';",
    ].join('\n');
    expect(importsOf(text)).toEqual([{ specifier: './real.ts', line: 6 }]);
  });
});
