import { shortened } from '@aries-data/formats/internal';
import { AriesError, type HttpParameters } from '@aries-data/sdk';

/** Appends a path to the base URL; an absolute URL stays as it is. Throws `CONFIG_INVALID` if the result is not a web address. */
export function urlOf(path: string, baseUrl: string | undefined): URL {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return checked(path);
  if (baseUrl === undefined) {
    throw new AriesError('CONNECTOR_INVALID', `http got the path "${path}", but the connector declares no base URL`, {
      hint: 'Declare it next to config: http: { baseUrl: "https://…" }, or pass an absolute URL.',
    });
  }
  const base = checked(baseUrl);
  const [, pathname = '', search = ''] = /^([^?#]*)(\?[^#]*)?/.exec(path) ?? [];
  // An empty path is the base URL itself.
  if (pathname !== '') base.pathname = `${base.pathname.replace(/\/$/, '')}/${pathname.replace(/^\//, '')}`;
  for (const [name, value] of new URLSearchParams(search)) base.searchParams.append(name, value);
  return base;
}

/** Sets query parameters of a URL, replacing those with the same names. */
export function withQuery(url: URL, parameters: HttpParameters | undefined): URL {
  if (parameters === undefined) return url;
  const result = new URL(url);
  for (const [name, values] of Object.entries(parameters)) {
    const present = valuesOf(values);
    if (present.length > 0) result.searchParams.delete(name);
    for (const value of present) result.searchParams.append(name, value);
  }
  return result;
}

/** Encodes a form. */
export function formText(parameters: HttpParameters): string {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters))
    for (const value of valuesOf(values)) form.append(name, value);
  return form.toString();
}

function valuesOf(values: HttpParameters[string]): string[] {
  return [values]
    .flat()
    .filter((value) => value !== undefined && value !== null)
    .map(String);
}

/** Resolves a URL from a response against the URL of its request. Throws `DATA_INVALID` if it is not a web address. */
export function urlFrom(reference: string, from: URL): URL {
  const url = URL.parse(reference, from.href);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new AriesError('DATA_INVALID', `The API refers to "${shortened(reference)}", which is not a web address`);
  return url;
}

function checked(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new AriesError('CONFIG_INVALID', `"${text}" is not a web address`, {
      hint: 'Write it as https://host/path.',
    });
  return url;
}
