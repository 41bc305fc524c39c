import { AriesError } from '@aries-data/sdk';
import { type Manifest, standaloneConnector } from './manifests.ts';
import type { Templates } from './read-templates.ts';

/** A template of a connector, with a description and a first command to try. */
export interface ConnectorTemplate {
  /** The flag that chooses it. */
  kind: 'source' | 'transform' | 'destination';
  /** True if it is a destination as well. */
  loads?: true;
  about: string;
  /** Arguments of an `extract` that shows records at once; without them, the first command is `aries test`. */
  firstRead?: string;
}

export const CONNECTOR_TEMPLATES = {
  api: {
    kind: 'source',
    about: 'reads a web API',
    firstRead: `--config '{"repo":"nodejs/node"}' --limit 10`,
  },
  database: { kind: 'source', loads: true, about: 'reads and loads the tables of a database' },
  file: { kind: 'source', about: 'reads a file format', firstRead: `--config '{"path":"example/access.log"}'` },
  transform: { kind: 'transform', about: 'changes records between source and destination' },
  destination: { kind: 'destination', about: 'writes to a system' },
} as const satisfies Record<string, ConnectorTemplate>;

export type ConnectorTemplateName = keyof typeof CONNECTOR_TEMPLATES;

/** Returns the files of a new connector by their paths. `isOurs`: as a package of this repository. */
export function connectorFiles(
  name: string,
  template: ConnectorTemplateName,
  { texts, versions }: Templates,
  isOurs: boolean,
): Record<string, string> {
  const own = texts[template];
  const common = texts.package;
  if (own === undefined || common === undefined)
    throw new AriesError('BUG', `The installation of aries is incomplete: the template ${template} is missing`);
  const placeholder = `my-${template}`;
  const packageName = isOurs ? `@aries-data/connector-${name}` : `aries-connector-${name}`;
  const named = (text: string) =>
    text
      .replaceAll(`@aries-data/connector-${placeholder}`, packageName)
      .replaceAll('my-connector', name)
      .replaceAll(placeholder, name)
      .replaceAll(constant(placeholder), constant(name));
  const manifest = JSON.parse(named(own['package.json']!)) as Manifest;
  if (isOurs) {
    const { private: _, ...published } = manifest;
    // The repository has the licence and the CI; each connector has its own image.
    const { Dockerfile = '' } = common;
    return {
      ...mapped(own, named),
      Dockerfile,
      'package.json': json({ ...published, files: [...(published.files ?? []), 'Dockerfile'] }),
    };
  }
  const shared = mapped(common, (text, path) =>
    path === 'LICENSE' ? named(text).replace(/\b20\d\d\b/, String(new Date().getFullYear())) : named(text),
  );
  return { ...mapped(own, named), ...shared, 'package.json': json(standaloneConnector(manifest, versions)) };
}

/** Changes texts and restores their file names: a `.gitignore` below `templates/` would apply to the templates themselves. */
export function mapped(
  texts: Record<string, string>,
  change: (text: string, path: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([path, text]) => [path.replace(/^gitignore$/, '.gitignore'), change(text, path)]),
  );
}

export function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function constant(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
