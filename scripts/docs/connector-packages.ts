import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Destination, Source, Transform } from '@aries-data/sdk';

/** The exports of a package under `connectors/`. */
export interface ConnectorPackage {
  /** The name of its folder. */
  name: string;
  description: string;
  source?: Source;
  destination?: Destination;
  /** Its transforms, by the names used in pipelines. */
  transforms: Record<string, Transform>;
}

/** Loads all packages under `connectors/`, sorted by name. */
export async function connectorPackages(root: string): Promise<ConnectorPackage[]> {
  const names = readdirSync(resolve(root, 'connectors')).filter((name) =>
    existsSync(resolve(root, `connectors/${name}/package.json`)),
  );
  return Promise.all(
    names.map(async (name) => {
      const { description } = JSON.parse(readFileSync(resolve(root, `connectors/${name}/package.json`), 'utf8'));
      const exports: object = await import(pathToFileURL(resolve(root, `connectors/${name}/src/index.ts`)).href);
      const { source, destination, transform, ...others } = exports as {
        source?: Source;
        destination?: Destination;
        transform?: Transform;
      };
      const transforms = Object.entries(others as Record<string, Transform>).filter(
        ([, value]) => value?.role === 'transform',
      );
      return {
        name,
        description,
        ...(source === undefined ? {} : { source }),
        ...(destination === undefined ? {} : { destination }),
        transforms: { ...Object.fromEntries(transforms), ...(transform === undefined ? {} : { [name]: transform }) },
      };
    }),
  );
}
