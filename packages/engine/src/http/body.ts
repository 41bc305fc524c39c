import { duplicateName, parseExact } from '@aries-data/formats';
import { shortened } from '@aries-data/formats/internal';
import type { Json } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import { htmlTitle } from './html-title.ts';

/** Reads a body to its end. Throws `DATA_INVALID` where it is larger than allowed; `onChunk` is called after each piece. */
export async function readBody(response: Response, maxBytes: number, onChunk: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new AriesError('DATA_INVALID', `The answer is larger than ${maxBytes} bytes`, {
        hint: 'Ask for smaller pages, or raise maxBodyBytes in the connector’s http settings.',
      });
    }
    chunks.push(chunk);
    onChunk();
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Decodes a body by the charset of its content type, UTF-8 by default. Throws `DATA_INVALID` rather than replace a character. */
export function textOf(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AriesError('DATA_INVALID', `The answer is not valid ${charset}`, {
      hint: 'This is a fault of the API, or of a proxy in between.',
      cause,
    });
  }
}

const JSON_TYPE = /^(?:[\w.-]+\/(?:[\w.-]+\+)?json|text\/plain|application\/octet-stream)\s*(?:;|$)/i;

/** A JSON text that ends too early: what came with it got lost on the way, so asking again helps. */
export class TruncatedBody extends Error {}

/** Reads an answer as JSON. Throws `DATA_INVALID` where it is something else, or an object in it has a name twice; or `TruncatedBody`. An empty one is null. */
export function jsonOf(text: string, contentType: string): Json {
  if (text.trim() === '') return null;
  if (/^text\/html|^application\/xhtml/i.test(contentType) || /^\s*<(?:!doctype|html)/i.test(text)) {
    throw new AriesError('DATA_INVALID', `The answer is a web page instead of JSON${titleOf(text)}`, {
      hint: 'Check the base URL and the credentials: log-in pages and proxies answer so.',
    });
  }
  if (contentType !== '' && !JSON_TYPE.test(contentType)) {
    throw new AriesError('DATA_INVALID', `The answer is ${shortened(contentType)} instead of JSON`, {
      hint: 'Check the path, or ask for JSON with an Accept header. Other formats are read with http.text.',
    });
  }
  const value = parsed(text);
  const twice = duplicateName(text, value);
  if (twice === undefined) return value;
  throw new AriesError(
    'DATA_INVALID',
    `The answer has the name ${JSON.stringify(shortened(twice))} twice in one object`,
    {
      hint: 'Only one of the values could be kept. This is a fault of the API: leave the field out of the answer, if it can be asked to.',
    },
  );
}

function parsed(text: string): Json {
  try {
    return parseExact(text);
  } catch (cause) {
    if (endsEarly(text))
      throw new TruncatedBody(`The answer breaks off after ${text.length} characters: …${text.slice(-20)}`);
    throw new AriesError('DATA_INVALID', `The answer is not JSON: ${(cause as Error).message}`, {
      hint: 'This is a fault of the API, or of a proxy in between.',
      cause,
    });
  }
}

function titleOf(html: string): string {
  const title = htmlTitle(html);
  return title === undefined ? '' : `, titled "${shortened(title)}"`;
}

/** Whether brackets or a string are still open at the end of a text. */
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
