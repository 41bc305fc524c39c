import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Archive } from './archives.ts';

/** Says why packages cannot be published from here; undefined where they can. */
export function whyNotPublish(env: NodeJS.ProcessEnv): string | undefined {
  // npm signs where a package comes from with the identity of a workflow's run, which no other machine has.
  if (env.GITHUB_ACTIONS === 'true' && env.ACTIONS_ID_TOKEN_REQUEST_URL) return undefined;
  return [
    'Packages are published only by the release workflow on GitHub, where npm can attest what they were built from.',
    'To do everything but publish: pnpm release --dry-run',
  ].join('\n');
}

/** Publishes the packages whose version npm lacks, with provenance, and tags them. Nothing leaves that was not checked before. */
export function publish(root: string, checked: readonly Archive[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'aries-publish-'));
  // pnpm publishes, and older versions of it by way of npm.
  const env = { ...process.env, pnpm_config_provenance: 'true', npm_config_provenance: 'true' };
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
        `${file} is not the tarball that was checked. Did something build meanwhile? Run the release again.`,
      );
  }
}
