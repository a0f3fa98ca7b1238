import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The part of `package-lock.json` (version 3) that matters here. */
export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface MissingPackage {
  readonly name: string;
  readonly version: string;
  readonly wantedBy: string;
}

/**
 * Platform packages that a locked package names and the lock lacks. npm leaves them out when the registry that it asks does
 * not have them, and `npm ci` then refuses the whole lock, on every platform.
 */
export function missingPlatformPackages({ packages }: Lockfile): MissingPackage[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(
        ([name]) =>
          packages[`${path}/node_modules/${name}`] === undefined && packages[`node_modules/${name}`] === undefined,
      )
      .map(([name, version]) => ({ name, version, wantedBy: path })),
  );
}

/**
 * The lock with the missing entries, from what their parent says: exact version, platform in the name
 * (`binding-linux-x64-musl`). Without an integrity, since there is nothing to take it from.
 */
export function completeLockfile(lockfile: Lockfile): Lockfile {
  const added = missingPlatformPackages(lockfile).map(({ name, version, wantedBy }) => {
    if (!/^\d+\.\d+\.\d+/.test(version))
      throw new Error(`${wantedBy} wants ${name}@${version}: not an exact version, add it by hand`);
    const parent = lockfile.packages[wantedBy]!;
    const [os, cpu, abi] = name.replace(/^.*\/(cli-|binding-)?/, '').split('-') as [string, string, string?];
    const libc = abi === 'musl' ? ['musl'] : abi === 'gnu' ? ['glibc'] : undefined;
    const { dev, license, engines } = parent;
    const entry = { version, cpu: [cpu], dev, libc, license, optional: true, os: [os], engines };
    return [`node_modules/${name}`, JSON.parse(JSON.stringify(entry)) as LockedPackage] as const;
  });
  const { '': root, ...rest } = { ...lockfile.packages, ...Object.fromEntries(added) };
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lockfile, packages: { ...(root === undefined ? {} : { '': root }), ...Object.fromEntries(sorted) } };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
  const missing = missingPlatformPackages(lockfile);
  if (missing.length > 0 && process.argv.includes('--fix')) {
    writeFileSync('package-lock.json', `${JSON.stringify(completeLockfile(lockfile), null, 2)}\n`);
    console.log(`added ${missing.length} entries to package-lock.json`);
  } else {
    for (const { name, version, wantedBy } of missing)
      console.error(`package-lock.json lacks ${name}@${version}, wanted by ${wantedBy}`);
    if (missing.length > 0) console.error('npm ci would refuse it: run "node scripts/checkLockfile.ts --fix"');
    process.exitCode = missing.length === 0 ? 0 : 1;
  }
}
