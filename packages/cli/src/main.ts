#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import module from 'node:module';

// The first version that strips types, has zstd and hooks for modules.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`aries needs Node 22.18 or later; this is ${process.version}\n`);
  process.exit(78);
}

// Caches compiled code for each version of Node; on a read-only disk this does nothing.
module.enableCompileCache();

const argv = process.argv.slice(2);

if (argv[0] === '--version' || argv[0] === '-v') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  process.stdout.write(`aries ${version}\n`);
} else {
  const { runCli } = await import('./run-cli.ts');
  // Not awaited: if the promise of a step never settles, the command must end with a result, not with Node's exit code 13.
  void runCli(argv);
}
