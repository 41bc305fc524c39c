import { AriesError } from '@aries-data/sdk';
import { type Manifest, standaloneConnector } from './manifests.ts';
import type { Templates } from './read-templates.ts';

/** A template of a connector: what it is for, and how the connector made of it is first tried. */
export interface ConnectorTemplate {
  /** The flag that leads to it. */
  kind: 'source' | 'transform' | 'destination';
  /** It is a destination as well. */
  loads?: true;
  about: string;
  /** Arguments of `extract` that show records at once. Without them, `aries test` is the first thing to run. */
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
  transform: { kind: 'transform', about: 'changes records on their way' },
  destination: { kind: 'destination', about: 'writes to a system' },
} as const satisfies Record<string, ConnectorTemplate>;

export type ConnectorTemplateName = keyof typeof CONNECTOR_TEMPLATES;

/** The files of a new connector by their paths, named for it; `isOurs`: as a package of this repository. */
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
    // Licence and CI are the repository's; an image is each connector's own.
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

/** Texts by the names that they are to have: a `.gitignore` in this repository would speak of its own templates. */
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
