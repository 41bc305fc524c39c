import { nearest } from '@aries-data/sdk';
import type { RestApi, RestAuth, RestDeletes, RestPagination, RestStream } from './declaration.ts';
import { referencesIn } from './template.ts';

/** A problem of a declaration, and its path. */
export interface Problem {
  path: (string | number)[];
  message: string;
}

const AUTH: Record<RestAuth['type'], { needs: (keyof RestAuth)[]; takes: (keyof RestAuth)[] }> = {
  bearer: { needs: ['token'], takes: [] },
  basic: { needs: ['username', 'password'], takes: [] },
  header: { needs: ['name', 'value'], takes: [] },
  query: { needs: ['name', 'value'], takes: [] },
  oauth2: { needs: ['grant', 'tokenUrl', 'clientId'], takes: ['clientSecret', 'refreshToken', 'scope', 'clientIn'] },
};

const COUNTED: (keyof RestPagination)[] = ['parameter', 'in', 'first', 'size', 'sizeParameter', 'total', 'more'];
const PAGINATION: Record<RestPagination['type'], { needs: (keyof RestPagination)[]; takes: (keyof RestPagination)[] }> =
  {
    link: { needs: [], takes: ['rel'] },
    next: { needs: [], takes: ['place', 'header', 'optional'] },
    cursor: { needs: ['parameter'], takes: ['place', 'header', 'lastRecord', 'in', 'more', 'optional'] },
    page: { needs: [], takes: COUNTED },
    offset: { needs: [], takes: COUNTED },
    none: { needs: [], takes: [] },
  };

/** Checks what types cannot express: which options go together, and that names refer to something. */
export function checkApi(api: RestApi): Problem[] {
  return [
    ...together(api.auth, AUTH, ['auth']),
    ...(api.auth?.grant === 'refresh_token' && api.auth.refreshToken === undefined
      ? [{ path: ['auth', 'refreshToken'], message: 'is missing' }]
      : []),
    ...checkPagination(api.pagination, ['pagination']),
    ...(Object.keys(api.streams).length === 0 ? [{ path: ['streams'], message: 'expected at least one stream' }] : []),
    ...Object.entries(api.streams).flatMap(([name, stream]) =>
      checkStream(stream, api, name).map(({ path, message }) => ({ path: ['streams', name, ...path], message })),
    ),
  ];
}

function checkStream(stream: RestStream, api: RestApi, name: string): Problem[] {
  return [
    ...checkPagination(stream.pagination, ['pagination']),
    ...checkPagination(stream.incremental?.pagination, ['incremental', 'pagination']),
    ...checkPagination(stream.deletes?.pagination, ['deletes', 'pagination']),
    ...checkBodies(stream),
    ...checkKey(stream, ['key']),
    ...checkKey(stream.deletes, ['deletes', 'key']),
    ...checkParent(stream, api, name),
    ...checkFields(stream),
    ...checkDeletes(stream),
    ...checkReferences(stream),
    ...(stream.incremental !== undefined && stream.cursor === undefined
      ? [{ path: ['incremental'], message: 'needs a cursor: without one, everything is read each time' }]
      : []),
  ];
}

function checkKey(from: Pick<RestStream, 'key' | 'shape'> | undefined, path: string[]): Problem[] {
  if (from?.key === undefined || from.shape === 'map' || from.shape === 'values') return [];
  return [{ path, message: 'is only used with shape map or values' }];
}

/** Options of `deletes` that belong to its own endpoint. */
const OF_ENDPOINT: readonly (keyof RestDeletes)[] = [
  'method',
  'query',
  'headers',
  'json',
  'form',
  'records',
  'pagination',
  'shape',
  'key',
  'fields',
];

function checkDeletes({ deletes, primaryKey, cursor, parent }: RestStream): Problem[] {
  if (deletes === undefined) return [];
  const { field, equals, status, path, fields, at } = deletes;
  const say = (path: string[], message: string): Problem[] => [{ path: ['deletes', ...path], message }];
  if (field === undefined && status === undefined && path === undefined)
    return say([], 'expected "field", "status" or "path", which say how deleted records are told');
  if (status !== undefined && (field !== undefined || path !== undefined))
    return say(['status'], 'cannot be used with "field" or "path"');
  if (primaryKey === undefined) return say([], 'needs a primaryKey, which says which record is deleted');
  const copied = Object.keys(parent?.copy ?? {});
  const uncopied = primaryKey.filter((name) => !copied.includes(name));
  const keyed = [...primaryKey, ...(cursor === undefined ? [] : [cursor.field])];
  return [
    ...(equals !== undefined && field === undefined ? say(['equals'], 'needs "field", the place to compare') : []),
    ...(at !== undefined && status !== undefined ? say(['at'], 'is not used with "status"') : []),
    ...OF_ENDPOINT.filter((name) => path === undefined && deletes[name] !== undefined).flatMap((name) =>
      say([name], 'needs "path", an endpoint that lists deleted records'),
    ),
    ...(field === undefined && cursor === undefined
      ? say([], 'needs a cursor: without one, everything is read each time, and what is deleted is not there')
      : []),
    ...(status !== undefined && parent === undefined
      ? say(['status'], 'needs a parent, whose records are requested one by one')
      : []),
    ...(status !== undefined && parent !== undefined && uncopied.length > 0
      ? say(['status'], `needs parent.copy to have the primary key: ${uncopied.join(', ')} is missing there`)
      : []),
    ...Object.keys(fields ?? {})
      .filter((name) => !keyed.includes(name))
      .flatMap((name) => {
        const near = nearest(name, keyed);
        const hint = near.length > 0 ? `, did you mean ${near.join(' or ')}?` : '';
        return say(['fields', name], `"${name}" is not in the primary key or the cursor${hint}`);
      }),
  ];
}

function checkBodies({ method, json, form, incremental, deletes }: RestStream): Problem[] {
  const problems: Problem[] = [];
  const say = (path: string[], sent: string | undefined) =>
    problems.push({ path, message: `needs the method POST, not ${sent ?? 'GET'}` });
  for (const [key, body] of Object.entries({ json, form }))
    if (body !== undefined && method !== 'POST') say([key], method);
  const later = incremental?.method ?? method;
  for (const [key, body] of Object.entries({ json: incremental?.json, form: incremental?.form }))
    if (body !== undefined && later !== 'POST') say(['incremental', key], later);
  for (const [key, body] of Object.entries({ json: deletes?.json, form: deletes?.form }))
    if (body !== undefined && deletes?.method !== 'POST') say(['deletes', key], deletes?.method);
  return problems;
}

function checkParent(stream: RestStream, { streams }: RestApi, name: string): Problem[] {
  const { parent, cursor, schema } = stream;
  if (parent === undefined) return [];
  const path = ['parent', 'stream'];
  if (!Object.hasOwn(streams, parent.stream)) {
    const near = nearest(parent.stream, Object.keys(streams));
    const hint = near.length > 0 ? `, did you mean ${near.join(' or ')}?` : '';
    return [{ path, message: `there is no stream "${parent.stream}"${hint}` }];
  }
  const line = [name];
  for (let at: string | undefined = parent.stream; at !== undefined; at = streams[at]?.parent?.stream) {
    if (line.includes(at)) return [{ path, message: `${[...line, at].join(' → ')} is a circle` }];
    line.push(at);
  }
  const { path: asked, query, json, form } = stream;
  if (!JSON.stringify([asked, query, json, form]).includes('{parent.'))
    return [{ path: ['parent'], message: 'is not used; write {parent.id} in the path or the query' }];
  const type = cursor === undefined ? undefined : schema?.[cursor.field];
  const format = typeof type === 'string' ? type : (type?.format as string | undefined);
  if (type === undefined || format === 'date' || format === 'date-time') return [];
  return [
    {
      path: ['cursor', 'field'],
      message: `a stream with a parent is read up to the time when reading begins, so its cursor must be a date-time or a date; convert it with "fields" and a "unit"`,
    },
  ];
}

/** Finds fields that are not in the schema, which would be read and then dropped. */
function checkFields({ schema, primaryKey, cursor, fields, parent }: RestStream): Problem[] {
  if (schema === undefined) return [];
  const named: Problem['path'][] = [
    ...(primaryKey ?? []).map((_, index) => ['primaryKey', index]),
    ...(cursor === undefined ? [] : [['cursor', 'field']]),
    ...Object.keys(fields ?? {}).map((field) => ['fields', field]),
    ...Object.keys(parent?.copy ?? {}).map((field) => ['parent', 'copy', field]),
  ];
  const nameAt = (path: Problem['path']): string => {
    const [group, last] = [path[0], path.at(-1)!];
    return group === 'primaryKey' ? primaryKey![last as number]! : group === 'cursor' ? cursor!.field : String(last);
  };
  return named
    .filter((path) => !Object.hasOwn(schema, nameAt(path)))
    .map((path) => {
      const near = nearest(nameAt(path), Object.keys(schema));
      const hint = near.length > 0 ? `, did you mean ${near.join(' or ')}?` : '';
      return { path, message: `"${nameAt(path)}" is not in the schema${hint}` };
    });
}

function checkReferences({ path, query, incremental, deletes, parent, cursor }: RestStream): Problem[] {
  const texts: [Problem['path'], unknown][] = [
    [['path'], path],
    [['incremental', 'path'], incremental?.path],
    ...Object.entries(query ?? {}).map(([name, value]): [Problem['path'], unknown] => [['query', name], value]),
    ...Object.entries(incremental?.query ?? {}).map(([name, value]): [Problem['path'], unknown] => [
      ['incremental', 'query', name],
      value,
    ]),
    [['deletes', 'path'], deletes?.path],
    ...Object.entries(deletes?.query ?? {}).map(([name, value]): [Problem['path'], unknown] => [
      ['deletes', 'query', name],
      value,
    ]),
  ];
  return texts.flatMap(([at, value]) =>
    [value]
      .flat()
      .flatMap((text) => (typeof text === 'string' ? referencesIn(text) : []))
      .flatMap((reference) => {
        const isOfDeleted = at[0] === 'deletes';
        const message =
          isOfDeleted && reference.startsWith('parent.')
            ? `{${reference}} is not known: deleted records are listed once, not for each parent`
            : wrongReference(reference, parent !== undefined, cursor !== undefined);
        return message === undefined ? [] : [{ path: at, message }];
      }),
  );
}

function wrongReference(reference: string, hasParent: boolean, hasCursor: boolean): string | undefined {
  if (reference.startsWith('$')) return `write {${reference.slice(1)}}, without the $`;
  if (reference === 'since' || reference === 'until') return hasCursor ? undefined : `{${reference}} needs a cursor`;
  if (reference.startsWith('parent.')) return hasParent ? undefined : `{${reference}} needs a parent`;
  return `{${reference}} is unknown; use {since}, {until} or {parent.field}`;
}

function checkPagination(pagination: RestPagination | undefined, path: string[]): Problem[] {
  const problems = together(pagination, PAGINATION, path);
  const { type, place, header, lastRecord } = pagination ?? {};
  const told = [place, header, lastRecord].filter((one) => one !== undefined).length;
  if (type === 'cursor' && told !== 1)
    problems.push({
      path,
      message: 'expected exactly one of "place", "header" and "lastRecord", the place of the cursor',
    });
  if (type === 'next' && told !== 1)
    problems.push({ path, message: 'expected either "place" or "header", the place of the URL' });
  return problems;
}

/** Finds options that a type requires and lacks, and options that it does not use. */
function together<Type extends string, T extends { type: Type }>(
  options: T | undefined,
  table: Record<Type, { needs: (keyof T)[]; takes: (keyof T)[] }>,
  path: string[],
): Problem[] {
  if (options === undefined) return [];
  const { needs, takes } = table[options.type];
  return [
    ...needs
      .filter((name) => options[name] === undefined)
      .map((name) => ({ path: [...path, String(name)], message: `is missing: type ${options.type} requires it` })),
    ...Object.keys(options)
      .filter((name) => name !== 'type' && options[name as keyof T] !== undefined)
      .filter((name) => !needs.includes(name as keyof T) && !takes.includes(name as keyof T))
      .map((name) => ({ path: [...path, name], message: `is not used with type ${options.type}` })),
  ];
}
