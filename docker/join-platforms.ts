/**
 * Joins the images of each platform into one and signs it (cosign, keyless: with the identity of the workflow that runs this).
 * A release calls it after all images are pushed: node docker/join-platforms.ts --prefix P --tag T --platforms amd64,arm64
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectorNames, imageNames } from './image-names.ts';

const { values } = parseArgs({
  options: { prefix: { type: 'string' }, tag: { type: 'string' }, platforms: { type: 'string' } },
});
const { prefix, tag, platforms } = values;
if (prefix === undefined || tag === undefined || platforms === undefined) {
  console.error('join-platforms needs --prefix, --tag and --platforms, such as amd64,arm64.');
  process.exit(2);
}

const names = everyName(prefix, tag);
const latest = everyName(prefix);
const parts = platforms.split(',').map((platform) => everyName(prefix, `${tag}-${platform}`));
for (const [index, name] of names.entries()) {
  const tags = [name, latest[index]!].flatMap((each) => ['--tag', each]);
  run('docker', ['buildx', 'imagetools', 'create', ...tags, ...parts.map((each) => each[index]!)]);
  const digest = execFileSync('docker', ['buildx', 'imagetools', 'inspect', '--format', '{{.Manifest.Digest}}', name], {
    encoding: 'utf8',
  }).trim();
  // By digest, because a tag could be moved meanwhile. Recursive, to include the images of the platforms and their SBOMs.
  run('cosign', ['sign', '--yes', '--recursive', `${name.slice(0, name.lastIndexOf(':'))}@${digest}`]);
}

/** Lists the names of all images, in the same order for each tag. */
function everyName(prefix: string, tag?: string): string[] {
  const { base, core, connector } = imageNames(prefix, tag);
  return [base, core, ...connectorNames(resolve(import.meta.dirname, '..')).map(connector)];
}

function run(command: string, args: string[]): void {
  execFileSync(command, args, { stdio: 'inherit' });
}
