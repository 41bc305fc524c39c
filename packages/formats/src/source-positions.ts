import { createRequire } from 'node:module';
import type { PlaceOf } from '@aries-data/sdk/internal';
import type { Document, LineCounter } from 'yaml';

/**
 * Returns a function that finds the lines of a YAML or JSON document. The text is parsed on the first call, that is, when there is an
 * error to report.
 *
 * @example
 * sourcePositions('name: shop\nport: x\n', 'shop.yaml')(['port']); // 'shop.yaml:2'
 */
export function sourcePositions(text: string, file: string): PlaceOf {
  let places: PlaceOf | undefined;
  return (path) => {
    places ??= placesOf(text, file);
    return places(path);
  };
}

function placesOf(text: string, file: string): PlaceOf {
  // Loaded late, because it is rarely needed, and synchronously, because errors are thrown in synchronous code.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const lines: LineCounter = new yaml.LineCounter();
  const document: Document = yaml.parseDocument(text, { lineCounter: lines });
  const offsetOf = (path: readonly PropertyKey[]): number | undefined => {
    const last = path.at(-1);
    const above = document.getIn(path.slice(0, -1), true);
    const pair = yaml.isMap(above)
      ? above.items.find(({ key }) => String(yaml.isScalar(key) ? key.value : key) === String(last))
      : undefined;
    // An option begins at its key; the value may be lines below.
    const node = pair?.key ?? document.getIn(path, true);
    return (node as { range?: [number, number, number] } | undefined)?.range?.[0];
  };
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const offset = offsetOf(path.slice(0, length));
      if (offset !== undefined) return `${file}:${lines.linePos(offset).line}`;
    }
    return file;
  };
}
