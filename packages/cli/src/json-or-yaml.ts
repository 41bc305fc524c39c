import { duplicateName } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';

/** Parses a document in JSON, or else in YAML. Errors give the place and never the text, which may hold a secret. */
export async function parseJsonOrYaml(text: string, where: string): Promise<unknown> {
  try {
    return await parsed(text, where);
  } catch (error) {
    // The parsers recurse at each level.
    throw error instanceof RangeError ? new Error(`${where} has too many levels of lists and objects`) : error;
  }
}

async function parsed(text: string, where: string): Promise<unknown> {
  if (/^\s*[[{]/.test(text)) {
    let value: Json | undefined;
    try {
      value = JSON.parse(text) as Json;
    } catch (cause) {
      // Flow style YAML starts like JSON, but a text without line breaks was meant as JSON.
      if (!text.trim().includes('\n')) throw new Error(`${where} is not valid JSON${placeOf(cause, text)}`);
    }
    const twice = value === undefined ? undefined : duplicateName(text, value);
    if (twice !== undefined) throw new Error(`${where} has the name ${JSON.stringify(twice)} twice in one object`);
    if (value !== undefined) return value;
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: false, strict: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined)
    throw new Error(`${where} is neither valid JSON nor YAML (${error.code}${lineOf(text, error.pos[0])})`);
  return document.toJS();
}

function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('Unexpected end')) return ': it ends too early';
  const position = /position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : ` (at character ${Math.min(Number(position) + 1, text.length)})`;
}

function lineOf(text: string, position: number): string {
  return `, line ${text.slice(0, position).split('\n').length}`;
}
