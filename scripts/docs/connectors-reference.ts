import type { Source } from '@aries-data/sdk';
import type { ConnectorPackage } from './connector-packages.ts';
import { generatedFrom, markdownTable } from './markdown.ts';
import { sampleConfig } from './sample-config.ts';

const HEAD = `${generatedFrom('the exports of the packages under connectors/')}

# Connectors

The connectors in this repository. Follow a name to its README for options, required permissions and limits. Your own connector, a
path or a package, is used in the same way.`;

const NOTES = `- **Streams**: *discovered* streams are reported by the system; *configured* streams are listed in the config. \`aries discover\` prints them.
- **Takes**: the staged formats whose parts are loaded unchanged. Parts in other formats are loaded record by record.
- **Delivery**: what is guaranteed if a load fails, see [Guarantees](../guarantees.md). [Running it again](../guides/running-again.md)
  explains the dispositions.`;

/** Writes the page of all connectors in this repository. */
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
      scope === 'batch' ? 'batches, inside the previous step' : 'the whole dataset, as a separate step',
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
    markdownTable(['connector', 'reads from', 'streams'], sourceRows),
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

/** Lists the streams of a source with fixed ones, without reaching any system. */
function streamsOf({ config, streams }: Source): string {
  // A source that asks its system for streams is asynchronous.
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
