import { execFileSync } from 'node:child_process';

/** The description of an image, from its package. */
export interface Labelled {
  title: string;
  description: string;
  version: string;
  license: string;
}

/** The origin of an image's code. */
export interface Origin {
  /** The commit. */
  revision?: string | undefined;
  /** The URL of the repository. */
  source?: string | undefined;
}

/** Makes the labels of an image. https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export function imageLabels(labelled: Labelled, origin: Origin, created = new Date()): Record<string, string> {
  const { title, description, version, license } = labelled;
  const labels = { title, description, version, licenses: license, ...origin, created: created.toISOString() };
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, value]) =>
      value === undefined ? [] : [[`org.opencontainers.image.${key}`, value]],
    ),
  );
}

/** Finds the origin of a clone's code: from the variables of a GitHub workflow, or else from git. */
export function originOf(root: string, env: NodeJS.ProcessEnv = process.env): Origin {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  const source =
    server && repository ? `${server}/${repository}` : webAddress(git(root, 'remote', 'get-url', 'origin'));
  return { revision: git(root, 'rev-parse', 'HEAD'), source };
}

/** Returns the web URL of a remote, without credentials; undefined if it is a folder. */
function webAddress(remote: string | undefined): string | undefined {
  const [, host, path] =
    /^(?:https?:\/\/(?:[^@/]*@)?|git@|ssh:\/\/git@)([^/:]+)[/:](.+?)(?:\.git)?$/.exec(remote ?? '') ?? [];
  return host === undefined ? undefined : `https://${host}/${path}`;
}

function git(root: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
