import type { ImageSize } from '../scripts/packages/recorded-sizes.ts';

/** One entry of `docker history --format '{{json .}}' --human=false --no-trunc`. */
interface Entry {
  CreatedBy: string;
  Size: string;
}

/** The contents of a layer, by the instruction that made it. */
const LAYERS: [RegExp, string][] = [
  [/COPY .*\/opt\/aries\s*(#.*)?$/, 'command'],
  [/fill-compile-cache/, 'compile cache'],
  [/COPY .*(\.|\/aries\/connector)\/?\s*(#.*)?$/, 'connector'],
  [/-c aries-install\s*(#.*)?$/, 'dependencies and compile cache'],
];

/** Smaller layers get no name of their own, such as links and the connector's place in the base. */
const SMALLEST = 1000;

/** Adds up the layers that an image adds to its base. Both histories are in docker's order, newest entry first. */
export function imageSize(on: string, history: string, historyBelow: string): ImageSize {
  const entries = parse(history);
  const own = entries.slice(0, entries.length - parse(historyBelow).length).reverse();
  const layers = new Map<string, number>();
  for (const { CreatedBy, Size } of own) {
    const bytes = Number(Size);
    if (bytes === 0) continue;
    const [, named = 'other'] = LAYERS.find(([pattern]) => pattern.test(CreatedBy)) ?? [];
    const made = bytes < SMALLEST ? 'other' : named;
    layers.set(made, (layers.get(made) ?? 0) + bytes);
  }
  return { on, layers: [...layers].map(([made, bytes]) => ({ made, bytes })) };
}

function parse(history: string): Entry[] {
  return history
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
}
