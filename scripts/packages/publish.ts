import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Archive } from './archives.ts';
import type { PublicPackage } from './public-packages.ts';

/** Says why packages cannot be published from here; undefined if they can. */
export function whyNotPublish(packages: readonly PublicPackage[], env: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_ACTIONS, ACTIONS_ID_TOKEN_REQUEST_URL, GITHUB_REPOSITORY = '' } = env;
  // npm attests a package's origin with the identity of a workflow's run, which no other machine has.
  if (GITHUB_ACTIONS !== 'true' || !ACTIONS_ID_TOKEN_REQUEST_URL)
    return [
      'Packages are published only by the release workflow on GitHub, where npm can attest what they were built from.',
      'To do everything but publish: pnpm release --dry-run',
    ].join('\n');
  const elsewhere = packages.filter(({ repository }) => !repository?.includes(`/${GITHUB_REPOSITORY}`));
  if (elsewhere.length === 0) return undefined;
  return [
    `npm refuses the provenance of packages that do not name their repository: ${elsewhere.map(({ name }) => name).join(', ')}.`,
    `Add to each package.json: "repository": { "type": "git", "url": "git+https://github.com/${GITHUB_REPOSITORY}.git" }`,
  ].join('\n');
}

/** Publishes the packages whose version npm lacks, with provenance, and tags them. Publishes only checked tarballs. */
export function publish(root: string, checked: readonly Archive[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'aries-publish-'));
  // Changesets publish with pnpm, which has no other way to be told.
  const env = { ...process.env, pnpm_config_provenance: 'true' };
  const changeset = (...args: string[]) => execFileSync('changeset', args, { cwd: root, env, stdio: 'inherit' });
  try {
    changeset('pack', '--out-dir', folder);
    refuseOthers(join(folder, 'packages'), checked);
    changeset('publish', '--from-pack-dir', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function refuseOthers(folder: string, checked: readonly Archive[]): void {
  for (const file of readdirSync(folder)) {
    const archive = checked.find((one) => basename(one.file) === file);
    if (archive === undefined || !readFileSync(archive.file).equals(readFileSync(join(folder, file))))
      throw new Error(
        `${file} is not the tarball that was checked. Another build may have run meanwhile. Run the release again.`,
      );
  }
}
