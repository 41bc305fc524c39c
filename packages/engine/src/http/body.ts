import { duplicateName, parseExact } from '@aries-data/formats';
import { shortened } from '@aries-data/formats/internal';
import { AriesError, type Json } from '@aries-data/sdk';
import { htmlTitle } from './html-title.ts';

/** Reads a body to its end, calling `onChunk` after each chunk. Throws `DATA_INVALID` if it is larger than `maxBytes`. */
export async function readBody(response: Response, maxBytes: number, onChunk: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new AriesError('DATA_INVALID', `The response is larger than ${maxBytes} bytes`, {
        hint: 'Request smaller pages, or raise maxBodyBytes in the connector’s http settings.',
      });
    }
    chunks.push(chunk);
    onChunk();
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Decodes a body with the charset of its content type (default: UTF-8). Throws `DATA_INVALID` instead of replacing invalid bytes. */
export function textOf(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AriesError('DATA_INVALID', `The response is not valid ${charset}`, {
      hint: 'This is a bug in the API, or in a proxy between.',
      cause,
    });
  }
}

const JSON_TYPE = /^(?:[\w.-]+\/(?:[\w.-]+\+)?json|text\/plain|application\/octet-stream)\s*(?:;|$)/i;

/** Thrown for JSON that ends too early: part of the response was lost, so a retry helps. */
export class TruncatedBody extends Error {}

/**
 * Parses a response as JSON; an empty one is null. Throws `DATA_INVALID` if it is something else or if an object has a name twice, and
 * `TruncatedBody` if it ends too early.
 */
export function jsonOf(text: string, contentType: string): Json {
  if (text.trim() === '') return null;
  if (/^text\/html|^application\/xhtml/i.test(contentType) || /^\s*<(?:!doctype|html)/i.test(text)) {
    throw new AriesError('DATA_INVALID', `The response is a web page instead of JSON${titleOf(text)}`, {
      hint: 'Check the base URL and the credentials: this may be a login page or a proxy.',
    });
  }
  if (contentType !== '' && !JSON_TYPE.test(contentType)) {
    throw new AriesError('DATA_INVALID', `The response is ${shortened(contentType)} instead of JSON`, {
      hint: 'Check the path, or request JSON with an Accept header. Read other formats with http.text.',
    });
  }
  const value = parsed(text);
  const twice = duplicateName(text, value);
  if (twice === undefined) return value;
  throw new AriesError(
    'DATA_INVALID',
    `The response has the name ${JSON.stringify(shortened(twice))} twice in one object`,
    {
      hint: 'Only one of the values could be kept. This is a bug in the API. If you can, exclude the field from the response.',
    },
  );
}

function parsed(text: string): Json {
  try {
    return parseExact(text);
  } catch (cause) {
    if (endsEarly(text))
      throw new TruncatedBody(`The response ends early, after ${text.length} characters: …${text.slice(-20)}`);
    throw new AriesError('DATA_INVALID', `The response is not JSON: ${(cause as Error).message}`, {
      hint: 'This is a bug in the API, or in a proxy between.',
      cause,
    });
  }
}

function titleOf(html: string): string {
  const title = htmlTitle(html);
  return title === undefined ? '' : `, titled "${shortened(title)}"`;
}

/** Returns true if brackets or a string are still open at the end of a text. */
function endsEarly(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
  }
  return quoted || depth > 0;
}
