import { expect, it } from 'vitest';
import { completeLockfile, type Lockfile, missingPlatformPackages } from './checkLockfile.ts';

const lockfile: Lockfile = {
  packages: {
    '': {},
    'node_modules/parser': {
      version: '1.2.3',
      dev: true,
      license: 'MIT',
      optionalDependencies: { '@parser/binding-linux-x64-gnu': '1.2.3', '@parser/binding-linux-x64-musl': '1.2.3' },
    },
    'node_modules/@parser/binding-linux-x64-gnu': { version: '1.2.3', optional: true, os: ['linux'], cpu: ['x64'] },
  },
};

it('names the platform package that a lock lacks', () => {
  expect(missingPlatformPackages(lockfile)).toEqual([
    { name: '@parser/binding-linux-x64-musl', version: '1.2.3', wantedBy: 'node_modules/parser' },
  ]);
});

it('completes a lock so that nothing is missing, for the platform in the name, and keeps what was there', () => {
  const complete = completeLockfile(lockfile);
  expect(missingPlatformPackages(complete)).toEqual([]);
  expect(complete.packages['node_modules/@parser/binding-linux-x64-musl']).toEqual({
    version: '1.2.3',
    dev: true,
    license: 'MIT',
    optional: true,
    os: ['linux'],
    cpu: ['x64'],
    libc: ['musl'],
  });
  expect(complete.packages).toMatchObject(lockfile.packages);
});

it('finds a package that is nested under its parent', () => {
  const nested = { ...lockfile.packages, 'node_modules/parser/node_modules/@parser/binding-linux-x64-musl': {} };
  expect(missingPlatformPackages({ packages: nested })).toEqual([]);
});

it('refuses to guess a version', () => {
  const loose: Lockfile = { packages: { 'node_modules/a': { optionalDependencies: { '@a/linux-x64': '^1.0.0' } } } };
  expect(() => completeLockfile(loose)).toThrow('not an exact version');
});
