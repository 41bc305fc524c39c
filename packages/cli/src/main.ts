#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import module from 'node:module';

// Types are stripped, zstd is there and modules can be hooked from this one on.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`aries needs Node 22.18 or later; this is ${process.version}\n`);
  process.exit(78);
}

// What is loaded from here on is compiled once per version of Node; on a read-only disk this does nothing.
module.enableCompileCache();

const argv = process.argv.slice(2);

if (argv[0] === '--version' || argv[0] === '-v') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  process.stdout.write(`aries ${version}\n`);
} else {
  const { runCli } = await import('./run-cli.ts');
  // Not awaited: a step whose promise never settles must end with a result, not with Node's exit code 13.
  void runCli(argv);
}
