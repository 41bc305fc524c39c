import type { Source } from '@aries-data/sdk';
import type { ConnectorPackage } from './connector-packages.ts';
import { generatedFrom, markdownTable } from './markdown.ts';
import { sampleConfig } from './sample-config.ts';

const HEAD = `${generatedFrom('what the packages under connectors/ export')}

# Connectors

What each connector reads and writes. Its README, behind the name, has its options, the permissions it needs and its limits.
A connector of your own, a path or a package, is used in the same way.`;

const NOTES = `- **Streams**: *discovered* are those that the system tells of; *configured*, those that the config names. \`aries discover\` prints them.
- **Takes** are the staged formats whose parts go in untouched; parts of any other format are loaded as records.
- **Delivery** says what holds when a load breaks off: [Guarantees](../guarantees.md). The dispositions are explained in
  [Running it again](../guides/running-again.md).`;

/** The page of all connectors in this repository. */
export function connectorsReference(packages: readonly ConnectorPackage[]): string {
  const sources = packages.flatMap(({ name, description, source }) =>
    source === undefined ? [] : [{ name, description, source }],
  );
  const sourceRows = sources.map(({ name, description, source }) => [
    link(name),
    description.replace(/^Aries connector for /, ''),
    streamsOf(source),
  ]);
  const destinationRows = packages.flatMap(({ name, destination }) =>
    destination === undefined
      ? []
      : [[link(name), code(destination.dispositions), code(destination.formats), destination.delivery]],
  );
  const transformRows = packages.flatMap(({ name, transforms }) =>
    Object.entries(transforms).map(([transform, { scope }]) => [
      `[\`${transform}\`](../../connectors/${name}/README.md${transform === name ? '' : `#${transform}`})`,
      scope === 'batch' ? 'batches, within the step before it' : 'the whole dataset, as a step of its own',
    ]),
  );
  return [
    HEAD,
    '## All',
    markdownTable(
      ['connector', 'source', 'destination', 'transforms'],
      packages.map(({ name, source, destination, transforms }) => [
        link(name),
        source === undefined ? '' : 'yes',
        destination === undefined ? '' : 'yes',
        code(Object.keys(transforms)),
      ]),
    ),
    '## Sources',
    markdownTable(['connector', 'what it is', 'streams'], sourceRows),
    '## Destinations',
    markdownTable(['connector', 'dispositions', 'takes', 'delivery'], destinationRows),
    '## Transforms',
    markdownTable(['transform', 'what it works on'], transformRows),
    NOTES,
  ].join('\n\n');
}

function link(name: string): string {
  return `[\`${name}\`](../../connectors/${name}/README.md)`;
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

/** The streams of a source that has the same ones whatever its config; asking it reaches no system. */
function streamsOf({ config, streams }: Source): string {
  // Those that ask their system await it.
  if (streams.constructor.name === 'AsyncFunction') return 'discovered';
  const [one, other] = ['a', 'b'].map((text) => namesWith(streams, sampleConfig(config, text)));
  return one === other && one !== '' ? one! : 'configured';
}

function namesWith(streams: Source['streams'], config: unknown): string {
  try {
    return code(Object.keys(streams({ config, stream: (definition: unknown) => definition } as never)));
  } catch {
    return '';
  }
}
