import { globSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The names of the images of one build. */
export interface ImageNames {
  base: string;
  /** The base without triggers. */
  core: string;
  /** Returns a connector's image: `aries-postgres` for `postgres`. */
  connector(name: string): string;
}

/** Names images, such as `registry.example.com/aries-data:1.2.3` and `…/aries-data:1.2.3-core`. */
export function imageNames(prefix: string, tag?: string): ImageNames {
  const suffix = tag === undefined ? '' : `:${tag}`;
  return {
    base: `${prefix}aries-data${suffix}`,
    core: `${prefix}aries-data:${tag === undefined ? '' : `${tag}-`}core`,
    connector: (name) => `${prefix}aries-${name}${suffix}`,
  };
}

/** Lists the connectors that become images. */
export function connectorNames(root: string): string[] {
  return globSync('connectors/*/Dockerfile', { cwd: root })
    .map((file) => basename(dirname(file)))
    .sort();
}
